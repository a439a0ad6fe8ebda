import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Recorder } from '../measurement';

const ROOT = resolve(__dirname, '../..');

/** What it costs to have the kit: the packed package in an application, the repository, and the first demo. */
export async function measureInstall(recorder: Recorder, quick: boolean): Promise<void> {
  if (quick) {
    recorder.skip('install', 'quick mode');
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'bidi-bench-install-'));
  const npm = (cwd: string, ...words: string[]) =>
    execFileSync('npm', words, { cwd, stdio: 'pipe', timeout: 240_000, encoding: 'utf8' });
  try {
    const packed = npm(ROOT, 'pack', '--silent', '--pack-destination', directory).trim().split('\n').at(-1)!;
    recorder.measure('install/package', 'packed package', 'MB', 'lower', [
      lstatSync(join(directory, packed)).size / 1e6,
    ]);

    const application = join(directory, 'application');
    mkdirSync(application);
    writeFileSync(
      join(application, 'package.json'),
      JSON.stringify({ private: true, dependencies: { 'sagemaker-bidi-kit': `file:../${packed}` } }),
    );
    try {
      npm(application, 'install', '--package-lock-only', '--omit=dev', '--no-audit', '--no-fund');
      measureInstallIn(recorder, application, 'application', () =>
        npm(application, 'ci', '--omit=dev', '--no-audit', '--no-fund'),
      );
      const repository = join(directory, 'repository');
      for (const file of ['package.json', 'package-lock.json']) cpSync(join(ROOT, file), join(repository, file));
      measureInstallIn(recorder, repository, 'repository', () => npm(repository, 'ci', '--no-audit', '--no-fund'));
    } catch {
      recorder.skip('install', 'no package registry');
    }

    const startedAt = performance.now();
    npm(ROOT, 'run', 'demo');
    const seconds = recorder.measure('demo', 'npm run demo', 's', 'lower', [(performance.now() - startedAt) / 1000]);
    recorder.goal('npm run demo, once installed', 's', 'lower', seconds, 15);
  } finally {
    rmSync(directory, { recursive: true });
  }
  measureImage(recorder);
}

function measureInstallIn(recorder: Recorder, directory: string, subject: string, install: () => void): void {
  const startedAt = performance.now();
  install();
  recorder.measure('install/time', subject, 's', 'lower', [(performance.now() - startedAt) / 1000]);
  recorder.measure('install/size', subject, 'MB', 'lower', [treeBytes(join(directory, 'node_modules')) / 1e6]);
}

function treeBytes(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    bytes += entry.isDirectory() ? treeBytes(path) : lstatSync(path).size;
  }
  return bytes;
}

function measureImage(recorder: Recorder): void {
  const docker = (...words: string[]) =>
    execFileSync('docker', words, { stdio: 'pipe', timeout: 240_000, encoding: 'utf8' }).trim();
  const tag = 'bidi-bench-echo';
  try {
    docker('build', '--quiet', '--tag', tag, join(ROOT, 'container/echo'));
    const bytes = Number(docker('image', 'inspect', '--format', '{{.Size}}', tag));
    docker('image', 'rm', tag);
    recorder.measure('image/size', 'echo container', 'MB', 'lower', [bytes / 1e6]);
  } catch {
    recorder.skip('image size', 'no container engine that can build it');
  }
}
