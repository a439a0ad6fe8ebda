import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import packageJson from '../../package.json';

const ROOT = resolve(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'lowest-peers-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the constructs work with the lowest versions that the package accepts', () => {
  const lowest = Object.entries(packageJson.peerDependencies).map(([name, range]) => {
    expect(range).toMatch(/^\^\d+\.\d+\.\d+$/);
    return `${name}@${range.slice(1)}`;
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const install = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...lowest], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (/E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT)/.test(install.stderr)) {
    process.stderr.write(`skipped: ${lowest.join(' and ')} (the registry cannot be reached)\n`);
    return;
  }
  expect({ status: install.status, stderr: install.stderr }).toMatchObject({ status: 0 });
  const words = ['jest', '--config', 'test/package/lowest-peers.config.js', '--ci'];
  const { status, stderr } = spawnSync('npx', words, {
    cwd: ROOT,
    env: { ...process.env, LOWEST_PEERS: folder },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  process.stderr.write(`with ${lowest.join(' and ')}: ${/^Tests:.*$/m.exec(stderr)?.[0]}\n`);
  expect({ status, failed: stderr.match(/^ {2}● (?!Console).*$/gm) ?? [] }).toEqual({ status: 0, failed: [] });
}, 900_000);
