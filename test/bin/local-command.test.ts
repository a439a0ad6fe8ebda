import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { firstCommand } from '../../bin/commands/local';

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

function start(...words: string[]): { process: ChildProcess; exited: Promise<number | null>; stderr: () => string } {
  const child = spawn(process.execPath, ['bin/bidi.js', 'local', '--app', directory, '--port', '0', ...words], {
    cwd: ROOT,
    env: { ...process.env, XDG_CACHE_HOME: join(directory, 'cache') },
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
])('%s', async (_, words, code, message) => {
  const running = start(...words);
  expect(await running.exited).toBe(code);
  expect(running.stderr()).toMatch(message);
  expect(existsSync(join(directory, 'cache/sagemaker-bidi-kit/local'))).toBe(false);
});
