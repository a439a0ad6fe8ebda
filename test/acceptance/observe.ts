import { DEPLOYMENT_ROWS } from '../../lib/fidelity';
import type { Stage } from './stage';

/** Adds to the fidelity record what a deployment has shown. */
export function observe(
  { fidelity }: Pick<Stage, 'fidelity'>,
  name: (typeof DEPLOYMENT_ROWS)[number]['name'],
  observed: string,
): void {
  const row = DEPLOYMENT_ROWS.find(candidate => candidate.name === name)!;
  const verdict = 'behaviour' in row ? 'unsettled' : observed === row.expected ? 'agrees' : 'differs';
  const behaviour = 'behaviour' in row ? { behaviour: row.behaviour } : {};
  fidelity.push({ probe: name, expected: row.expected, ...behaviour, observed, verdict });
}
