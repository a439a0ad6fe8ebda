import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { CONTAINERS } from '../container/generate';

const ROOT = resolve(__dirname, '..');

/** Puts the containers of this kit into a folder as a package holds them: with the files that their images run. */
export function packageContainers(into: string): void {
  bundleContainers(into);
  bundleGateway(into);
  copyVllm(into);
}

function run(command: string, words: readonly string[], directory = ROOT): void {
  execFileSync(command, words, { cwd: directory, stdio: 'inherit' });
}

/** Node.js runs no TypeScript below node_modules, so the package holds each container's source and what its image runs. */
function bundleContainers(into: string): void {
  for (const name of CONTAINERS) {
    const source = join(ROOT, 'container', name);
    const directory = join(into, name);
    // Files that an installation or a build left in the repository's folder belong to this machine.
    const wanted = (path: string) => !/^(node_modules|dist)(\/|$)/.test(relative(source, path));
    cpSync(source, directory, { recursive: true, filter: wanted });
    run('npm', ['run', 'build', '--silent', '--', '--log-level=warning'], directory);
  }
}

/** The gateway's image is made of the kit itself: the package holds its one file, and what builds the image of it. */
function bundleGateway(into: string): void {
  const source = join(ROOT, 'container', 'gateway');
  run(process.execPath, [join(source, 'bundle.js')]);
  for (const file of ['Dockerfile', '.dockerignore', 'README.md', 'dist/gateway.js']) {
    cpSync(join(source, file), join(into, 'gateway', file));
  }
}

/** The image of vLLM is AWS's with the streaming label: a Dockerfile is all that there is. */
function copyVllm(into: string): void {
  cpSync(join(ROOT, 'container', 'vllm'), join(into, 'vllm'), { recursive: true });
}
