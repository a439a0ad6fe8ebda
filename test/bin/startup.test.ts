import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/** Rooms, and parts of rooms, that no help text needs. */
const HEAVY_ROOMS =
  /lib.(capacity|check|gateway|image|infra|operate|client.session|client.runtime-http2|local.(operations|hosting|service.(?!local-credentials)))\b/;

/** Prints, at the exit, every module that was loaded. */
const SPY = `
  process.argv = [process.execPath, 'bidi.js', ...process.argv.slice(1)];
  process.on('exit', () => process.stderr.write(JSON.stringify(Object.keys(require.cache))));
  require('./bin/bidi.js');`;

describe('the start of bidi', () => {
  it.each(['--help', 'transcribe --help', '--version'])('%s loads no SDK, no protocol and no CDK', words => {
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', SPY, '--', ...words.split(' ')], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(stdout).not.toBe('');
    const modules = JSON.parse(stderr) as string[];
    expect(modules.some(module => module.includes('commander'))).toBe(true);
    expect(modules.filter(module => /node_modules.(@aws-sdk|@smithy|ws|websocket|aws-cdk-lib)\b/.test(module))).toEqual(
      [],
    );
    expect(modules.filter(module => HEAVY_ROOMS.test(module))).toEqual([]);
  });
});

test('commands load a room by import(), which the compiler checks', () => {
  const files = readdirSync(join(ROOT, 'bin'), { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.ts'),
  );
  const text = (file: string) => readFileSync(join(ROOT, 'bin', file), 'utf8');
  expect(files.filter(file => /require\([^)]*\) as typeof import/.test(text(file)))).toEqual([]);
});
