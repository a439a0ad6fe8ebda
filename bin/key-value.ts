import { InvalidArgumentError } from 'commander';

/** A parser of an option that may be given more than once: shell completion goes on offering it. */
export interface Repeatable {
  readonly isRepeatable: true;
}

/** Marks a parser that adds to what it took before. */
export function repeatable<Parser extends object>(parser: Parser): Parser & Repeatable {
  return Object.assign(parser, { isRepeatable: true } as const);
}

/** Takes `key=value`, one each time that the option is given; of a key that comes again the last value counts. For commander's `argParser`. */
export const collectSetting = repeatable(
  (pair: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> => {
    const [key, value] = keyAndValue(pair);
    return { ...previous, [key]: value };
  },
);

/** Takes `key=value` like {@link collectSetting}, and keeps every value of a key. For commander's `argParser`. */
export const collectPair = repeatable(
  (pair: string, previous: Record<string, string | string[]> = {}): Record<string, string | string[]> => {
    const [key, value] = keyAndValue(pair);
    const before = previous[key];
    return { ...previous, [key]: before === undefined ? value : [before, value].flat() };
  },
);

function keyAndValue(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It has to be key=value.');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
