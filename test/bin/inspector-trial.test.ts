import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTrial } from '../../bin/inspector-trial';
import type { SpeechProtocol } from '../../lib/contract';
import { LocalSageMaker, type TrialEvent, type TrialRequest } from '../../lib/local';
import { wavHeader } from '../../lib/speech';
import { containerEndpoint } from './support/local-models';

/** The samples of the sample, without its header. */
const SAMPLES = readFileSync(join(__dirname, '../../examples/sample.wav')).subarray(44);
const SAMPLE_RATE = 16_000;

let local: LocalSageMaker;

beforeAll(async () => {
  const speech = containerEndpoint('speech', 'speech-simulator', 'SpeechStack');
  const [variant] = speech.variants;
  const environment = { SIMULATOR_SPEED: 'max', SM_VLLM_SERVED_MODEL_NAME: 'tiny' };
  const endpoints = [
    containerEndpoint('echo', 'echo', 'EchoBidiStack'),
    { ...speech, variants: [{ ...variant!, model: { ...variant!.model, environment } }] },
  ];
  local = await LocalSageMaker.start({ endpoints, port: 0 });
});

afterAll(async () => {
  await local?.close();
});

/** Opens a trial, sends, ends the input, and returns what came. */
async function tried(
  request: Omit<TrialRequest, 'endpointName'>,
  input: readonly (string | Uint8Array)[],
  endpointName = 'speech',
) {
  const { url, region, credentials, certificateAuthority } = local;
  const target = { url, region, credentials, certificateAuthority, serves: undefined };
  const trial = await openTrial({ endpointName, ...request }, target);
  const events: TrialEvent[] = [];
  let bytes = 0;
  const reading = (async () => {
    for await (const answer of trial.answers) {
      if (answer instanceof Uint8Array) bytes += answer.length;
      else events.push(answer);
    }
  })();
  reading.catch(() => {}); // thrown below
  for (const piece of input) await trial.send(piece);
  await trial.finish();
  await reading;
  return { events, bytes, text: events.flatMap(({ type, text }) => (type === 'final' ? [text] : [])).join(' ') };
}

function model(protocol: SpeechProtocol, modelName?: string) {
  return { protocol, ...(modelName && { modelName }) };
}

test('text and bytes to an echo', async () => {
  const { events, bytes } = await tried({ kind: 'messages' }, ['hello', Buffer.from([1, 2, 3])], 'echo');
  expect(events).toEqual([{ type: 'opened' }, { type: 'message', text: 'hello' }]);
  expect(bytes).toBe(3);
});

test.each([
  ['Deepgram Nova-3', model('deepgram')],
  ['Deepgram Flux', model('deepgram', 'flux-general-en')],
  ['vLLM', model('vllm', 'tiny')],
  ['NIM', model('nim')],
])('%s hears a microphone: interim and final words', async (_, served) => {
  const { events, text } = await tried({ kind: 'transcribe', model: served, sampleRate: SAMPLE_RATE }, [SAMPLES]);
  expect(events[0]).toMatchObject({ type: 'opened', protocol: served.protocol });
  expect(events.map(({ type }) => type)).toContain('partial');
  expect(text.toLowerCase()).toContain('account balance');
});

test('Deepgram hears a WAV file, whose format is read', async () => {
  const header = wavHeader({ codec: 'pcm', sampleRate: SAMPLE_RATE, channels: 1, bytesPerSample: 2 });
  const file = Buffer.concat([header, SAMPLES.subarray(0, SAMPLE_RATE)]);
  const { events } = await tried({ kind: 'transcribe' }, [file.subarray(0, 10), file.subarray(10)]);
  expect(events[0]).toMatchObject({ type: 'opened', description: '16 kHz mono, 16-bit PCM' });
  expect(events.at(-1)).toMatchObject({ type: 'usage', audioSeconds: 0.5 });
});

test.each([
  ['Deepgram Aura-2', model('deepgram')],
  ['vLLM-Omni', model('vllm-omni')],
])('%s speaks', async (_, served) => {
  const { events, bytes } = await tried({ kind: 'speak', model: served }, ['Hello there.']);
  expect(events[0]).toEqual({ type: 'opened', protocol: served.protocol, sampleRate: 24_000 });
  expect(bytes).toBeGreaterThan(24_000 / 4);
});

test.each<[string, Omit<TrialRequest, 'endpointName'>, string, RegExp]>([
  ['an endpoint that there is not', { kind: 'messages' }, 'absent', /absent/],
  [
    'vLLM without a name',
    { kind: 'transcribe', model: model('vllm'), sampleRate: SAMPLE_RATE },
    'speech',
    /name of the model/,
  ],
  ['a model of the other kind', { kind: 'speak', model: model('vllm', 'tiny') }, 'speech', /cannot use/],
  ['a file that is no audio', { kind: 'transcribe' }, 'speech', /no kind of audio/],
])('says what is wrong: %s', async (_, request, endpointName, message) => {
  await expect(tried(request, [Buffer.from('not a wav file')], endpointName)).rejects.toThrow(message);
});

test('ends when the page goes', async () => {
  const { url, region, credentials, certificateAuthority } = local;
  const target = { url, region, credentials, certificateAuthority, serves: undefined };
  const trial = await openTrial({ endpointName: 'speech', kind: 'transcribe', sampleRate: SAMPLE_RATE }, target);
  const answers = trial.answers[Symbol.asyncIterator]();
  await trial.send(SAMPLES.subarray(0, 3_200));
  await answers.next(); // open
  trial.abort();
  await expect(
    (async () => {
      while (!(await answers.next()).done);
    })(),
  ).rejects.toThrow('The page ended the stream.');
  while (local.openSessions > 0) await new Promise(resolve => setTimeout(resolve, 10));
});
