/**
 * Makes every template of `bidi init` from the packed kit, as a user would, and runs what its README says: its test, the
 * synthesis and the check of its container. `npm run test:templates`.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesOf, TEMPLATES, type TemplateName } from '../../lib/init';

const ROOT = join(__dirname, '..', '..');

/** Templates with a container of their own, which is checked. */
const OWN_CONTAINER: readonly TemplateName[] = ['python', 'typescript'];

/** Templates at a time: most of each is waiting, for a registry or for a clock of the platform. */
const LANES = 2;

const folder = mkdtempSync(join(tmpdir(), 'bidi-templates-'));
let failures = 0;

async function run(title: string, cwd: string, command: string, ...words: string[]): Promise<boolean> {
  const began = Date.now();
  const child = spawn(command, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  const end = await new Promise(resolve => child.on('error', resolve).on('close', resolve));
  const isGood = end === 0;
  console.log(`${isGood ? 'passed' : 'FAILED'}  ${title}  ${((Date.now() - began) / 1_000).toFixed(1)} s`);
  if (!isGood) {
    failures += 1;
    console.log(`${output}\n${end instanceof Error ? end : ''}`);
  }
  return isGood;
}

async function tryTemplate(template: TemplateName, tarball: string): Promise<void> {
  const name = `my-${template}`;
  const project = join(folder, name);
  const words = ['--yes', tarball, 'init', name, '--template', template, '--yes'];
  if (!(await run(`init ${template}`, folder, 'npx', ...words))) return;
  await run(`${template}: its test streams`, project, 'npm', 'test');
  await run(`${template}: cdk synth, with cdk-nag`, project, 'npx', 'cdk', 'synth', '--quiet');
  if (OWN_CONTAINER.includes(template)) {
    await run(`${template}: bidi check`, project, 'npx', 'bidi', 'check', '--stack', namesOf(name).stack);
  }
  if (template === 'typescript') {
    const ofFolder = ['synth', './container', '--name', 'speech', '--', '--quiet', '--output', 'folder.out'];
    await run('the folder of a container: bidi synth, with cdk-nag', project, 'npx', 'bidi', ...ofFolder);
  }
}

async function main(): Promise<void> {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // npm takes ./FILE from the nearest folder above that has a package.json, and the folder of temporary files may have one.
  writeFileSync(join(folder, 'package.json'), '{}');
  const tarball = `./${readdirSync(folder).find(file => file.endsWith('.tgz'))!}`;
  const waiting = (Object.keys(TEMPLATES) as TemplateName[]).filter(template => {
    if (template !== 'python' || spawnSync('python3', ['--version']).status === 0) return true;
    console.log('skipped: the template python (no python3 here)');
    return false;
  });
  const lane = async (): Promise<void> => {
    for (let template = waiting.shift(); template; template = waiting.shift()) await tryTemplate(template, tarball);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

main()
  .catch((error: unknown) => {
    failures += 1;
    console.error(error);
  })
  .finally(() => {
    rmSync(folder, { recursive: true, force: true });
    process.exitCode = failures > 0 ? 1 : 0;
  });
