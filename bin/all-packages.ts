/**
 * Builds everything that a release publishes into build/packages: this kit and the constructs for npm, and the constructs' wheel for
 * PyPI. `npm run build:packages`.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');
const PACKAGES = join(ROOT, 'build', 'packages');
const CONSTRUCTS = join(ROOT, 'build', 'constructs', 'dist');

function npm(...words: readonly string[]): void {
  execFileSync('npm', words, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' });
}

rmSync(PACKAGES, { recursive: true, force: true });
mkdirSync(PACKAGES, { recursive: true });
npm('pack', '--silent', '--pack-destination', PACKAGES);
npm('run', '--silent', 'build:constructs');
for (const language of ['js', 'python']) {
  const built = join(CONSTRUCTS, language);
  // Without Python there is no wheel, which build:constructs has said.
  if (existsSync(built)) cpSync(built, PACKAGES, { recursive: true });
}
for (const file of readdirSync(PACKAGES)) {
  console.log(`${file}  ${Math.ceil(statSync(join(PACKAGES, file)).size / 1024)} KiB`);
}
