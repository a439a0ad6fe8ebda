import { PATTERN_EDGES } from '../../lib/fidelity/probes/refusals';
import { streaming } from '../contract/published/published-sources';

const INPUT = streaming.input as Readonly<Record<string, { readonly max: number; readonly pattern: string }>>;

test.each(PATTERN_EDGES)('$member $what is as the published model has it', ({ member, value, isAllowed }) => {
  const { max, pattern } = INPUT[member]!;
  expect(value.length <= max && new RegExp(`^(?:${pattern})$`).test(value)).toBe(isAllowed);
});
