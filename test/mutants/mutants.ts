/**
 * Deliberate faults, each of which the tests have to catch: `npm run test:mutants [-- --part 2/6] [WORDS OF A NAME]`.
 *
 * Each fault of mutants.json is put into a copy of the sources, and the test files that are about it are run. A fault is caught when one of
 * them fails; one that survives, and one whose text is not in its file any more, fail the run. The tests are first run without a fault,
 * so that a test that fails anyway catches nothing.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Text that stands once in the file. */
  readonly from: string;
  readonly to: string;
  /** Paths of test files, or beginnings of them. */
  readonly tests: readonly string[];
}

const REPOSITORY = join(__dirname, '..', '..');

/** Time for the tests of one fault, in milliseconds: a fault may also show by a test that never ends. */
const TIMEOUT_MS = 240_000;

let testsUnderWay: ChildProcess | undefined;

type Outcome = 'caught' | 'SURVIVED' | 'STALE' | 'UNUSABLE';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { part: { type: 'string' } }, allowPositionals: true });
  const mutants = partOf(
    (JSON.parse(readFileSync(join(__dirname, 'mutants.json'), 'utf8')) as Mutant[]).filter(({ name }) =>
      name.includes(positionals.join(' ')),
    ),
    values.part ?? '1/1',
  );
  const directory = copySources();
  // The copy goes with the process however it ends: `| head` closes the output, Ctrl+C ends it.
  process.once('exit', () => {
    if (testsUnderWay?.pid) killGroup(testsUnderWay.pid);
    rmSync(directory, { recursive: true, force: true });
  });
  process.stdout.once('error', () => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const outcomes = new Map<Outcome, number>();
  const sound = new Map<string, boolean>();
  for (const mutant of mutants) {
    const startedAt = Date.now();
    const outcome = await tryMutant(directory, mutant, sound);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    console.log(
      `${outcome.padEnd(8)}  ${mutant.name} (${mutant.file}, ${((Date.now() - startedAt) / 1_000).toFixed(0)} s)`,
    );
  }
  const counts = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  console.log(`${mutants.length} faults: ${counts}`);
  return mutants.length > 0 && outcomes.get('caught') === mutants.length ? 0 : 1;
}

/** The faults of one part of several, which may run on several machines: `2/6` is the second sixth of the list. */
function partOf(mutants: readonly Mutant[], part: string): readonly Mutant[] {
  const [, number, of] = /^(\d+)\/(\d+)$/.exec(part) ?? [];
  if (!(Number(number) >= 1 && Number(number) <= Number(of)))
    throw new Error(`--part is ${part}; it has to be like 2/6.`);
  const [start, end] = [Number(number) - 1, Number(number)].map(at => Math.round((at * mutants.length) / Number(of)));
  return mutants.slice(start, end);
}

/** The files that git knows, and those that are new, with the packages of this tree linked in. */
function copySources(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sagemaker-bidi-kit-mutants-'));
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: REPOSITORY,
  });
  for (const file of list.toString().split('\0').filter(Boolean)) {
    if (!existsSync(join(REPOSITORY, file))) continue;
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    cpSync(join(REPOSITORY, file), join(directory, file));
  }
  for (const place of ['.', 'container/echo', 'container/speech-simulator']) {
    const packages = join(REPOSITORY, place, 'node_modules');
    if (existsSync(packages)) symlinkSync(packages, join(directory, place, 'node_modules'));
  }
  return directory;
}

async function tryMutant(directory: string, mutant: Mutant, sound: Map<string, boolean>): Promise<Outcome> {
  const path = join(directory, mutant.file);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (text.split(mutant.from).length !== 2) return 'STALE';
  const key = mutant.tests.join();
  if (!sound.has(key)) sound.set(key, await passes(directory, mutant.tests));
  if (!sound.get(key)) return 'UNUSABLE';
  writeFileSync(
    path,
    text.replace(mutant.from, () => mutant.to),
  );
  try {
    return (await passes(directory, mutant.tests)) ? 'SURVIVED' : 'caught';
  } finally {
    writeFileSync(path, text);
  }
}

/** Whether the test files pass. One that does not end in time does not. */
async function passes(directory: string, tests: readonly string[]): Promise<boolean> {
  const jest = join(directory, 'node_modules', 'jest', 'bin', 'jest.js');
  // --ci: a snapshot that is missing fails instead of being written.
  const child = spawn(process.execPath, [jest, '--ci', '--silent', '--bail', '--forceExit', ...tests], {
    cwd: directory,
    stdio: 'ignore',
    detached: true,
  });
  testsUnderWay = child;
  const deadline = setTimeout(() => killGroup(child.pid!), TIMEOUT_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(deadline);
  testsUnderWay = undefined;
  return code === 0;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

main().then(
  exitCode => {
    process.exitCode = exitCode;
  },
  error => {
    console.error(error);
    process.exitCode = 1;
  },
);
