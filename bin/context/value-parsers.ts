import { Duration } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { words } from '../words';

/** A value that was not understood. The message names the values that are. */
export class NotUnderstood extends Error {}

/** Makes a typed value of a context value, or throws {@link NotUnderstood}. */
export type Parser<T> = (value: unknown) => T;

export const text: Parser<string> = value => {
  if (typeof value === 'string' && value.length > 0) return value;
  throw new NotUnderstood('must be a text');
};

export function checked(violation: (value: string) => string | undefined): Parser<string> {
  return value => {
    const found = violation(text(value));
    if (found) throw new NotUnderstood(found);
    return text(value);
  };
}

export function matching(pattern: RegExp, shape: string): Parser<string> {
  return checked(value => (pattern.test(value) ? undefined : `must be ${shape}`));
}

export function oneOf<T extends string>(allowed: readonly T[]): Parser<T> {
  return value => {
    const found = allowed.find(candidate => candidate === value);
    if (found === undefined) throw new NotUnderstood(`must be one of ${allowed.join(', ')}`);
    return found;
  };
}

/** A command: a text whose words a shell would part, or a list of them. */
export const commandWords: Parser<readonly string[]> = value =>
  Array.isArray(value) && value.length > 0 ? value.map(text) : words(text(value));

export function list<T>(item: Parser<T>, most = Number.MAX_SAFE_INTEGER): Parser<readonly T[]> {
  return value => {
    const items = Array.isArray(value)
      ? value
      : text(value)
          .split(',')
          .map(part => part.trim());
    if (items.length < 1 || items.length > most) throw new NotUnderstood(`must name 1 to ${most}, separated by commas`);
    return items.map(item);
  };
}

export const positiveInteger: Parser<number> = value => {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 1) return number;
  throw new NotUnderstood('must be a whole number of at least 1');
};

export function seconds({ min, max }: { readonly min: number; readonly max: number }): Parser<Duration> {
  return value => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max)
      return Duration.seconds(number);
    throw new NotUnderstood(`must be whole seconds from ${min} to ${max}`);
  };
}

export const positiveNumber: Parser<number> = value => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && number > 0) return number;
  throw new NotUnderstood('must be a number of more than 0');
};

export const flag: Parser<boolean> = value => {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new NotUnderstood('must be true or false');
};

export const variables: Parser<Record<string, string>> = value => {
  const shape = 'must be KEY=VALUE pairs separated by commas, or a JSON object of texts';
  let pairs: [string, unknown][];
  if (typeof value === 'string' && !value.trimStart().startsWith('{')) {
    pairs = value.split(',').map(pair => {
      const [, name, setting] = /^\s*([^=\s]+)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined) throw new NotUnderstood(`${shape}; "${pair}" is neither`);
      return [name, setting];
    });
  } else {
    try {
      pairs = Object.entries(typeof value === 'string' ? JSON.parse(value) : (value as object));
    } catch {
      throw new NotUnderstood(shape);
    }
  }
  for (const [name, setting] of pairs) {
    if (typeof setting !== 'string') throw new NotUnderstood(`${shape}; ${name} holds no text`);
  }
  return Object.fromEntries(pairs) as Record<string, string>;
};

const RETENTIONS = Object.values(RetentionDays).filter(days => typeof days === 'number');

export const retention: Parser<RetentionDays> = value => {
  const days = RETENTIONS.find(candidate => String(candidate) === String(value));
  if (days === undefined) throw new NotUnderstood(`must be one of ${RETENTIONS.join(', ')}; 9999 is for ever`);
  return days;
};
