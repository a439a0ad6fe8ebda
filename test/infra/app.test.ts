import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { TYPESCRIPT } from '../typescript-process';
import { PACKAGE_ARN } from './synthesis';

const ROOT = path.join(__dirname, '..', '..');
const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'app-'));
afterAll(() => fs.rmSync(outdir, { recursive: true }));

/** Runs a program of this repository the way cdk.json does. */
function run(args: readonly string[], context: Record<string, unknown> = {}) {
  const env = {
    ...process.env,
    CDK_OUTDIR: outdir,
    CDK_CONTEXT_JSON: JSON.stringify(context),
    CDK_VALIDATION: 'false',
  };
  return spawnSync(process.execPath, [...TYPESCRIPT, ...args], { cwd: ROOT, env, encoding: 'utf8' });
}

function artifactOf(stackId: string) {
  const { artifacts } = JSON.parse(fs.readFileSync(path.join(outdir, 'manifest.json'), 'utf8'));
  return artifacts[stackId];
}

function errorsOf(stackId: string): string[] {
  const { metadata, additionalMetadataFile } = artifactOf(stackId);
  const all = metadata ?? JSON.parse(fs.readFileSync(path.join(outdir, additionalMetadataFile), 'utf8'));
  return (Object.values(all) as { type: string; data: string }[][])
    .flat()
    .filter(({ type }) => type === 'aws:cdk:error')
    .map(({ data }) => data);
}

function resourcesOf(stackId: string): string[] {
  const { Resources = {} } = JSON.parse(fs.readFileSync(path.join(outdir, `${stackId}.template.json`), 'utf8'));
  return Object.values<{ Type: string }>(Resources).map(({ Type }) => Type);
}

test('without a model package every stack synthesizes, so that a bare cdk synth ends with 0', () => {
  const { status, stderr } = run(['bin/app.ts'], { nagPacks: 'none' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  for (const stackId of ['EchoBidiStack', 'DeepgramStack', 'ModelPackageStack', 'VllmStack']) {
    expect(errorsOf(stackId)).toEqual([]);
    expect(resourcesOf(stackId)).toContain('AWS::SageMaker::Endpoint');
  }
  expect(errorsOf('GatewayStack')).toEqual([]);
  expect(resourcesOf('GatewayStack')).toContain('AWS::ECS::Service');
});

test('the folder of a container becomes a stack, which is named after its endpoint', () => {
  const { status, stderr } = run(['bin/app.ts'], {
    nagPacks: 'none',
    imageDirectory: 'examples/python-container',
    localCommand: 'python "my server.py"',
    'ContainerStack:endpointName': 'speech',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(artifactOf('ContainerStack').properties.stackName).toBe('ContainerStack-speech');
  const { Resources } = JSON.parse(fs.readFileSync(path.join(outdir, 'ContainerStack.template.json'), 'utf8'));
  const [model] = Object.values<{ Type: string; Metadata: object }>(Resources).filter(
    ({ Type }) => Type === 'AWS::SageMaker::Model',
  );
  expect(model!.Metadata).toMatchObject({ 'sagemaker-bidi-kit:container': { command: ['python', 'my server.py'] } });
});

test('a folder without a Dockerfile is said in the place of its stack', () => {
  run(['bin/app.ts'], { nagPacks: 'none', imageDirectory: 'lib' });
  expect(errorsOf('ContainerStack')).toEqual([expect.stringContaining('There is no Dockerfile at')]);
  expect(errorsOf('EchoBidiStack')).toEqual([]);
});

test('a gateway for an endpoint has to say who may reach it', () => {
  const { status } = run(['bin/app.ts'], { nagPacks: 'none', endpointName: 'speech' });
  expect(status).toBe(0);
  expect(errorsOf('GatewayStack')).toEqual([expect.stringContaining('publicLoadBalancer is not given')]);
});

test('a stack that is impossible says so in its place, and the others are whole', () => {
  const { status } = run(['bin/app.ts'], { nagPacks: 'none', 'DeepgramStack:instanceType': 'ml.m5.large' });
  expect(status).toBe(0);
  expect(errorsOf('DeepgramStack')).toEqual([expect.stringContaining('needs a GPU')]);
  expect(errorsOf('EchoBidiStack')).toEqual([]);
});

test('with one, all three; the image repository of one\u2019s own comes before the stack that publishes to it', () => {
  const { status } = run(['bin/app.ts'], {
    modelPackageArn: PACKAGE_ARN,
    imageRepository: 'speech/echo',
    nagPacks: 'AwsSolutions',
  });
  expect(status).toBe(0);
  expect(errorsOf('DeepgramStack')).toEqual([]);
  expect(errorsOf('ModelPackageStack')).toEqual([]);
  expect(artifactOf('EchoBidiStack').dependencies).toContain('EchoImages');
  expect(resourcesOf('EchoImages')).toContain('AWS::ECR::Repository');
});

test('a misspelt key ends it at once, in three lines and without a stack trace', () => {
  const { status, stderr } = run(['bin/app.ts'], { instanceTyp: 'ml.g6.2xlarge' });
  expect(status).toBe(1);
  expect(stderr).toContain('"instanceTyp" is no key; did you mean "instanceType"?');
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('importing the constructs loads neither client nor local server, nor what they stand on', () => {
  const script = `require('./lib/index.ts'); console.log(JSON.stringify(Object.keys(require.cache)));`;
  const { stdout } = run(['--eval', script]);
  const loaded = (JSON.parse(stdout) as string[]).map(file => path.relative(ROOT, file));
  expect(loaded).toContain(path.join('lib', 'infra', 'bidi-endpoint.ts'));
  const ours = loaded.filter(file => file.startsWith(`lib${path.sep}`)).map(file => file.split(path.sep)[1]);
  expect(new Set(ours)).toEqual(new Set(['index.ts', 'contract', 'dockerfile', 'infra']));
  const packages = loaded.filter(file => file.startsWith('node_modules')).map(file => file.split(path.sep)[1]!);
  for (const name of [
    '@aws-sdk',
    '@smithy',
    'ws',
    'websocket',
    'selfsigned',
    'commander',
    'cdk-nag',
    'dockerfile-ast',
  ]) {
    expect(packages).not.toContain(name);
  }
});
