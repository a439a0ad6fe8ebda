import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GATEWAY_OPERATIONS_PORT, GATEWAY_PORT } from '../../../lib/contract';

const DIRECTORY = resolve(__dirname, '../../../container/gateway');

const instructions = readFileSync(join(DIRECTORY, 'Dockerfile'), 'utf8')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'));

/** What stands behind an instruction. */
const after = (name: string) => instructions.find(line => line.startsWith(`${name} `))!.slice(name.length + 1);

test('its Dockerfile runs one file as a user without rights, with Node.js as process 1', () => {
  const echo = readFileSync(join(DIRECTORY, '../echo/Dockerfile'), 'utf8');
  expect(echo).toContain(instructions[0]);
  expect(after('USER')).toBe('1000:1000');
  expect(after('EXPOSE')).toBe(`${GATEWAY_PORT} ${GATEWAY_OPERATIONS_PORT}`);
  expect(instructions.filter(line => line.startsWith('RUN '))).toEqual([]);
  const [program, file] = JSON.parse(after('ENTRYPOINT')) as string[];
  expect([program, file]).toEqual(['node', after('COPY').split(' ').at(-1)]);
  const allowed = readFileSync(join(DIRECTORY, '.dockerignore'), 'utf8').match(/^!.+$/gm);
  expect(allowed).toEqual([`!${after('COPY').split(' ')[0]}`]);
});

test('the bundled file runs with the image\u2019s own words, and serves nobody without a token', () => {
  execFileSync(process.execPath, [join(DIRECTORY, 'bundle.js')]);
  const [, , ...words] = JSON.parse(after('ENTRYPOINT')) as string[];
  const run = (...more: string[]) =>
    spawnSync(process.execPath, [join(DIRECTORY, 'dist', 'gateway.js'), ...words, ...more], {
      cwd: '/',
      env: {},
      encoding: 'utf8',
    });
  const anonymous = run('--endpoint', 'speech', '--region', 'us-east-1', '--no-probe');
  expect([anonymous.status, anonymous.stderr.replace(/\s+/g, ' ')]).toEqual([
    2,
    expect.stringContaining('would listen on 0.0.0.0, beyond this machine'),
  ]);
  const byStack = run('--stack', 'DeepgramStack');
  expect([byStack.status, byStack.stderr]).toEqual([2, expect.stringContaining('takes neither --stack nor --local')]);
});
