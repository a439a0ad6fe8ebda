/**
 * Makes every template of `bidi init` from the packed kit, as a user would, and runs what its README says: its test, the
 * synthesis and the check of its container. `npm run test:templates`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesOf, TEMPLATES, type TemplateName } from '../../lib/init';

const ROOT = join(__dirname, '..', '..');

/** Templates with a container of their own, which is checked. */
const OWN_CONTAINER: readonly TemplateName[] = ['python', 'typescript', 'gateway'];

const folder = mkdtempSync(join(tmpdir(), 'bidi-templates-'));
let failures = 0;

function run(title: string, cwd: string, command: string, ...words: string[]): boolean {
  const began = Date.now();
  const { status, stdout, stderr, error } = spawnSync(command, words, { cwd, encoding: 'utf8', timeout: 300_000 });
  const isGood = status === 0;
  console.log(`${isGood ? 'passed' : 'FAILED'}  ${title}  ${((Date.now() - began) / 1_000).toFixed(1)} s`);
  if (!isGood) {
    failures += 1;
    console.log(`${stdout}\n${stderr}\n${error ?? ''}`);
  }
  return isGood;
}

try {
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  const tarball = `./${readdirSync(folder).find(file => file.endsWith('.tgz'))!}`;
  for (const template of Object.keys(TEMPLATES) as TemplateName[]) {
    if (template === 'python' && spawnSync('python3', ['--version']).status !== 0) {
      console.log('skipped: the template python (no python3 here)');
      continue;
    }
    const name = `my-${template}`;
    const { stack } = namesOf(name);
    const project = join(folder, name);
    const made = run(
      `init ${template}`,
      folder,
      'npx',
      '--yes',
      tarball,
      'init',
      name,
      '--template',
      template,
      '--yes',
    );
    if (!made) continue;
    run(`${template}: its test streams`, project, 'npm', 'test');
    run(`${template}: cdk synth, with cdk-nag`, project, 'npx', 'cdk', 'synth', '--quiet');
    if (OWN_CONTAINER.includes(template)) {
      run(`${template}: bidi check`, project, 'npx', 'bidi', 'check', '--stack', stack);
    }
    if (template === 'typescript') {
      const words = ['synth', './container', '--name', 'speech', '--', '--quiet', '--output', 'folder.out'];
      run('the folder of a container: bidi synth, with cdk-nag', project, 'npx', 'bidi', ...words);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;
