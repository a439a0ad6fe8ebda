import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerEngine, type LocalEvent } from '../../../lib/local';
import { scriptedModel, startLocal, temporaryDirectory } from '../support/local';
import { SignedStream } from '../support/signed-stream';

const notes = temporaryDirectory();
const bin = temporaryDirectory();
const engine = () => new DockerEngine(join(bin, 'docker'));

beforeAll(() => {
  const fake = JSON.stringify(join(__dirname, '../support/fake-docker.js'));
  const script = `#!${process.execPath}\nprocess.env.FAKE_DOCKER_DIRECTORY = ${JSON.stringify(notes)};\nrequire(${fake});\n`;
  writeFileSync(join(bin, 'docker'), script, { mode: 0o755 });
});

function asked(): string[][] {
  return readFileSync(join(notes, 'asked'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as string[]);
}

test('builds the directory once, runs the image as the platform does and leaves nothing behind', async () => {
  const directory = temporaryDirectory();
  const model = {
    ...scriptedModel({ SIZE: 'large' }),
    directory,
    file: 'Dockerfile.gpu',
    target: 'serving',
    buildArgs: { MODEL: 'small' },
    command: undefined,
  };
  const events: LocalEvent[] = [];
  const local = await startLocal({
    engine: engine(),
    endpoints: [{ name: 'echo', variants: [{ name: 'AllTraffic', instanceCount: 2, model }] }],
    observe: event => events.push(event),
  });
  const stream = await SignedStream.open(local, {
    headers: { 'x-amzn-sagemaker-model-query-string': 'act=environment' },
  });
  await stream.part('x');
  expect(JSON.parse((await stream.nth(1)).body.toString())).toMatchObject({ SIZE: 'large', ARGUMENTS: 'serve' });
  stream.session.destroy();
  await local.close();

  const builds = asked().filter(([verb]) => verb === 'build');
  const runs = asked().filter(([verb]) => verb === 'run');
  expect(builds).toEqual([
    [
      'build',
      '--platform',
      'linux/amd64',
      '--file',
      join(directory, 'Dockerfile.gpu'),
      '--target',
      'serving',
      '--build-arg',
      'MODEL=small',
      '--tag',
      expect.stringMatching(/^sagemaker-bidi-local:[0-9a-f]{16}$/),
      '--',
      directory,
    ],
  ]);
  expect(runs).toHaveLength(2);
  expect(runs[0]).toEqual([
    'run',
    '--rm',
    '--name',
    expect.stringMatching(/^sagemaker-bidi-echo-AllTraffic-[01]-[0-9a-f]{8}$/),
    '--platform',
    'linux/amd64',
    '--publish',
    expect.stringMatching(/^127\.0\.0\.1:\d+:8080$/),
    '--tmpfs',
    '/opt/ml/model:ro',
    '--env',
    'SIZE=large',
    '--',
    builds[0]!.at(-3),
    'serve',
  ]);
  expect(events.some(event => event.type === 'build-line' && event.line === 'step 1: built')).toBe(true);
  expect(readdirSync(notes)).toEqual(['asked']);
});

test('an image of a registry is run as it is', async () => {
  const model = { name: 'm', environment: {}, imageUri: 'public.ecr.aws/acme/speech:7' };
  await using local = await startLocal({
    engine: engine(),
    endpoints: [{ name: 'echo', variants: [{ name: 'AllTraffic', model }] }],
  });
  expect(asked().at(-1)!.slice(-2)).toEqual(['public.ecr.aws/acme/speech:7', 'serve']);
  expect(local.url).toMatch(/^http:/);
});

test.each(['--volume=/:/host', '-v', 'an image', ''])('the image "%s" never reaches the engine', async imageUri => {
  const model = { name: 'm', environment: {}, imageUri };
  const start = startLocal({
    engine: engine(),
    endpoints: [{ name: 'echo', variants: [{ name: 'AllTraffic', model }] }],
  });
  await expect(start).rejects.toThrow('which is no name of an image');
});

test('a build that fails, an engine that is not there, a model package', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'broken'), '');
  const model = { name: 'm', environment: {}, directory };
  await expect(engine().prepare(model, () => {})).rejects.toThrow(/build ended with exit code 1[\s\S]*step 1/);
  await expect(new DockerEngine('no-such-engine').prepare(model, () => {})).rejects.toThrow(
    /no-such-engine does not run \(ENOENT\)/,
  );
  await expect(
    engine().start({ model: { name: 'm', environment: {}, modelPackageArn: 'arn' }, name: 'x', onLine: () => {} }),
  ).rejects.toThrow(/names neither a directory nor an image[\s\S]*--simulate/);
});
