/**
 * Installs the wheel of the constructs into a new virtual environment, synthesizes one app in Python and in TypeScript, compares their
 * templates, and runs the command line on what Python made. `npm run test:constructs`, which builds the wheel first.
 */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTAINER_METADATA_KEY } from '../../lib';
import { NotAvailableError, Scorecard } from '../interop/scorecard';

const ROOT = resolve(__dirname, '..', '..');
const STACK = 'StreamingStack';
const scorecard = new Scorecard();
const folder = mkdtempSync(join(tmpdir(), 'bidi-constructs-'));
const python = join(folder, 'venv', 'bin', 'python');
const sources = join(folder, 'sources');
const pythonAssembly = join(folder, 'python.out');
const typescriptAssembly = join(folder, 'typescript.out');

/** No credentials of this machine: `bidi preflight` is to judge the template alone. */
const ENVIRONMENT = {
  ...process.env,
  AWS_ACCESS_KEY_ID: undefined,
  AWS_PROFILE: undefined,
  AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
  AWS_CONFIG_FILE: join(folder, 'none'),
  AWS_EC2_METADATA_DISABLED: 'true',
  CDK_VALIDATION: 'false',
  ECHO_DIRECTORY: join(ROOT, 'build', 'constructs', 'container', 'echo'),
};

function run(command: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const result = spawnSync(command, words, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...ENVIRONMENT, ...environment },
    timeout: 540_000,
  });
  if (result.error) throw result.error;
  return result;
}

function succeed(command: string, words: readonly string[], environment?: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = run(command, words, environment);
  strictEqual(status, 0, `${command} ${words.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

function bidi(...words: readonly string[]) {
  return run(process.execPath, ['bin/bidi.js', ...words]);
}

function installWheel(): void {
  if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0) {
    throw new NotAvailableError('python3 with venv and pip is not installed');
  }
  const built = join(ROOT, 'build', 'constructs', 'dist', 'python');
  const wheel = readdirSync(built).find(file => file.endsWith('.whl'));
  ok(wheel, 'npm run build:constructs has made no wheel');
  succeed('python3', ['-m', 'venv', join(folder, 'venv')]);
  // PyPI gets a release of the CDK later than npm.
  const newest = `aws-cdk-lib<=${require('aws-cdk-lib/package.json').version}`;
  succeed(python, ['-m', 'pip', 'install', '--quiet', newest, join(built, wheel)]);
}

/** A copy of the sources that uses the CDK's version of the virtual environment: the two apps are to differ in their language alone. */
function copySources(): void {
  for (const path of ['lib', 'container', join('test', 'constructs')]) {
    cpSync(join(ROOT, path), join(sources, path), { recursive: true, filter: file => !file.includes('node_modules') });
  }
  writeFileSync(join(sources, 'package.json'), '{}');
  const version = 'import importlib.metadata as m; print(m.version("aws-cdk-lib"))';
  const cdk = `aws-cdk-lib@${succeed(python, ['-c', version]).trim()}`;
  const packages = [cdk, 'constructs', 'dockerfile-ast'];
  succeed('npm', ['install', '--prefix', sources, '--no-audit', '--no-fund', '--prefer-offline', ...packages]);
}

interface Template {
  readonly Resources: Record<string, { Metadata?: Record<string, { directory?: string; simulator?: object }> }>;
}

/** Where the kit's own containers lie, and so how they are started, differs between a package and this repository. */
function comparableTemplate(assembly: string): Template {
  const template: Template = JSON.parse(readFileSync(join(assembly, `${STACK}.template.json`), 'utf8'));
  for (const { Metadata } of Object.values(template.Resources)) {
    const container = Metadata?.[CONTAINER_METADATA_KEY];
    if (container?.directory) container.directory = 'in the package or the repository';
    if (container?.simulator) Object.assign(container.simulator, { directory: 'as above', command: ['as above'] });
  }
  return template;
}

async function untilReady(local: ChildProcess, file: string): Promise<void> {
  while (!existsSync(file)) {
    strictEqual(local.exitCode, null, 'bidi local has ended');
    await sleep(100);
  }
}

/** All three endpoints, with the stand-ins that the Python package brought: jsii's own copy of them is gone by now. */
async function streamThroughLocal(): Promise<void> {
  const ready = join(folder, 'ready.json');
  const words = ['bin/bidi.js', 'local', '--app', pythonAssembly, '--simulate', '--port', '0', '--ready-file', ready];
  const local = spawn(process.execPath, words, { cwd: ROOT, env: ENVIRONMENT, stdio: 'ignore' });
  try {
    await untilReady(local, ready);
    const { url, endpoints } = JSON.parse(readFileSync(ready, 'utf8'));
    deepStrictEqual(endpoints, ['echo', 'nova', 'voxtral']);
    const { stdout, stderr } = bidi('invoke', 'Hello there', '--endpoint', 'echo', '--local', url);
    strictEqual(stdout, 'Hello there\n', stderr);
  } finally {
    const ended = once(local, 'exit');
    local.kill('SIGINT');
    await ended;
  }
}

async function main(): Promise<void> {
  const isInstalled = await scorecard.check('pip installs the wheel', () => {
    installWheel();
    return true;
  });
  if (!isInstalled) return;
  await scorecard.check('an app in Python and one in TypeScript synthesize the same template', () => {
    succeed(python, ['test/constructs/app.py'], { CDK_OUTDIR: pythonAssembly });
    copySources();
    const app = join(sources, 'test', 'constructs', 'app.ts');
    succeed(process.execPath, ['--require', 'esbuild-register', app], { CDK_OUTDIR: typescriptAssembly });
    deepStrictEqual(comparableTemplate(pythonAssembly), comparableTemplate(typescriptAssembly));
  });
  await scorecard.check('what synthesis refuses, Python shows with every violation', () => {
    const program = [
      'from aws_cdk import App, Stack',
      'from sagemaker_bidi_constructs import BidiImage, BidiModel, BidiEndpoint',
      "image = BidiImage.from_registry_uri('public.ecr.aws/a/b:1')",
      "BidiEndpoint(Stack(App(), 'S'), 'E', model=BidiModel.from_image(image), instance_count=0, instance_type='large')",
    ].join('\n');
    const { status, stderr } = run(python, ['-c', program]);
    strictEqual(status, 1);
    match(stderr, /instanceCount is 0; it must be a whole number/);
    match(stderr, /"large" is not a hosting instance type/);
  });
  await scorecard.check('bidi local hosts the endpoints of the app in Python', streamThroughLocal);
  await scorecard.check('bidi preflight judges the app in Python', () => {
    const { stdout } = bidi('preflight', STACK, '--app', pythonAssembly, '--json');
    match(stdout, /execution-role-rights/);
    match(stdout, /private-access/);
  });
}

main()
  .finally(() => rmSync(folder, { recursive: true, force: true }))
  .then(
    () => {
      process.exitCode = scorecard.close();
    },
    error => {
      console.error(error);
      process.exitCode = 1;
    },
  );
