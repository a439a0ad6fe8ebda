/**
 * vLLM-Omni's own handler of streaming speech behind the local SageMaker. Its engine is a stub, which needs no GPU: what is judged is the
 * protocol. `--record` writes what it sent to test/fixtures/vllm-omni/speech-stream.json, which the simulator's tests are held against.
 */
import { deepStrictEqual, match, rejects, strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { LocalSageMaker } from '../../../lib/local';
import { type SpeechEvent, TextToSpeech, type VllmOmniParameters, vllmOmni } from '../../../lib/speech';
import { run } from '../processes';
import type { Scorecard } from '../scorecard';
import { REPOSITORY } from '../tool-directory';
import { pythonEnvironment } from '../tools/python';
import { checkExchanges } from '../vllm/exchange';

const ENDPOINT = 'omni';
const PATH = 'v1/audio/speech/stream';

/** Name under which the stub serves its model, and the bytes that it says for a character. */
const MODEL = 'tiny';
const BYTES_PER_CHARACTER = 480;

/** Runs what vLLM-Omni's handler can judge. `record` writes what it sent instead of comparing it. */
export async function checkVllmOmni(directory: string, scorecard: Scorecard, record: boolean): Promise<void> {
  const executables = await scorecard.check("vLLM-Omni's handler is installed", () =>
    pythonEnvironment('vllm-omni', { from: '3.12', to: '3.12' }, join(__dirname, 'requirements.txt'), {
      withDependencies: false,
    }),
  );
  if (!executables) return;
  const command = [join(executables, 'python'), '-B', join(__dirname, 'server.py')];
  const model = { name: ENDPOINT, directory: __dirname, command, environment: {} };
  let containerPort = 0;
  const local = await LocalSageMaker.start({
    endpoints: [{ name: ENDPOINT, variants: [{ name: 'AllTraffic', model }] }],
    port: 0,
    certificateDirectory: directory,
    observe: event => {
      if (event.type === 'container-in-service') containerPort = event.port;
    },
  });
  const client = new SageMakerRuntimeHTTP2Client({
    region: local.region,
    credentials: local.credentials,
    endpoint: local.url,
    requestHandler: { nodeHttp2ConnectOptions: { ca: local.certificateAuthority } },
  });
  try {
    const open = () => BidiSession.open({ client, endpointName: ENDPOINT, modelInvocationPath: PATH });
    await checkExchanges('vllm-omni/speech-stream.json', 'vLLM-Omni', open, scorecard, record);
    await checkAdapter(client, containerPort, scorecard);
    await scorecard.check('bidi check --protocol vllm-omni plays an utterance to its end', () =>
      run(process.execPath, [
        join(REPOSITORY, 'bin', 'bidi.js'),
        'check',
        '--url',
        `ws://127.0.0.1:${containerPort}`,
        '--protocol',
        'vllm-omni',
      ]),
    );
  } finally {
    client.destroy();
    await local.close();
  }
}

/** The kit's own adapter: all the audio of every text, in order, and an error for every one that is not spoken. */
async function checkAdapter(
  client: SageMakerRuntimeHTTP2Client,
  containerPort: number,
  scorecard: Scorecard,
): Promise<void> {
  const open = (parameters: VllmOmniParameters = {}) =>
    TextToSpeech.open({ client, endpointName: ENDPOINT, model: vllmOmni({ model: MODEL, ...parameters }) });
  await scorecard.check('TextToSpeech: every text is spoken whole, and each flush is answered', async () => {
    const voice = await open();
    const reading = collect(voice);
    for (const text of ['Hello ', 'there. How', ' are you?']) await voice.speak(text);
    await voice.flush();
    await voice.speak('Goodbye');
    await voice.close();
    const events = await reading;
    deepStrictEqual(
      events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]),
      ['audio', 'flushed', 'audio', 'flushed', 'done'],
    );
    strictEqual(bytesOf(events), BYTES_PER_CHARACTER * 'Hellothere.Howareyou?Goodbye'.length);
    strictEqual(voice.complete, true);
  });
  await scorecard.check('TextToSpeech: a sentence is spoken before the flush', async () => {
    const voice = await open();
    await voice.speak('Hello there. How');
    const first = await voice[Symbol.asyncIterator]().next();
    strictEqual((first.value as SpeechEvent).type, 'audio');
    voice.abort();
  });
  await scorecard.check('TextToSpeech: a name that is not served, and a model that fails, are errors', async () => {
    // Nothing is sent after the configuration: the server drops the connection with its error, and what is under way then may break it first.
    const refused = await open({ model: 'other' });
    await rejects(collect(refused), /does not exist/);
    const failing = await open();
    await rejects(collect(failing.synthesize(['Hello FAIL there.'])), /Generation failed for utterance 0, sentence 0/);
  });
  await scorecard.check('TextToSpeech: an interruption drops the stream, and the engine stops at once', async () => {
    const voice = await open();
    const events = voice[Symbol.asyncIterator]();
    await voice.speak(`${'SLOWLY '.repeat(100)}.`);
    await voice.flush();
    strictEqual((await events.next()).value?.type, 'audio');
    await voice.interrupt();
    await voice.speak('Yes?');
    await voice.close();
    const rest = await collect({ [Symbol.asyncIterator]: () => events });
    deepStrictEqual(
      rest.slice(-2).map(({ type }) => type),
      ['flushed', 'done'],
    );
    // The handler notices at its next word.
    let aborted = '[]';
    for (let tries = 0; tries < 100 && aborted === '[]'; tries += 1) {
      await delay(100);
      aborted = await (await fetch(`http://127.0.0.1:${containerPort}/aborted`)).text();
    }
    match(aborted, /speech-\d+/);
  });
}

async function collect(events: AsyncIterable<SpeechEvent>): Promise<SpeechEvent[]> {
  const all: SpeechEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

function bytesOf(events: readonly SpeechEvent[]): number {
  return events.reduce((sum, event) => sum + (event.type === 'audio' ? event.data.length : 0), 0);
}
