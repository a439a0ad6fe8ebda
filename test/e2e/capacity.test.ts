import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capacityCommand } from '../../bin/commands/capacity';
import { LocalSageMaker } from '../../lib/local';
import { writeLocalState } from '../../lib/local/local-state';
import { containerEndpoint } from '../bin/support/local-models';
import { runCommand } from '../bin/support/run-command';

let local: LocalSageMaker;
let directory: string;
const environment = { ...process.env };

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'capacity-'));
  local = await LocalSageMaker.start({
    port: 0,
    tls: false,
    endpoints: [containerEndpoint('echo', 'echo', 'Echo')],
  });
  process.env.XDG_CACHE_HOME = directory;
  writeLocalState({
    url: local.url,
    region: local.region,
    credentials: local.credentials,
    endpoints: [{ name: 'echo', stack: 'Echo' }],
    processId: process.pid,
    startedAt: new Date().toISOString(),
  });
});

afterAll(async () => {
  process.env = environment;
  await local?.close();
  rmSync(directory, { recursive: true, force: true });
});

const capacity = (...words: string[]) => runCommand(capacityCommand(), words);

// A machine that runs every other test at the same time says nothing about lag: the limit is far away.
const PATIENT = ['--max-lag', '5000', '--hold', '1', '--settle', '0.2'];

test('a generator process loads the local SageMaker, and leaves result, report and picture', async () => {
  const output = join(directory, 'out');
  const { stdout, stderr, exitCode } = await capacity(
    '--local',
    '--steps',
    '2,4',
    ...PATIENT,
    '--json',
    '--output',
    output,
  );
  const result = JSON.parse(stdout) as { steps: { sessions: number; errors: object; receivedPerSecond: number }[] };
  expect(result).toMatchObject({
    endpointName: 'echo',
    place: 'this machine',
    verdict: { kind: 'not-reached', sessionsPerInstance: 4 },
  });
  expect(result.steps.map(step => [step.sessions, step.errors])).toEqual([
    [2, {}],
    [4, {}],
  ]);
  // Ten messages a second each; how many came back in the second depends on the machine.
  expect(result.steps[1]!.receivedPerSecond).toBeGreaterThan(10);
  expect(stderr).toMatch(/sessions {5}p50/);
  expect(readFileSync(join(output, 'echo.html'), 'utf8')).toContain('Capacity of echo');
  expect(JSON.parse(readFileSync(join(output, 'echo.json'), 'utf8'))).toEqual(result);
  expect(existsSync(join(output, 'echo.json'))).toBe(true);
  expect(exitCode).toBe(0);
});

test("a user's script says what a session says, in two processes", async () => {
  const script = join(directory, 'load.js');
  writeFileSync(
    script,
    `exports.load = {
      async run(session, context) {
        const answers = session[Symbol.asyncIterator]();
        for await (const dueAt of context.ticks(50)) {
          await session.send('hello');
          context.sent(5);
          const { value, done } = await answers.next();
          if (done || value !== 'hello') throw new Error('no echo');
          context.answered(dueAt, value.length);
        }
        await session.close();
      },
    };`,
  );
  const { stdout, exitCode } = await capacity(
    ...['--local', '--script', script, '--steps', '3', ...PATIENT, '--processes', '2', '--json'],
    ...['--output', join(directory, 'script')],
  );
  expect(JSON.parse(stdout)).toMatchObject({
    steps: [{ sessions: 3, errors: {}, generator: { processes: 2 } }],
    verdict: { kind: 'not-reached' },
  });
  expect(exitCode).toBe(0);
});

test('a script that cannot be loaded is explained, and nothing is left running', async () => {
  const { stderr, exitCode } = await capacity('--local', '--script', join(directory, 'nothing.js'), '--steps', '1');
  expect(stderr).toContain('nothing.js could not be loaded');
  expect(exitCode).toBe(2);
});

test('without credentials it ends before the first step', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    HOME: directory,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  });
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) delete process.env[name];
  try {
    const { stdout, stderr, exitCode } = await capacity(
      ...['--endpoint', 'prod', '--region', 'us-east-1', '--steps', '2', '--yes'],
    );
    expect(stderr).toContain('prod (us-east-1, instances unknown) will be loaded with up to 2 sessions at\nonce,');
    expect(stderr).toMatch(/credentials[\s\S]*\n {2}why: [\s\S]*\n {2}next: /);
    expect(stderr).not.toContain('p50');
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  } finally {
    process.env = before;
  }
});

test('a real endpoint is not loaded unless somebody agrees', async () => {
  process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
  process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  try {
    const { stderr, exitCode } = await capacity('--endpoint', 'prod', '--region', 'us-east-1', '--steps', '10,100');
    expect(stderr).toMatch(/will be loaded with up to 100 sessions\s+at\s+once/);
    expect(stderr).toContain('prod was not loaded.');
    expect(exitCode).toBe(2);
  } finally {
    delete process.env.AWS_ENDPOINT_URL;
  }
});

test('a recording and a script exclude each other', async () => {
  const { stderr, exitCode } = await capacity('--local', '--wav', 'a.wav', '--script', 'b.js');
  expect(stderr).toContain('--wav and --script');
  expect(exitCode).toBe(2);
});
