import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { firstCommand } from '../../bin/commands/local';
import { readEnvironmentFile } from '../../bin/environment-options';
import { BIDI } from '../typescript-process';

const ROOT = join(__dirname, '../..');
const SCRIPTED = join(ROOT, 'test/local/support');

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bidi-local-command-'));
  const command = [process.execPath, 'scripted-container.js'];
  writeFileSync(
    join(directory, 'manifest.json'),
    JSON.stringify({
      artifacts: {
        Echo: { type: 'aws:cloudformation:stack', properties: { templateFile: 'Echo.template.json' } },
      },
    }),
  );
  writeFileSync(
    join(directory, 'Echo.template.json'),
    JSON.stringify({
      Resources: {
        Model: {
          Type: 'AWS::SageMaker::Model',
          Properties: { ModelName: 'model', PrimaryContainer: { Image: 'x', Environment: { IGNORE_SIGTERM: '1' } } },
          Metadata: { 'sagemaker-bidi-kit:container': { directory: SCRIPTED, command } },
        },
        Config: {
          Type: 'AWS::SageMaker::EndpointConfig',
          Properties: {
            EndpointConfigName: 'config',
            ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'model' }],
          },
        },
        Endpoint: {
          Type: 'AWS::SageMaker::Endpoint',
          Properties: { EndpointName: 'echo', EndpointConfigName: 'config' },
        },
      },
    }),
  );
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

interface Running {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly stderr: () => string;
}

function start(...words: string[]): Running {
  return run([...BIDI, 'local', '--app', directory, '--port', '0', ...words]);
}

function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    env: { ...process.env, npm_execpath: undefined, XDG_CACHE_HOME: join(directory, 'cache'), ...environment },
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  return { process: child, exited: new Promise(resolve => child.once('close', resolve)), stderr: () => stderr };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise(resolve => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

test('tells where it is, leaves the state file, and a second Ctrl-C does not wait for a stubborn container', async () => {
  const running = start('--json');
  const events: Record<string, unknown>[] = [];
  for await (const line of createInterface(running.process.stdout!)) {
    events.push(JSON.parse(line) as Record<string, unknown>);
    if (events.at(-1)!.type === 'ready') break;
  }
  const ready = events.at(-1)!;
  expect(ready).toMatchObject({
    url: expect.stringMatching(/^https:\/\/localhost:\d+$/),
    endpoints: ['echo'],
    environment: { AWS_REGION: 'us-east-1' },
  });
  const containerPort = Number(events.find(({ type }) => type === 'container-in-service')!.port);
  const states = join(directory, 'cache/sagemaker-bidi-kit/local');
  const [state] = readdirSync(states);
  expect(JSON.parse(readFileSync(join(states, state!), 'utf8'))).toMatchObject({
    url: ready.url,
    endpoints: [{ name: 'echo', stack: 'Echo' }],
    processId: running.process.pid,
  });

  running.process.kill('SIGINT');
  while (!running.stderr().includes('Stopping')) await new Promise(resolve => setTimeout(resolve, 10));
  running.process.kill('SIGINT');
  expect(await running.exited).toBe(130);
  expect(readdirSync(states)).toEqual([]);
  expect(await isFree(containerPort)).toBe(true);
  expect(await isFree(Number(new URL(String(ready.url)).port))).toBe(true);
});

test('prints the variables and a command to try, for people', async () => {
  const running = start('--no-tls', '--fault', 'throttling/4', '--clock', '60x');
  let stdout = '';
  for await (const piece of running.process.stdout!) {
    stdout += String(piece);
    if (stdout.includes('Ctrl-C stops it.')) break;
  }
  running.process.kill('SIGTERM');
  expect(stdout).toMatch(/^Local SageMaker at http:\/\/localhost:\d+$/m);
  expect(stdout).toMatch(/^ {2}echo {2}AllTraffic x 1 {2}\(Echo\)$/m);
  expect(stdout).toMatch(/^ {2}export AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2=http:\/\/localhost:\d+$/m);
  expect(stdout).toContain('npx bidi invoke "I need help with" --local');
  expect(running.stderr()).toContain('echo/AllTraffic/0 | container is ready');
  expect(await running.exited).toBe(130);
});

test('what to try at once is a command that the model answers', () => {
  const command = (directory: string) =>
    firstCommand({ variants: [{ name: 'AllTraffic', model: { name: 'model', environment: {}, directory } }] });
  expect(command('/kit/container/speech-simulator')).toBe('npx bidi transcribe examples/sample.wav');
  expect(command('/kit/container/echo')).toBe('npx bidi invoke "I need help with"');
});

test.each([
  ['a fault that is none', ['--fault', 'meteor'], 2, /no\s+fault that can be injected/],
  ['a clock that is none', ['--clock', 'fast'], 2, /number\s+of times real time/],
  ['a stack that is not there', ['Nobody'], 2, /has no stack Nobody/],
  ['a stand-in’s behaviour without one', ['--behaviour', 'control-message-type=sniffed'], 2, /needs --simulate/],
])('%s', async (_, words, code, message) => {
  const running = start(...words);
  expect(await running.exited).toBe(code);
  expect(running.stderr()).toMatch(message);
  expect(existsSync(join(directory, 'cache/sagemaker-bidi-kit/local'))).toBe(false);
});

/** Waits for the file that says that everything is in service. */
async function ready(file: string): Promise<{ url: string; environment: Record<string, string>; unset: string[] }> {
  while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 20));
  return JSON.parse(readFileSync(file, 'utf8')) as Awaited<ReturnType<typeof ready>>;
}

describe('a folder without a CDK app', () => {
  test('runs by a command, with variables of the options, of a file and of this shell', async () => {
    const readyFile = join(directory, 'ready.json');
    const environmentFile = join(directory, 'env');
    writeFileSync(environmentFile, '# models\nSIZE=large # of two\nOVERRIDDEN=file\n\nHF_TOKEN\n');
    const words = ['-e', 'OVERRIDDEN=option', '--env-file', environmentFile, '--ready-file', readyFile, '--no-tls'];
    const command = `"${process.execPath}" scripted-container.js`;
    const running = run([...BIDI, 'local', './test/local/support', '--command', command, '--port', '0', ...words], {
      HF_TOKEN: 'hf_secret',
      OTHER: 'not asked for',
    });
    const { environment, unset } = await ready(readyFile);
    expect(statSync(readyFile).mode & 0o777).toBe(0o600);
    expect(unset).toEqual(['AWS_SESSION_TOKEN']);
    const invoked = run([...BIDI, 'invoke', 'x', '--local', '--query', 'act=environment'], environment);
    let answer = '';
    invoked.process.stdout!.on('data', piece => {
      answer += String(piece);
    });
    expect({ code: await invoked.exited, stderr: invoked.stderr() }).toMatchObject({ code: 0 });
    const seen = JSON.parse(answer) as Record<string, string>;
    expect(seen).toMatchObject({ SIZE: 'large # of two', OVERRIDDEN: 'option', HF_TOKEN: 'hf_secret' });
    expect(seen).not.toHaveProperty('OTHER');
    running.process.kill('SIGINT');
    expect(await running.exited).toBe(130);
    expect(existsSync(readyFile)).toBe(false);
  });

  test.each([
    ['a folder that is not there', ['./nowhere'], /There is no folder \.\/nowhere/],
    ['a folder beside a stack', ['./test', 'Echo'], /Folders and stacks are named together/],
    ['a variable that is not set here', ['./test', '-e', 'NOT_SET_HERE'], /No\s+variable NOT_SET_HERE/],
    ['a file that holds none', ['./test', '--env-file', 'package.json'], /line 1: It has to be KEY=VALUE/],
  ])('%s', async (_, words, message) => {
    const running = run([...BIDI, 'local', ...words]);
    expect(await running.exited).toBe(2);
    expect(running.stderr()).toMatch(message);
  });
});

test('a file of variables that is not there', () => {
  // Not through a process: Node.js 20 takes --env-file behind a program's name for its own, and ends before the program runs.
  expect(() => readEnvironmentFile('nowhere.env')).toThrow('nowhere.env could not be read');
});

test('a cache directory that cannot be written costs two warnings, and the streams are served', async () => {
  const readyFile = join(directory, 'ready.json');
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const running = run([...BIDI, 'local', '--app', directory, '--port', '0', '--ready-file', readyFile], {
    XDG_CACHE_HOME: file,
  });
  const { environment } = await ready(readyFile);
  expect(existsSync(environment.NODE_EXTRA_CA_CERTS!)).toBe(true);
  expect(running.stderr()).toMatch(/warning: The certificate is kept in/);
  expect(running.stderr()).toMatch(/warning: Other commands will not find this one with --local: ENOTDIR/);
  running.process.kill('SIGINT');
  running.process.kill('SIGINT');
  expect(await running.exited).toBe(130);
});

test('ends with the npx that started it, through the shell between them', async () => {
  const readyFile = join(directory, 'ready.json');
  const command = `"${process.execPath}" bin/bidi.js local --app "${directory}" --port 0 --ready-file "${readyFile}"; true`;
  const launcher = run(
    [
      '-e',
      `child_process.spawn('sh', ['-c', ${JSON.stringify(command)}], { stdio: 'ignore' }); setInterval(() => {}, 1000)`,
    ],
    { npm_execpath: '/usr/lib/npm' },
  );
  const { url } = await ready(readyFile);
  launcher.process.kill('SIGKILL'); // which no program can hand on
  const { port } = new URL(url);
  while (existsSync(readyFile) || !(await isFree(Number(port)))) await new Promise(resolve => setTimeout(resolve, 50));
});

test('says who holds the port of the platform, and which other is used', async () => {
  const holder = createServer();
  const isHeld = await new Promise(resolve => {
    holder.once('error', () => resolve(false)); // another program does
    holder.listen(8443, '127.0.0.1', () => resolve(true));
  });
  const running = run([...BIDI, 'local', '--app', directory, '--no-tls']);
  while (!/warning: .*\n/.test(running.stderr())) await new Promise(resolve => setTimeout(resolve, 20));
  const expected = isHeld && process.platform === 'linux' ? `by .+ \\(process ${process.pid}\\)` : '';
  expect(running.stderr()).toMatch(new RegExp(`Port 8443 is taken.*${expected}; port \\d+ is used instead`));
  running.process.kill('SIGINT');
  running.process.kill('SIGINT');
  await running.exited;
  if (isHeld) await new Promise(resolve => holder.close(resolve));
});
