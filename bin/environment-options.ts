import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { UsageError } from './usage-error';

/** Variables of a container. */
export type Environment = Readonly<Record<string, string>>;

/**
 * Takes `KEY=VALUE`, or `KEY` for the value that it has here, as `docker run -e` does. For commander's `argParser`.
 *
 * @throws InvalidArgumentError when it is neither, or no variable of that name is set here.
 */
export function collectVariable(text: string, previous: Environment = {}): Environment {
  const [name = '', value] = text.split(/=(.*)/s, 2);
  if (!/^[A-Za-z_]\w*$/.test(name))
    throw new InvalidArgumentError('It has to be KEY=VALUE, or KEY of this environment.');
  const used = value ?? process.env[name];
  if (used === undefined) throw new InvalidArgumentError(`No variable ${name} is set here to be passed on.`);
  return { ...previous, [name]: used };
}

/**
 * Reads a file of variables as `docker run --env-file` does: `KEY=VALUE` or `KEY` a line, values as they are; empty lines and lines that
 * begin with `#` do not count.
 *
 * @throws UsageError that names every line that is wrong.
 */
export function readEnvironmentFile(file: string): Environment {
  let environment: Environment = {};
  const faults: string[] = [];
  for (const [index, line] of readLines(file).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    try {
      environment = collectVariable(line.trimStart(), environment);
    } catch (error) {
      faults.push(`line ${index + 1}: ${(error as Error).message}`);
    }
  }
  if (faults.length === 0) return environment;
  throw new UsageError({
    what: `${file} is not a file of variables.`,
    why: faults.join(' '),
    next: 'Write KEY=VALUE on each line, or KEY for a variable of this environment.',
  });
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch (cause) {
    throw new UsageError({
      what: `${file} could not be read.`,
      why: (cause as Error).message,
      next: 'Name a file that is there.',
    });
  }
}
