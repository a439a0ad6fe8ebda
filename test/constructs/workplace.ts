import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onPath, run } from '../interop/processes';
import { NotAvailableError } from '../interop/scorecard';

/** The source tree. */
export const ROOT = resolve(__dirname, '..', '..');

/** What `npm run build:packages` has made. */
const PACKAGES = join(ROOT, 'build', 'packages');

/** A folder for this run alone. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'bidi-constructs-'));
process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));

/** An app in TypeScript that has the constructs' package alone, beside the CDK. */
export const CONSUMER = join(FOLDER, 'consumer');

/** The Python that has the wheel. */
export const PYTHON = join(FOLDER, 'venv', 'bin', 'python');

/** No credentials of this machine: what asks AWS asks nothing, or the fake. */
export const NO_AWS: NodeJS.ProcessEnv = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_PROFILE: undefined,
  AWS_SHARED_CREDENTIALS_FILE: join(FOLDER, 'none'),
  AWS_CONFIG_FILE: join(FOLDER, 'none'),
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** For an app: the template is the same without its validation, and every app takes the same container. */
export const APP_ENVIRONMENT: NodeJS.ProcessEnv = {
  ...NO_AWS,
  CDK_VALIDATION: 'false',
  ECHO_DIRECTORY: join(ROOT, 'build', 'constructs', 'container', 'echo'),
};

/** @throws Error when `npm run build:packages` has not made it */
export function builtPackage(pattern: RegExp): string {
  const file = existsSync(PACKAGES) ? readdirSync(PACKAGES).find(name => pattern.test(name)) : undefined;
  if (file) return join(PACKAGES, file);
  throw new Error(`npm run build:packages has made nothing that is called ${pattern}.`);
}

/** @throws NotAvailableError without Python */
export async function installWheel(): Promise<void> {
  const python = onPath('python3');
  const hasVenv = python && (await run(python, ['-c', 'import venv, ensurepip'], { exitCodes: [0, 1] })).exitCode === 0;
  if (!hasVenv) throw new NotAvailableError('python3 with venv and pip is not installed');
  await run(python, ['-m', 'venv', join(FOLDER, 'venv')]);
  // PyPI gets a release of the CDK later than npm.
  const newest = `aws-cdk-lib<=${require('aws-cdk-lib/package.json').version}`;
  await run(PYTHON, ['-m', 'pip', 'install', '--quiet', newest, builtPackage(/\.whl$/)]);
}

/** Installs the constructs' package with the CDK's version of the virtual environment: the apps are to differ in language alone. */
export async function installConsumer(): Promise<void> {
  const script = 'import importlib.metadata as m; print(m.version("aws-cdk-lib"))';
  const version = (await run(PYTHON, ['-c', script])).stdout.trim();
  const packages = [builtPackage(/constructs.*\.tgz$/), `aws-cdk-lib@${version}`, 'constructs'];
  await run('npm', ['install', '--prefix', CONSUMER, '--no-audit', '--no-fund', '--prefer-offline', ...packages]);
  writeFileSync(join(CONSUMER, 'package.json'), '{}');
}

/** Runs a program in TypeScript. */
export function runTypescript(file: string, words: readonly string[], environment: NodeJS.ProcessEnv) {
  return run(process.execPath, ['--require', require.resolve('esbuild-register'), file, ...words], {
    env: environment,
  });
}

/** Runs the command line of this source tree. */
export function bidi(words: readonly string[], environment: NodeJS.ProcessEnv = {}, exitCodes = [0]) {
  const env = { ...NO_AWS, ...environment };
  return run(process.execPath, [join(ROOT, 'bin', 'bidi.js'), ...words], { env, exitCodes });
}
