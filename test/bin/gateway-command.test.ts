import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { generate } from 'selfsigned';
import { gatewayCommand } from '../../bin/commands/gateway';
import { BIDI } from '../typescript-process';
import { runCommand } from './support/run-command';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bidi-gateway-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

afterEach(() => {
  delete process.env.BIDI_GATEWAY_TOKEN;
});

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const NAMED = ['--endpoint', 'speech', '--region', 'us-east-1', '--no-probe'];

test.each<[string, () => string[], RegExp]>([
  ['no endpoint', () => [], /Nothing is named to stream to/],
  ['routes that are no JSON', () => ['--routes', file('a.json', '[')], /is not JSON/],
  ['a list of routes that is no JSON', () => ['--routes', '[{]'], /--routes is not JSON/],
  [
    'an invalid list of routes',
    () => ['--routes', '[{"endpointName":"-"}]', '--region', 'us-east-1'],
    /Route 1 is invalid/,
  ],
  ['routes with an endpoint', () => ['--routes', file('b.json', '[]'), ...NAMED], /--routes comes with --endpoint/],
  [
    'an invalid table',
    () => ['--routes', file('c.json', '[{"endpointName":"-"}]'), '--region', 'us-east-1'],
    /Route 1 is invalid/,
  ],
  ['half of TLS', () => [...NAMED, '--tls-key', 'x'], /--tls-certificate and --tls-key/],
  ['an empty file of tokens', () => [...NAMED, '--token-file', file('tokens', '# none\n')], /holds no token/],
  [
    'another address without a token',
    () => [...NAMED, '--host', '0.0.0.0'],
    /give --token-file, or say --allow-anonymous/,
  ],
  ['a file that is not there', () => [...NAMED, '--token-file', join(directory, 'absent')], /There is no such file/],
])('%s ends with 2 and says why', async (_, words, message) => {
  const { stderr, exitCode } = await runCommand(gatewayCommand(), words());
  expect(stderr.replace(/\s+/g, ' ')).toMatch(message);
  expect(exitCode).toBe(2);
});

test('a short token from the environment is refused and not shown', async () => {
  process.env.BIDI_GATEWAY_TOKEN = 'tooshort';
  const { stderr, exitCode } = await runCommand(gatewayCommand(), NAMED);
  expect(stderr).toMatch(/fewer than 16 characters/);
  expect(stderr).not.toContain('tooshort');
  expect(exitCode).toBe(2);
});

test('speaks TLS with the given files, asks for the tokens of a file, and SIGTERM ends it with 0', async () => {
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const files = {
    '--tls-certificate': file('certificate.pem', pair.cert),
    '--tls-key': file('key.pem', pair.private),
    '--token-file': file('two', '# of the demo\na-token-of-enough-characters\n'),
  };
  const words = ['gateway', ...NAMED, '--json', '--port', '0', ...Object.entries(files).flat()];
  const child = spawn(process.execPath, [...BIDI, ...words], {
    cwd: join(__dirname, '..', '..'),
    env: { PATH: process.env.PATH, HOME: directory, XDG_CACHE_HOME: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { url } = JSON.parse(line) as { url: string };
    expect(url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+$/);
    const handshake = {
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const status = async (options: RequestOptions): Promise<number | undefined> => {
      const [response] = await once(get(url.replace('wss', 'https'), { agent: false, ...options }), 'response');
      response.resume();
      return response.statusCode;
    };
    expect(await status({ ca: pair.cert })).toBe(426);
    expect(await status({ ca: pair.cert, headers: handshake })).toBe(401);
    await expect(status({})).rejects.toThrow(/self-signed/);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await once(child, 'exit')).toEqual([0, null]);
});
