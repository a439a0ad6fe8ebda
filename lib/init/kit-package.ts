import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

interface KitPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** The directory of this package: the repository, or its place in `node_modules`. */
export function kitDirectory(): string {
  return dirname(require.resolve('sagemaker-bidi-kit/package.json'));
}

function kitPackage(): KitPackage {
  return JSON.parse(readFileSync(join(kitDirectory(), 'package.json'), 'utf8')) as KitPackage;
}

/** The version of a package that this kit is tested with. */
export function pinnedVersion(packageName: string): string | undefined {
  const { dependencies, devDependencies } = kitPackage();
  return { ...devDependencies, ...dependencies }[packageName]?.replace(/^[~^]/, '');
}

/** The lowest version of a peer that this kit works with. */
export function lowestVersion(packageName: string): string | undefined {
  return kitPackage().peerDependencies[packageName]?.replace(/^\^/, '');
}

/**
 * How npm installs the same kit again: its version where it came from a registry, else the file or the directory that it came from.
 */
export function kitSpecifier(): string {
  const directory = kitDirectory();
  const { name, version } = kitPackage();
  const modules = dirname(directory);
  if (basename(modules) !== 'node_modules') return `file:${directory}`;
  const lockFile = join(modules, '.package-lock.json');
  if (!existsSync(lockFile)) return version;
  const { packages = {} } = JSON.parse(readFileSync(lockFile, 'utf8')) as {
    packages?: Record<string, { resolved?: string; link?: boolean } | undefined>;
  };
  const { resolved } = packages[`node_modules/${name}`] ?? {};
  return resolved?.startsWith('file:') ? `file:${resolve(modules, '..', resolved.slice('file:'.length))}` : version;
}

/**
 * How pip installs the constructs of the same version: from PyPI where this kit came from a registry. Where it came from a file or a
 * directory, the wheel that `npm run build:packages` made there is taken if it is there.
 */
export function constructsRequirement(): string {
  const { version } = kitPackage();
  const specifier = kitSpecifier();
  if (specifier.startsWith('file:')) {
    const source = specifier.slice('file:'.length);
    const folder = statSync(source, { throwIfNoEntry: false })?.isDirectory()
      ? join(source, 'build', 'packages')
      : dirname(source);
    const wheel = join(folder, `sagemaker_bidi_constructs-${version}-py3-none-any.whl`);
    if (existsSync(wheel)) return `sagemaker-bidi-constructs @ ${pathToFileURL(wheel)}`;
  }
  return `sagemaker-bidi-constructs==${version}`;
}
