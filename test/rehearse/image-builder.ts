import { chmodSync, cpSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { onPath, run } from '../interop/processes';
import { NotAvailableError } from '../interop/scorecard';
import { REPOSITORY } from '../interop/tool-directory';
import type { Registry } from './registry';
import { ECR_HOST } from './rehearsal-account';

/** buildah with a store of its own: builds, pushes and runs images without a daemon. */
export interface ImageBuilder {
  /** Executable that takes buildah's words. */
  readonly buildah: string;
  /** What makes the CDK CLI build and push with it. */
  readonly environment: Readonly<Record<string, string>>;
  /** File in which every word that the CDK CLI said to `docker` is kept. */
  readonly log: string;
}

/** Sets up buildah in a directory. @throws NotAvailableError where images cannot be built */
export function imageBuilder(program: string, registry: Registry, directory: string): ImageBuilder {
  if (process.getuid?.() !== 0) throw new NotAvailableError('building an image with chroot isolation needs root');
  const home = join(directory, 'buildah');
  const configuration = join(home, '.config', 'containers');
  mkdirSync(configuration, { recursive: true });
  writeFileSync(join(configuration, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
  writeFileSync(join(configuration, 'registries.conf'), 'unqualified-search-registries = []\n');
  writeFileSync(join(home, 'auth.json'), '{}');
  writeFileSync(
    join(home, 'storage.conf'),
    // vfs leaves no mounts behind.
    `[storage]\ndriver = "vfs"\ngraphroot = "${home}/graph"\nrunroot = "${home}/run"\n`,
  );
  const buildah = executable(join(home, 'buildah'), [
    `export HOME='${home}' BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs`,
    `export CONTAINERS_REGISTRIES_CONF='${configuration}/registries.conf' CONTAINERS_STORAGE_CONF='${home}/storage.conf'`,
    `export REGISTRY_AUTH_FILE='${home}/auth.json'`,
    `exec '${program}' "$@"`,
  ]);
  const docker = executable(join(home, 'docker'), [
    `exec '${process.execPath}' --require '${require.resolve('esbuild-register')}' '${join(__dirname, 'docker.ts')}' "$@"`,
  ]);
  const log = join(home, 'docker.log');
  writeFileSync(log, '');
  return {
    buildah,
    log,
    environment: {
      CDK_DOCKER: docker,
      REHEARSAL_BUILDAH: buildah,
      REHEARSAL_ECR_HOST: ECR_HOST,
      REHEARSAL_REGISTRY_HOST: registry.host,
      REHEARSAL_DOCKER_LOG: log,
    },
  };
}

/** Name under which the builder keeps an image that the CDK CLI pushed. */
export function localTag({ log }: ImageBuilder, imageUri: string): string {
  const words = [...readFileSync(log, 'utf8').matchAll(/^docker tag (\S+) (\S+)$/gm)];
  const name = words.find(([, , pushed]) => pushed === imageUri)?.[1];
  if (name === undefined) throw new Error(`The CDK CLI did not push ${imageUri}.`);
  return name;
}

/**
 * Gives the builder the base image that the containers' Dockerfiles name, made of this machine's Node.js, npm and shell: base
 * images can only be pulled where their registry can be reached.
 */
export async function makeBaseImage({ buildah }: ImageBuilder, directory: string): Promise<string> {
  const context = join(directory, 'base-image');
  const root = join(context, 'root');
  for (const place of ['usr/bin', 'usr/lib64', 'usr/lib/node_modules', 'etc', 'root']) {
    mkdirSync(join(root, place), { recursive: true });
  }
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const place of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${place}`, join(root, place));
  const programs = { node: process.execPath, sh: '/bin/sh', env: '/usr/bin/env' };
  for (const [name, program] of Object.entries(programs)) {
    cpSync(realpathSync(program), join(root, 'usr/bin', name));
    for (const [library] of (await run('ldd', [program], { isPrinted: false })).stdout.matchAll(/\/\S+/g)) {
      cpSync(realpathSync(library), join(root, library), { recursive: true });
    }
  }
  const npm = onPath('npm');
  if (!npm) throw new NotAvailableError('needs npm');
  const npmPackage = resolve(dirname(realpathSync(npm)), '..');
  cpSync(npmPackage, join(root, 'usr/lib/node_modules/npm'), { recursive: true, dereference: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/bin/npm'));
  for (const file of ['passwd', 'group']) cpSync(`/etc/${file}`, join(root, 'etc', file));
  const authorities = '/etc/ssl/certs/ca-certificates.crt';
  cpSync(authorities, join(root, authorities), { dereference: true });
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM scratch\nCOPY root /\nENV PATH=/usr/bin NODE_EXTRA_CA_CERTS=${authorities}\n`,
  );
  const name = baseImageName();
  await run(buildah, ['build', '--quiet', '--tag', name, context]);
  return name;
}

function baseImageName(): string {
  const dockerfile = readFileSync(join(REPOSITORY, 'container', 'echo', 'Dockerfile'), 'utf8');
  const name = /^ARG NODE_IMAGE=(\S+)/m.exec(dockerfile)?.[1];
  if (!name) throw new Error('container/echo/Dockerfile names no NODE_IMAGE.');
  return name;
}

function executable(file: string, lines: readonly string[]): string {
  writeFileSync(file, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(file, 0o755);
  return file;
}
