import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { onPath, run } from '../processes';
import { NotAvailableError } from '../scorecard';
import { toolDirectory } from '../tool-directory';

/** Inclusive bounds on `major.minor`. */
export interface PythonVersions {
  readonly from: string;
  readonly to: string;
}

export interface PythonEnvironmentOptions {
  /**
   * Whether what a package asks for is installed too; otherwise the file names everything.
   *
   * @default true
   */
  readonly withDependencies?: boolean;
}

/** Milliseconds for the largest of the environments, vLLM's, which is several gigabytes. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/**
 * A virtual environment with the packages of a requirements file, made once and kept until the file changes.
 *
 * @returns its directory of executables
 * @throws NotAvailableError when this machine has no such Python, or the packages cannot be had
 */
export async function pythonEnvironment(
  name: string,
  versions: PythonVersions,
  requirements: string,
  { withDependencies = true }: PythonEnvironmentOptions = {},
): Promise<string> {
  const python = await findPython(versions);
  const directory = join(toolDirectory('python'), name);
  const executables = join(directory, 'bin');
  const stamp = join(directory, 'complete');
  const content = createHash('sha256').update(python).update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === content) return executables;
  rmSync(directory, { recursive: true, force: true });
  try {
    if (versions.to.startsWith('2.')) await makeLegacyEnvironment(python, directory);
    else await run(python, ['-m', 'venv', directory]);
    const install = withDependencies ? ['--requirement', requirements] : ['--no-deps', '--requirement', requirements];
    if (withDependencies) await pip(executables, install);
    else await fastPip(executables, install);
  } catch (cause) {
    throw new NotAvailableError(`its packages cannot be installed: ${(cause as Error).message.split('\n')[0]}`, {
      cause,
    });
  }
  writeFileSync(`${stamp}.new`, content);
  renameSync(`${stamp}.new`, stamp);
  return executables;
}

/** The Python that has the AWS SDK. @throws NotAvailableError without Python 3.12 to 3.14, or its packages */
export async function pythonSdk(): Promise<string> {
  const requirements = join(__dirname, '..', 'python', 'requirements.txt');
  return join(await pythonEnvironment('sdk', { from: '3.12', to: '3.14' }, requirements), 'python');
}

function pip(executables: string, words: readonly string[]): Promise<unknown> {
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...words];
  return run(join(executables, 'python'), install, { timeoutMs: INSTALL_TIMEOUT_MS });
}

/** uv downloads in parallel: one minute instead of five for the largest environment. */
async function fastPip(executables: string, words: readonly string[]): Promise<void> {
  await pip(executables, ['uv==0.13.9']);
  const install = ['-m', 'uv', 'pip', 'install', '--quiet', ...words];
  await run(join(executables, 'python'), install, { timeoutMs: INSTALL_TIMEOUT_MS });
}

/** Python 2 has no `venv`; its last virtualenv is a package like any other. */
async function makeLegacyEnvironment(python: string, directory: string): Promise<void> {
  const virtualenv = `${directory}-virtualenv`;
  await run(python, ['-m', 'pip', 'install', '--quiet', '--target', virtualenv, 'virtualenv==20.15.1']);
  await run(python, ['-m', 'virtualenv', '--quiet', directory], { env: { PYTHONPATH: virtualenv } });
  rmSync(virtualenv, { recursive: true });
}

/** PATH first, then where pyenv keeps the versions that are installed and not chosen. */
async function findPython({ from, to }: PythonVersions): Promise<string> {
  const minors = Array.from({ length: minor(to) - minor(from) + 1 }, (_, index) => minor(to) - index);
  const major = from.split('.')[0]!;
  const names = [...minors.map(version => `python${major}.${version}`), `python${major}`];
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const kept = existsSync(pyenv) ? readdirSync(pyenv).map(version => join(pyenv, version, 'bin', 'python')) : [];
  const candidates = [...names.flatMap(name => onPath(name) ?? []), ...kept.toReversed()];
  for (const candidate of candidates) {
    const probe = 'import sys; print("%d.%d" % sys.version_info[:2]); print(sys.executable)';
    const [version, executable] = await run(candidate, ['-c', probe], { isPrinted: false }).then(
      ({ stdout }) => stdout.split('\n'),
      () => [],
    );
    if (version?.startsWith(`${major}.`) && minor(version) >= minor(from) && minor(version) <= minor(to))
      return executable!;
  }
  throw new NotAvailableError(from === to ? `needs Python ${from}` : `needs Python ${from} to ${to}`);
}

function minor(version: string): number {
  return Number(version.split('.')[1]);
}
