import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCommand } from '../../bin/commands/check';
import { BIDIRECTIONAL_LABEL_LINE } from '../../lib/contract';
import { runCommand } from './support/run-command';

const SOUND = `${process.execPath} ${join(__dirname, '..', 'check', 'broken', 'sound.js')}`;
const DOCKERFILE = ['FROM node:24', BIDIRECTIONAL_LABEL_LINE, 'ENTRYPOINT ["node", "server.js"]'];

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bidi-check-'));
  writeFileSync(join(directory, 'Dockerfile'), DOCKERFILE.join('\n'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const check = (...words: string[]) => runCommand(checkCommand(), words);

test('a sound container passes, in every form of report', async () => {
  const junit = join(directory, 'check.xml');
  const sarif = join(directory, 'check.sarif');
  const words = ['--command', SOUND, '--clock', '3600x', '--json', '--junit', junit, '--sarif', sarif];
  const { stdout, exitCode } = await check(directory, ...words);
  const report = JSON.parse(stdout);
  expect(report.findings.filter(({ verdict }: { verdict: string }) => verdict === 'fail')).toEqual([]);
  expect(report.counts.pass).toBeGreaterThan(35);
  expect(exitCode).toBe(0);
  expect(readFileSync(junit, 'utf8')).toContain(`tests="${report.findings.length}" failures="0"`);
  expect(JSON.parse(readFileSync(sarif, 'utf8')).runs[0].results).toHaveLength(report.findings.length);
});

test('a fault of the Dockerfile ends with 1, and is told with its line', async () => {
  writeFileSync(join(directory, 'Dockerfile'), [...DOCKERFILE, 'USER app'].join('\n'));
  const { stdout, exitCode } = await check(directory, '--no-live');
  expect(stdout).toMatch(/^FAIL {2}user-root +the user is "app"$/m);
  expect(exitCode).toBe(1);
  expect(JSON.parse((await check(directory, '--no-live', '--json')).stdout).findings).toContainEqual(
    expect.objectContaining({ name: 'user-root', location: { file: join(directory, 'Dockerfile'), line: 4 } }),
  );
});

test('what decides about the Dockerfile is passed on', async () => {
  writeFileSync(
    join(directory, 'Other'),
    [
      'ARG ON=false',
      'FROM a AS one',
      `LABEL x=y`,
      'FROM a AS two',
      'ARG ON',
      BIDIRECTIONAL_LABEL_LINE.replace('true', '$ON'),
      'ENTRYPOINT ["a"]',
      'FROM a',
    ].join('\n'),
  );
  const { exitCode } = await check(
    directory,
    '--no-live',
    '--file',
    'Other',
    '--target',
    'two',
    '--build-arg',
    'ON=true',
  );
  expect(exitCode).toBe(0);
});

test('advice that is broken ends with 0, and with 1 where the run is strict', async () => {
  writeFileSync(join(directory, 'Dockerfile'), [...DOCKERFILE, 'EXPOSE 9000'].join('\n'));
  const { stdout, exitCode } = await check(directory, '--no-live');
  expect(stdout).toMatch(/^WARN {2}port-exposed/m);
  expect(exitCode).toBe(0);
  const strict = await check(directory, '--no-live', '--strict');
  expect(strict.stdout).toMatch(/^FAIL {2}port-exposed/m);
  expect(strict.exitCode).toBe(1);
});

test('a container that is not there ends with 1', async () => {
  const { stdout, exitCode } = await check('--url', 'ws://127.0.0.1:9');
  expect(stdout).toMatch(/^FAIL {2}ping-get +GET \/ping failed: ECONNREFUSED/m);
  expect(exitCode).toBe(1);
});

test.each<[string, string[], RegExp]>([
  ['nothing', [], /Nothing is named to check/],
  ['too much', ['a', '--url', 'ws://b'], /2 things are named to check: a, ws:\/\/b/],
  ['a path that is not there', ['./absent'], /There is no \.\/absent/],
  ['a URL that is none', ['--url', 'http://127.0.0.1:8080'], /no URL of a WebSocket/],
  ['an exchange that is not there', ['--url', 'ws://127.0.0.1:9', '--exchange', './absent.json'], /ENOENT/],
])('%s ends with 2 and says why', async (_name, words, said) => {
  const { stdout, stderr, exitCode } = await check(...words);
  expect(stderr).toMatch(said);
  expect(stderr).toMatch(/^ {2}next: /m);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
});

test('an entry without value is refused by its name, and the word after an entry is no entry', async () => {
  for (const option of ['--env', '--build-arg', '--context']) {
    await expect(check('container/echo', option, 'A')).rejects.toThrow(
      /argument 'A' is invalid\. It has to be key=value/,
    );
  }
  const { stderr, exitCode } = await check('--env', 'A=1', '--build-arg', 'B=2', '-c', 'c=3', '-c', 'd=4', './absent');
  expect(stderr).toContain('There is no ./absent');
  expect(exitCode).toBe(2);
});

test('a command that does not run ends with 2', async () => {
  const { stderr, exitCode } = await check(directory, '--command', '/absent/python server.py');
  expect(stderr).toMatch(/\/absent\/python does not run \(ENOENT\)/);
  expect(exitCode).toBe(2);
});

test.each([
  [['--clock', 'fast'], /above 0/],
  [['--path', '/v1'], /leading slash/],
  [['--query', '?a=b'], /without a leading/],
])('%j is refused before anything runs', async (words, said) => {
  await expect(check(directory, ...words)).rejects.toThrow(said);
});
