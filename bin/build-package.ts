/** Builds what `npm pack` publishes, into dist/: the compiled kit, its containers with their bundles, and what `bidi demo` plays. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageContainers } from './package-containers';

const ROOT = resolve(__dirname, '..');
const DIST = join(ROOT, 'dist');
const DEMO_STACK = 'EchoBidiStack';

function run(command: string, words: readonly string[], directory = ROOT): void {
  execFileSync(command, words, { cwd: directory, stdio: 'inherit' });
}

function compile(): void {
  rmSync(DIST, { recursive: true, force: true });
  run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
}

/** The page of the inspector is plain modules: what the browser loads is what is written. */
function copyInspectorPage(): void {
  const page = join('lib', 'local', 'inspector', 'page');
  cpSync(join(ROOT, page), join(DIST, page), { recursive: true });
}

/** `bidi demo` starts from the template of the echo stack also where no CDK is installed, so it is synthesized here. */
function synthesizeDemo(): void {
  const assembly = join(DIST, 'demo');
  run(process.execPath, [join(DIST, 'bin', 'demo-app.js'), assembly]);
  for (const file of readdirSync(assembly)) {
    // The staged image context: the template names the container's own folder.
    if (file.startsWith('asset.')) rmSync(join(assembly, file), { recursive: true });
  }
  // The construct metadata holds stack traces, with paths of this machine.
  writeFileSync(join(assembly, `${DEMO_STACK}.metadata.json`), '{}');
  cpSync(join(ROOT, 'examples', 'sample.wav'), join(DIST, 'examples', 'sample.wav'));
}

compile();
copyInspectorPage();
packageContainers(join(DIST, 'container'));
synthesizeDemo();
