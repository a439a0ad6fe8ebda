/**
 * Containers in the stacks that people use, against `bidi check`: those that keep the contract raise no false alarm, and those that
 * break it subtly are caught, each by its own rule.
 */
import { join } from 'node:path';
import { type CheckContainerOptions, checkContainer, checkDockerfile, PROBE_HOST } from '../../../lib/check';
import { BIDIRECTIONAL_LABEL_LINE } from '../../../lib/contract';
import { ProcessEngine } from '../../../lib/local/engine/process-engine';
import type { Finding, Verdict } from '../../../lib/report/finding';
import { onPath, run } from '../processes';
import { NotAvailableError, type Scorecard } from '../scorecard';
import { toolDirectory } from '../tool-directory';
import { buildGoProgram } from '../tools/go';
import { pythonEnvironment } from '../tools/python';
import { buildRustProgram } from '../tools/rust';

/** What is not passed, by the name of the check. */
type Caught = Readonly<Record<string, Extract<Verdict, 'fail' | 'warn'>>>;

interface Stack {
  readonly title: string;
  /** Says how the container is started. @throws NotAvailableError when its language's tools cannot be had here */
  prepare(): Promise<readonly [command: string, ...words: string[]]>;
  /** Warnings that a sound container may get, because its library has it so; some of them depend on the moment. */
  readonly allowed?: readonly string[];
  /** Variants that break the contract, by the value of BROKEN, with what catches them. */
  readonly broken: Readonly<Record<string, Caught>>;
}

const HERE = __dirname;

/** Waits are short and the load is small: what is judged is the container, not this machine. */
const SCALE: Pick<CheckContainerOptions, 'clock' | 'limits' | 'load'> = {
  clock: 1_800,
  limits: { startMs: 60_000, replyMs: 2_000, stopMs: 8_000, holdMs: 500, meteringMs: 1_000 },
  load: { burst: 30, sessions: 20, busySessions: 8, slowReaderBytes: 48 * 1024 * 1024 },
};

const PYTHON = { from: '3.10', to: '3.14' };

async function python(file: string): Promise<readonly [string, ...string[]]> {
  const directory = join(HERE, 'python');
  const executables = await pythonEnvironment('containers', PYTHON, join(directory, 'requirements.txt'));
  return [join(executables, 'python'), '-B', join(directory, file)];
}

const STACKS: readonly Stack[] = [
  {
    title: 'Python, websockets',
    prepare: () => python('websockets_server.py'),
    // It drops what is queued once the close frame has come, and takes no POST.
    allowed: ['half-close', 'ping-post'],
    broken: {
      'one-session': { 'sessions-at-once': 'warn' },
      fragments: { 'fragments-in': 'fail' },
      sigterm: { sigterm: 'fail' },
    },
  },
  {
    title: 'Python, FastAPI on uvicorn',
    prepare: () => python('fastapi_server.py'),
    // uvicorn drops what is queued once the close frame has come.
    allowed: ['half-close'],
    broken: {
      'ping-body': { 'ping-get': 'warn', 'ping-post': 'warn' },
      'slow-accept': { 'accept-time': 'fail' },
      loopback: { 'listen-address': 'fail' },
    },
  },
  { title: 'Python, aiohttp', prepare: () => python('aiohttp_server.py'), broken: {} },
  {
    title: 'Go, gorilla/websocket',
    prepare: async () => [await buildGoProgram(join(HERE, 'go'), 'bidi-interop-container')],
    broken: {
      'ready-too-early': { 'ready-at-first-ping': 'fail' },
      'text-as-binary': { 'text-message': 'fail' },
      'last-message': { 'half-close': 'warn' },
      'small-messages': { 'large-message': 'warn' },
      'fixed-port': {},
    },
  },
  {
    title: 'Rust, axum',
    prepare: async () => [await buildRustProgram(join(HERE, 'rust'), 'bidi-interop-container')],
    // It cuts a connection with text that is not UTF-8, without a close frame.
    allowed: ['utf8-invalid'],
    broken: {},
  },
  { title: 'Java, Undertow', prepare: async () => buildJavaProgram(join(HERE, 'java')), broken: {} },
  {
    title: 'Node.js, ws',
    prepare: async () => [process.execPath, join(HERE, 'node', 'server.js')],
    // It answers as fast as it is asked, whether or not the answers are read: advice, and no breach.
    allowed: ['slow-reader'],
    broken: {},
  },
];

/** Dockerfiles that break the contract. */
const DOCKERFILES: Readonly<Record<string, { readonly lines: readonly string[]; readonly caught: Caught }>> = {
  'a USER line': {
    lines: ['FROM python:3.13-slim', BIDIRECTIONAL_LABEL_LINE, 'USER app', 'ENTRYPOINT ["python3", "server.py"]'],
    caught: { 'user-root': 'fail' },
  },
  'an entry point in shell form': {
    lines: ['FROM python:3.13-slim', BIDIRECTIONAL_LABEL_LINE, 'ENTRYPOINT python3 server.py'],
    caught: { 'entrypoint-exec-form': 'fail' },
  },
  'the label "True"': {
    lines: [
      'FROM python:3.13-slim',
      BIDIRECTIONAL_LABEL_LINE.replace('=true', '="True"'),
      'ENTRYPOINT ["python3", "server.py"]',
    ],
    caught: { 'streaming-label': 'fail' },
  },
};

/** Runs every container that this machine has the tools for. */
export async function checkContainers(scorecard: Scorecard): Promise<void> {
  for (const [title, { lines, caught }] of Object.entries(DOCKERFILES)) {
    await scorecard.check(`bidi check, Dockerfile: ${title} is caught`, () =>
      assertCaught(checkDockerfile(lines.join('\n'), 'Dockerfile'), caught),
    );
  }
  for (const stack of STACKS) {
    const command = await scorecard.check(`bidi check, ${stack.title}: builds`, () => stack.prepare());
    if (!command) continue;
    await scorecard.check(`bidi check, ${stack.title}: a sound container raises no false alarm`, () =>
      checkUntilCaught(command, '', {}, stack.allowed),
    );
    for (const [fault, caught] of Object.entries(stack.broken)) {
      await scorecard.check(`bidi check, ${stack.title}: ${fault} is caught by its own rule`, () =>
        checkUntilCaught(command, fault, caught, stack.allowed),
      );
    }
  }
}

/** Some rules are times, which a machine with other work may miss: what is unexpected is printed, and has to come twice to fail. */
async function checkUntilCaught(
  command: readonly string[],
  fault: string,
  expected: Caught,
  allowed: readonly string[] | undefined,
): Promise<void> {
  try {
    assertCaught(await check(command, fault), expected, allowed);
  } catch (error) {
    console.log(`checked once more: ${(error as Error).message}`);
    assertCaught(await check(command, fault), expected, allowed);
  }
}

function check(command: readonly string[], fault: string): Promise<Finding[]> {
  const engine = new ProcessEngine();
  const model = { name: 'container', directory: HERE, command: [...command], environment: { BROKEN: fault } };
  const start = () =>
    engine.start({
      model: model as unknown as Parameters<typeof engine.start>[0]['model'],
      name: 'container',
      host: PROBE_HOST,
      onLine: () => undefined,
    });
  return checkContainer({ ...SCALE, command: [...command], start });
}

/** @throws Error when what is caught is not what is expected, warnings aside that are allowed and not expected */
function assertCaught(findings: readonly Finding[], expected: Caught, allowed: readonly string[] = []): void {
  const faults = findings.filter(({ name, verdict }) => {
    const isAllowed = verdict === 'warn' && allowed.includes(name) && !(name in expected);
    return !isAllowed && (verdict === 'fail' || verdict === 'warn');
  });
  const caught = Object.fromEntries(faults.map(({ name, verdict }) => [name, verdict]));
  const same = Object.keys({ ...caught, ...expected }).every(name => caught[name] === expected[name]);
  if (same) return;
  const seen = faults.map(({ name, verdict, seen }) => `${verdict} ${name}: ${seen}`).join('\n');
  throw new Error(`expected ${JSON.stringify(expected)}, found:\n${seen}`);
}

/** @throws NotAvailableError without Java 17 and Maven, or when its libraries cannot be had */
async function buildJavaProgram(directory: string): Promise<readonly [string, ...string[]]> {
  const [java, maven] = [onPath('java'), onPath('mvn')];
  if (!java || !maven) throw new NotAvailableError('needs Java 17 and Maven');
  const target = toolDirectory('java-container');
  try {
    await run(maven, [
      '--quiet',
      '--batch-mode',
      `-Dinterop.target=${target}`,
      '--file',
      join(directory, 'pom.xml'),
      'package',
    ]);
  } catch (cause) {
    throw new NotAvailableError(`Maven cannot build it: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
  return [java, '-cp', `${join(target, 'classes')}:${join(target, 'libraries')}/*`, 'Container'];
}
