import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { App, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import WebSocket from 'ws';
import { DeepgramStack, NimEndpoint, VllmOmniEndpoint, VllmStack } from '../../lib/infra';
import { readLocalStates } from '../../lib/local/local-state';
import { BIDI } from '../typescript-process';
import { finished } from './support/local-models';

const ROOT = join(__dirname, '..', '..');
const SAMPLE = join(ROOT, 'examples', 'sample.wav');
const VOXTRAL = 'mistralai/Voxtral-Mini-4B-Realtime-2602';
const WORDS = /^I need help with my account balance/i;

let directory: string;
let local: ChildProcess;

/** The stacks as a user has them: nothing in them is made for this test. */
function assembly(): string {
  const app = new App({ outdir: join(directory, 'cdk.out') });
  new VllmStack(app, 'VllmStack', { hubModel: VOXTRAL, hubTokenSecret: 'hub', maxModelLen: 1_000 });
  new DeepgramStack(app, 'FluxStack', {
    product: 'flux',
    modelPackageArn: 'arn:aws:sagemaker:us-east-1:865070037744:model-package/flux',
    env: { region: 'us-east-1' },
  });
  new VllmOmniEndpoint(new Stack(app, 'OmniStack'), 'Omni', { hubModel: { id: 'Qwen/Qwen3-TTS' } });
  const nim = new Stack(app, 'NimStack');
  const repository = Repository.fromRepositoryName(nim, 'Repository', 'nim/parakeet');
  new NimEndpoint(nim, 'Nim', { repository, tagOrDigest: '1.0', instanceType: 'ml.g6.2xlarge' });
  return app.synth().directory;
}

const environment = () => ({ PATH: process.env.PATH, HOME: directory, XDG_CACHE_HOME: directory });
const start = (...words: string[]) =>
  spawn(process.execPath, [...BIDI, ...words], { cwd: directory, env: environment(), stdio: 'pipe' });
const run = (...words: string[]) => finished(start(...words), '');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'served-models-'));
  const ready = join(directory, 'ready.json');
  const speed = ['-e', 'SIMULATOR_SPEED=max'];
  local = start('local', '--app', assembly(), '--simulate', '--port', '0', '--ready-file', ready, ...speed);
  let said = '';
  local.stderr!.on('data', data => {
    said += data;
  });
  local.stdout!.resume();
  while (!existsSync(ready)) {
    if (local.exitCode !== null) throw new Error(said);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
});

afterAll(async () => {
  local.kill('SIGTERM');
  if (local.exitCode === null) await once(local, 'exit');
  rmSync(directory, { recursive: true, force: true });
});

test('the state tells what each endpoint serves', () => {
  const [state] = readLocalStates(environment());
  expect(Object.fromEntries(state!.endpoints.map(({ stack, serves }) => [stack, serves]))).toEqual({
    VllmStack: { protocol: 'vllm', modelName: VOXTRAL, maxModelLen: 1_000 },
    FluxStack: { protocol: 'deepgram', modelName: 'flux-general-en' },
    OmniStack: { protocol: 'vllm-omni', modelName: 'Qwen/Qwen3-TTS' },
    NimStack: { protocol: 'nim' },
  });
});

test('bidi transcribe and bidi speak need no protocol and no model name', async () => {
  const transcribe = (stack: string) => run('transcribe', SAMPLE, '--local', '--stack', stack, '--speed', 'max');
  const spoken = join(directory, 'spoken.wav');
  const [vllm, flux, nim, omni] = await Promise.all([
    transcribe('VllmStack'),
    transcribe('FluxStack'),
    transcribe('NimStack'),
    run('speak', 'Hello there.', '-o', spoken, '--local', '--stack', 'OmniStack'),
  ]);
  expect([vllm.code, flux.code, nim.code, omni.code]).toEqual([0, 0, 0, 0]);
  for (const { stdout } of [vllm, flux, nim]) expect(stdout).toMatch(WORDS);
  const wav = readFileSync(spoken);
  expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
  expect(wav.readUInt32LE(24)).toBe(24_000);
  expect(wav.length).toBeGreaterThan(10_000);
});

test('a command of the other kind, or an option that the dialect cannot take, is refused', async () => {
  const wav = join(directory, 'none.wav');
  const [kind, option, unknown] = await Promise.all([
    run('speak', 'Hello.', '-o', wav, '--local', '--stack', 'VllmStack'),
    run('speak', 'Hello.', '-o', wav, '--local', '--stack', 'OmniStack', '--encoding', 'mulaw'),
    run('transcribe', SAMPLE, '--local', '--stack', 'VllmStack', '--model', 'other', '--speed', 'max'),
  ]);
  expect(kind).toMatchObject({ code: 2, stderr: expect.stringContaining('serves a vllm model') });
  expect(option).toMatchObject({ code: 2, stderr: expect.stringContaining('--encoding has no meaning') });
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('model_not_found') });
  expect(existsSync(wav)).toBe(false);
});

test('bidi gateway --dialect openai needs no model name either', async () => {
  const words = ['gateway', '--local', '--stack', 'VllmStack', '--dialect', 'openai', '--port', '0', '--json'];
  const gateway = start(...words);
  try {
    const [line] = (await once(createInterface(gateway.stdout!), 'line')) as [string];
    const socket = new WebSocket(`${JSON.parse(line).url}/v1/realtime`);
    const [created] = await once(socket, 'message');
    expect(JSON.parse(String(created)).session.audio.input.transcription).toEqual({ model: VOXTRAL });
    socket.terminate();
  } finally {
    gateway.kill('SIGTERM');
  }
  expect(await once(gateway, 'exit')).toEqual([0, null]);
});
