import type { ContextValues } from './context-keys';

/** Values that a message proposes where one of scaling is missing. */
const SCALING_EXAMPLE = { maxCapacity: 4, targetConcurrency: 30 } as const;

/** The violations in the scaling of the stacks, each once where it is the same for all. */
export function scalingViolations(
  stackIds: readonly string[],
  given: ReadonlySet<string>,
  valuesOf: (stackId: string) => ContextValues,
): string[] {
  const violationsOf = (id: string, prefix: string) => {
    const path = (key: string) => [`${id}:${key}`, key].find(candidate => given.has(candidate));
    return scalingViolationsOf(valuesOf(id), path, prefix);
  };
  const [first, ...others] = stackIds.map(id => violationsOf(id, '').join());
  if (others.every(other => other === first)) return stackIds.slice(0, 1).flatMap(id => violationsOf(id, ''));
  return [...new Set(stackIds.flatMap(id => violationsOf(id, `${id}:`)))];
}

/**
 * The violations in the scaling of one stack. A key whose value was not understood counts as given.
 *
 * @param pathOf the key as it was given, with or without the stack's name, or `undefined`.
 * @param prefix before the keys that the violation proposes.
 */
function scalingViolationsOf(
  { minCapacity, maxCapacity, targetConcurrency }: ContextValues,
  pathOf: (key: string) => string | undefined,
  prefix: string,
): string[] {
  const present = ['minCapacity', 'maxCapacity', 'targetConcurrency', 'scalingPaused'].flatMap(
    key => pathOf(key) ?? [],
  );
  const missing = ['maxCapacity', 'targetConcurrency'].filter(key => pathOf(key) === undefined);
  const violations: string[] = [];
  if (present.length > 0 && missing.length > 0) {
    const names = missing.map(key => prefix + key);
    const capacity = maxCapacity ?? Math.max(minCapacity ?? 1, SCALING_EXAMPLE.maxCapacity);
    const target = targetConcurrency ?? SCALING_EXAMPLE.targetConcurrency;
    violations.push(
      `${present.join(' and ')} ${present.length > 1 ? 'are' : 'is'} given and ${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} not: ` +
        `give both, such as -c ${prefix}maxCapacity=${capacity} -c ${prefix}targetConcurrency=${target}.`,
    );
  }
  if (minCapacity !== undefined && maxCapacity !== undefined && maxCapacity < minCapacity) {
    violations.push(
      `${pathOf('maxCapacity')} is ${maxCapacity} and ${pathOf('minCapacity')} ${minCapacity}; it must not be less.`,
    );
  }
  return violations;
}
