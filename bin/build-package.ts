/** Builds what `npm pack` publishes, into dist/: the compiled kit, its containers with their bundles, and what `bidi demo` plays. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { CONTAINERS } from '../container/generate';

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

/** Node.js runs no TypeScript below node_modules, so the package holds each container's source and what its image runs. */
function bundleContainers(): void {
  for (const name of CONTAINERS) {
    const source = join(ROOT, 'container', name);
    const directory = join(DIST, 'container', name);
    // Files that an installation or a build left in the repository's folder belong to this machine.
    const wanted = (path: string) => !/^(node_modules|dist)(\/|$)/.test(relative(source, path));
    cpSync(source, directory, { recursive: true, filter: wanted });
    run('npm', ['run', 'build', '--silent', '--', '--log-level=warning'], directory);
  }
}

/** The gateway's image is made of the kit itself: the package holds its one file, and what builds the image of it. */
function bundleGateway(): void {
  const source = join(ROOT, 'container', 'gateway');
  run(process.execPath, [join(source, 'bundle.js')]);
  for (const file of ['Dockerfile', '.dockerignore', 'README.md', 'dist/gateway.js']) {
    cpSync(join(source, file), join(DIST, 'container', 'gateway', file));
  }
}

/** The image of vLLM is AWS's with the streaming label: a Dockerfile is all that there is. */
function copyVllm(): void {
  cpSync(join(ROOT, 'container', 'vllm'), join(DIST, 'container', 'vllm'), { recursive: true });
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
bundleContainers();
bundleGateway();
copyVllm();
synthesizeDemo();
