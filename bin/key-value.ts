import { InvalidArgumentError } from 'commander';

/** Takes `key=value`, one each time that the option is given; of a key that comes again the last value counts. For commander's `argParser`. */
export function collectSetting(pair: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [key, value] = keyAndValue(pair);
  return { ...previous, [key]: value };
}

/** Takes `key=value` like {@link collectSetting}, and keeps every value of a key. For commander's `argParser`. */
export function collectPair(
  pair: string,
  previous: Record<string, string | string[]> = {},
): Record<string, string | string[]> {
  const [key, value] = keyAndValue(pair);
  const before = previous[key];
  return { ...previous, [key]: before === undefined ? value : [before, value].flat() };
}

function keyAndValue(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It has to be key=value.');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
