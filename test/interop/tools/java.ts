import { join } from 'node:path';
import { onPath, run } from '../processes';
import { NotAvailableError } from '../scorecard';
import { toolDirectory } from '../tool-directory';

/** Oldest Java that the programs are written for. */
const OLDEST_VERSION = 17;

/**
 * Builds a Maven project and copies its libraries.
 *
 * @param cache name of the directory that keeps what was built
 * @param mainClass the class that is run
 * @returns the command that runs it
 * @throws NotAvailableError without Java 17 and Maven, or when the libraries cannot be had
 */
export async function buildJavaProgram(
  directory: string,
  cache: string,
  mainClass: string,
): Promise<readonly [string, ...string[]]> {
  const java = onPath('java');
  const maven = onPath('mvn');
  if (!java || !maven) throw new NotAvailableError('needs Java 17 and Maven');
  const { stderr } = await run(java, ['-version'], { isPrinted: false });
  if (Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) < OLDEST_VERSION) {
    throw new NotAvailableError(`needs Java ${OLDEST_VERSION} or later`);
  }
  const target = toolDirectory(cache);
  const project = ['--quiet', '--batch-mode', `-Dinterop.target=${target}`, '--file', join(directory, 'pom.xml')];
  try {
    await run(maven, [...project, 'dependency:resolve']);
  } catch (cause) {
    throw new NotAvailableError('its libraries cannot be fetched', { cause });
  }
  await run(maven, [...project, 'package']);
  return [java, '-cp', [join(target, 'classes'), join(target, 'libraries', '*')].join(':'), mainClass];
}
