import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let project: string;
let packed: Packed;

function run(command: string, words: readonly string[], cwd: string): string {
  return execFileSync(command, words, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Runs a program in the empty project, as a user's own file. */
function program(source: string): string {
  return run(process.execPath, ['-e', source], project).trim();
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bidi-package-'));
  project = join(folder, 'project');
  mkdirSync(project);
  run('npm', ['run', 'build', '--silent'], ROOT);
  packed = (
    JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], ROOT)) as Packed[]
  )[0]!;
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  run(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      join(folder, packed.filename),
      'aws-cdk-lib',
      'constructs',
    ],
    project,
  );
  const installed = run('du', ['-sk', 'node_modules'], project).split('\t')[0];
  process.stderr.write(
    `package: ${Math.round(packed.size / 1024)} KiB packed, ${Math.round(packed.unpackedSize / 1024)} KiB unpacked; ` +
      `with its dependencies and the CDK ${Math.round(Number(installed) / 1024)} MiB installed\n`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('holds what users need and nothing else', () => {
  const strangers = packed.files
    .map(file => file.path)
    .filter(
      path =>
        !/^(dist\/(bin|lib|container)\/.+|bin\/bidi\.js|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path),
    );
  expect(strangers).toEqual([]);
  const paths = packed.files.map(file => file.path);
  for (const needed of [
    'dist/lib/index.d.ts',
    'dist/lib/client/index.d.ts',
    'dist/lib/local/index.d.ts',
    'dist/container/echo/Dockerfile',
    'dist/container/speech-simulator/Dockerfile',
    'LICENSE',
  ]) {
    expect(paths).toContain(needed);
  }
  expect(paths.filter(path => path.includes('node_modules'))).toEqual([]);
});

test('the constructs synthesize', () => {
  const template = program(`
    const { App } = require('aws-cdk-lib');
    const { EchoBidiStack } = require('sagemaker-bidi-kit');
    const app = new App();
    new EchoBidiStack(app, 'EchoBidiStack');
    const { template } = app.synth().getStackByName('EchoBidiStack');
    console.log(Object.values(template.Resources).map(resource => resource.Type).join(' '));
  `);
  expect(template).toContain('AWS::SageMaker::Model AWS::SageMaker::EndpointConfig AWS::SageMaker::Endpoint');
});

test('the client loads without the CDK', () => {
  const loaded = program(`
    const { BidiSession, SageMakerRuntimeHTTP2Client } = require('sagemaker-bidi-kit/client');
    const cdk = Object.keys(require.cache).filter(file => /aws-cdk-lib|constructs/.test(file));
    console.log(typeof BidiSession.open, typeof SageMakerRuntimeHTTP2Client, cdk.length);
  `);
  expect(loaded).toBe('function function 0');
});

test('the local SageMaker loads without the CDK', () => {
  const loaded = program(`
    const { LocalSageMaker } = require('sagemaker-bidi-kit/local');
    const cdk = Object.keys(require.cache).filter(file => /aws-cdk-lib|constructs/.test(file));
    console.log(typeof LocalSageMaker.start, cdk.length);
  `);
  expect(loaded).toBe('function 0');
});

test('the published types compile in strict mode', () => {
  writeFileSync(
    join(project, 'app.ts'),
    `import { App } from 'aws-cdk-lib';
     import { EchoBidiStack } from 'sagemaker-bidi-kit';
     import { BidiSession } from 'sagemaker-bidi-kit/client';
     import { LocalSageMaker } from 'sagemaker-bidi-kit/local';
     new EchoBidiStack(new App(), 'Echo');
     export const open: typeof BidiSession.open = BidiSession.open;
     export const start: typeof LocalSageMaker.start = LocalSageMaker.start;`,
  );
  run(
    process.execPath,
    [
      require.resolve('typescript/bin/tsc'),
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'node16',
      '--target',
      'es2022',
      '--lib',
      'es2023,esnext.disposable',
      '--typeRoots',
      join(ROOT, 'node_modules/@types'),
      '--types',
      'node',
      'app.ts',
    ],
    project,
  );
});

test('the command line runs', () => {
  expect(run('npx', ['--no-install', 'bidi', '--version'], project).trim()).toBe(require('../../package.json').version);
  expect(run('npx', ['--no-install', 'bidi', '--help'], project)).toContain('local');
});
