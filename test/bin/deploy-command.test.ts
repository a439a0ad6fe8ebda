import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { shellCommand } from '../../bin/cdk-cli';
import { deployCommand, destroyCommand, synthCommand } from '../../bin/commands/deploy';
import { runCommand } from './support/run-command';

const DOCKERFILE =
  'FROM python:3.13\nLABEL com.amazonaws.sagemaker.capabilities.bidirectional-streaming=true\nENTRYPOINT ["python", "app.py"]\n';

/** In the place of the CDK's command line: leaves its words, and ends with the exit code that a folder's file says. */
const FAKE_CDK = `
  const { existsSync, readFileSync, writeFileSync } = require('node:fs');
  writeFileSync('words.json', JSON.stringify(process.argv.slice(2)));
  process.exitCode = existsSync('exit-code') ? Number(readFileSync('exit-code', 'utf8')) : 0;`;

const before = process.cwd();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bidi-deploy-'));
  process.chdir(directory);
  mkdirSync('My-Model');
  writeFileSync(join('My-Model', 'Dockerfile'), DOCKERFILE);
  mkdirSync('node_modules/aws-cdk/bin', { recursive: true });
  writeFileSync('node_modules/aws-cdk/package.json', '{}');
  writeFileSync('node_modules/aws-cdk/bin/cdk', FAKE_CDK);
});
afterEach(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

const cdkWords = (): string[] => JSON.parse(readFileSync('words.json', 'utf8'));

test('deploy prints the CDK command that it runs, and how to have an app of one\u2019s own', async () => {
  const words = ['./My-Model', '--name', 'speech', '--command', 'python app.py', '-c', 'instanceType=ml.c7i.2xlarge'];
  const { stderr, exitCode } = await runCommand(deployCommand(), [...words, '--', '--require-approval', 'never']);
  expect(exitCode).toBe(0);
  const app = cdkWords().at(-1)!;
  expect(cdkWords()).toEqual([
    ...['deploy', 'ContainerStack', '-c', 'imageDirectory=./My-Model', '-c', 'ContainerStack:endpointName=speech'],
    ...['-c', 'localCommand=python app.py', '-c', 'instanceType=ml.c7i.2xlarge', '--require-approval', 'never'],
    ...['--app', app],
  ]);
  expect(resolve(app.split(' ').at(-1)!)).toBe(resolve(__dirname, '../../bin/app.ts'));
  expect(stderr).toContain(`$ npx cdk ${shellCommand(cdkWords())}\n`);
  expect(stderr).toContain('npx bidi invoke "hello" --stack ContainerStack-speech');
  expect(stderr).toContain("npx bidi init --here --container My-Model --name speech --command 'python app.py'\n");
});

test('synth and destroy run the same app; the name is the folder\u2019s', async () => {
  for (const [command, action] of [
    [synthCommand, 'synth'],
    [destroyCommand, 'destroy'],
  ] as const) {
    await runCommand(command(), ['My-Model', '--profile', 'work']);
    expect(cdkWords().slice(0, 8)).toEqual([
      ...[action, 'ContainerStack', '-c', 'imageDirectory=My-Model', '-c', 'ContainerStack:endpointName=My-Model'],
      ...['--profile', 'work'],
    ]);
  }
});

test('a check of the Dockerfile that fails ends it before the CDK is run; destroy does not ask', async () => {
  writeFileSync(join('My-Model', 'Dockerfile'), DOCKERFILE.replace('["python", "app.py"]', 'python app.py'));
  const { stdout, stderr, exitCode } = await runCommand(deployCommand(), ['My-Model']);
  expect(stdout).toContain('FAIL  entrypoint-exec-form');
  expect(stderr).toContain('the CDK was not run');
  expect(exitCode).toBe(1);
  expect(cdkWords).toThrow('ENOENT');
  await runCommand(destroyCommand(), ['My-Model']);
  expect(cdkWords()[0]).toBe('destroy');
});

test('a CDK that fails is exit code 1, and nothing follows', async () => {
  writeFileSync('exit-code', '7');
  const { stderr, exitCode } = await runCommand(deployCommand(), ['My-Model']);
  expect(exitCode).toBe(1);
  expect(stderr).not.toContain('Next:');
});

test.each([
  [['nowhere'], 'nowhere holds no Dockerfile.'],
  [['node_modules'], 'node_modules holds no Dockerfile.'],
  [['My-Model', '--name', 'my_model'], expect.stringContaining('"my_model" is no name of an endpoint')],
])('%j is refused before anything runs', async (words, what) => {
  await expect(runCommand(deployCommand(), words)).rejects.toMatchObject({ code: 'ERR_BIDI_USAGE', what });
  expect(cdkWords).toThrow('ENOENT');
});

test.each([
  [['npx', 'cdk', '-c', 'a=b'], 'npx cdk -c a=b'],
  [['python app.py', "it's"], `'python app.py' 'it'\\''s'`],
])('%j for a shell is %s', (words, text) => {
  expect(shellCommand(words)).toBe(text);
});
