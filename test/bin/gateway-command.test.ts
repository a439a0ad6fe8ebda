import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gatewayCommand } from '../../bin/commands/gateway';
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
