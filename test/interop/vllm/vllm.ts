/**
 * The real vLLM behind the local SageMaker: what it sends, how it ends, and where it is silent.
 *
 * Its model is made here with random weights (make_model.py), so its words are nonsense; its protocol is not. `--record` writes what
 * it sent to test/fixtures/vllm/realtime.json, which the simulator's own tests are held against.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { LocalSageMaker } from '../../../lib/local';
import { type SpeechModelError, SpeechToText, type TranscriptionEvent, vllm as vllmModel } from '../../../lib/speech';
import { run } from '../processes';
import { NotAvailableError, type Scorecard } from '../scorecard';
import { REPOSITORY } from '../tool-directory';
import { pythonEnvironment } from '../tools/python';
import { APPEND_BYTES, type Connection, type Exchange, playExchange, readExchanges, writeExchanges } from './exchange';
import { pcm } from './speech';

const ENDPOINT = 'vllm';
const PATH = 'v1/realtime';
const MODEL = 'tiny';

/** Tokens of context; one token is 80 ms of audio, so a session ends after about 38 s. */
const MAX_MODEL_LENGTH = 512;

/** Sessions that are transcribed at a time; others wait. */
const MAX_SEQUENCES = 4;

const SECONDS_PER_TOKEN = 0.08;

/** How much later than it was sent a busy machine may see an event, in milliseconds. */
const SLACK_MS = 1_000;

const EXCHANGE_TIMEOUT_MS = 60_000;

/** Runs everything that the real vLLM can judge. `record` writes what it sent instead of comparing it. */
export async function checkVllm(directory: string, scorecard: Scorecard, record: boolean): Promise<void> {
  const executables = await scorecard.check('vLLM is installed', () => {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new NotAvailableError('its CPU build is for Linux on x86-64');
    }
    const versions = { from: '3.12', to: '3.12' };
    return pythonEnvironment('vllm', versions, join(__dirname, 'requirements.txt'), { withDependencies: false });
  });
  if (!executables) return;
  const python = join(executables, 'python');
  const model = join(directory, 'voxtral-tiny');
  await run(python, ['-B', join(__dirname, 'make_model.py'), model]);
  const vllm = await scorecard.check('vLLM comes into service with no bridge', () =>
    startVllm(python, model, directory),
  );
  if (!vllm) return;
  try {
    await checkExchanges(vllm, scorecard, record);
    await checkSessions(vllm, scorecard);
    await checkAdapter(vllm, scorecard);
    await checkContract(vllm, scorecard);
  } finally {
    vllm.client.destroy();
    await vllm.local.close();
  }
}

interface Vllm {
  readonly local: LocalSageMaker;
  /** Where the container listens, past the local SageMaker. */
  readonly containerPort: number;
  readonly client: SageMakerRuntimeHTTP2Client;
}

/** vLLM as the container's process, on the port that the local SageMaker chooses. */
async function startVllm(python: string, model: string, directory: string): Promise<Vllm> {
  const options = [
    `--model ${model}`,
    `--served-model-name ${MODEL}`,
    '--tokenizer-mode mistral --config-format mistral --load-format dummy --enforce-eager',
    `--max-model-len ${MAX_MODEL_LENGTH} --max-num-seqs ${MAX_SEQUENCES}`,
    '--host 127.0.0.1 --port "$SAGEMAKER_BIND_TO_PORT"',
  ].join(' ');
  const command = ['sh', '-c', `exec '${python}' -m vllm.entrypoints.openai.api_server ${options}`];
  const environment = { HF_HUB_OFFLINE: '1', VLLM_CPU_KVCACHE_SPACE: '1' };
  let containerPort = 0;
  const local = await LocalSageMaker.start({
    endpoints: [
      {
        name: ENDPOINT,
        variants: [{ name: 'AllTraffic', model: { name: ENDPOINT, directory: model, command, environment } }],
      },
    ],
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
  return { local, containerPort, client };
}

function open({ client }: Vllm): Promise<BidiSession> {
  return BidiSession.open({ client, endpointName: ENDPOINT, modelInvocationPath: PATH });
}

function connectionOf(session: BidiSession): Connection {
  return {
    send: message => session.send(message),
    messages: session[Symbol.asyncIterator](),
    close: () => session.abort(),
  };
}

async function checkExchanges(vllm: Vllm, scorecard: Scorecard, record: boolean): Promise<void> {
  const recorded: Exchange[] = [];
  for (const exchange of readExchanges()) {
    const received = await scorecard.check(`vLLM: ${exchange.name}`, async () => {
      const events = await playExchange(exchange, connectionOf(await open(vllm)), EXCHANGE_TIMEOUT_MS);
      if (!record) deepStrictEqual(events, exchange.received);
      return events;
    });
    recorded.push({ ...exchange, ...(received ? { received } : {}) });
  }
  if (record) writeExchanges(recorded);
}

/** What became of one transcription. */
interface Transcription {
  /** When the first delta came, as `performance.now()` has it. */
  readonly firstDeltaAt: number;
  /** When `transcription.done` came. */
  readonly doneAt: number;
  /** Tokens of text and silence, one for each 80 ms that was heard. */
  readonly tokens: number;
  /** Prompt and text together, of `max_model_len`. */
  readonly totalTokens: number;
}

/** Speaks for some seconds, at a pace of 100 ms of audio each `paceMs`. */
async function transcribe(vllm: Vllm, seconds: number, paceMs: number): Promise<Transcription> {
  const session = await open(vllm);
  try {
    const listening = listen(session);
    listening.catch(() => undefined); // met below
    await session.send(JSON.stringify({ type: 'session.update', model: MODEL }));
    await session.send(JSON.stringify({ type: 'input_audio_buffer.commit' }));
    for (const samples of pcm(seconds, APPEND_BYTES)) {
      const audio = Buffer.from(samples).toString('base64');
      await session.send(JSON.stringify({ type: 'input_audio_buffer.append', audio }));
      if (paceMs > 0) await delay(paceMs);
    }
    await session.send(JSON.stringify({ type: 'input_audio_buffer.commit', final: true }));
    return await listening;
  } finally {
    session.abort();
  }
}

async function listen(session: BidiSession): Promise<Transcription> {
  let firstDeltaAt = Number.NaN;
  for await (const message of session) {
    const event = JSON.parse(message as string) as { type: string; usage: Record<string, number> };
    if (event.type === 'transcription.delta' && Number.isNaN(firstDeltaAt)) firstDeltaAt = performance.now();
    if (event.type === 'error') throw new Error(message as string);
    if (event.type !== 'transcription.done') continue;
    return {
      firstDeltaAt,
      doneAt: performance.now(),
      tokens: event.usage.completion_tokens!,
      totalTokens: event.usage.total_tokens!,
    };
  }
  throw new Error('the stream ended before "transcription.done"');
}

async function checkSessions(vllm: Vllm, scorecard: Scorecard): Promise<void> {
  await scorecard.check('vLLM: sessions beyond max_num_seqs wait without a word, and are served whole', async () => {
    const sessions = await Promise.all(Array.from({ length: 2 * MAX_SEQUENCES }, () => transcribe(vllm, 5, 100)));
    const firstEnd = Math.min(...sessions.map(session => session.doneAt));
    // Whichever come first, the one beyond the limit hears its first word only when another has ended.
    const beyond = sessions.map(session => session.firstDeltaAt).sort((a, b) => a - b)[MAX_SEQUENCES]!;
    ok(beyond > firstEnd - SLACK_MS, `no session waited: ${JSON.stringify(sessions)}`);
    for (const { tokens } of sessions) ok(tokens * SECONDS_PER_TOKEN >= 5, `${tokens} tokens for 5 s`);
  });
  await scorecard.check('vLLM: a session past max_model_len ends in silence, short of its audio', async () => {
    const { tokens, totalTokens } = await transcribe(vllm, 60, 0);
    strictEqual(totalTokens, MAX_MODEL_LENGTH);
    ok(tokens * SECONDS_PER_TOKEN < 60, `${tokens} tokens for 60 s`);
  });
  await scorecard.check('vLLM: streams that are cut give their place to others', async () => {
    const cut = await Promise.all(Array.from({ length: MAX_SEQUENCES }, () => open(vllm)));
    for (const session of cut) {
      await session.send(JSON.stringify({ type: 'session.update', model: MODEL }));
      await session.send(JSON.stringify({ type: 'input_audio_buffer.commit' }));
    }
    for (const session of cut) session.abort();
    const { tokens } = await transcribe(vllm, 2, 0);
    ok(tokens * SECONDS_PER_TOKEN >= 2, `${tokens} tokens for 2 s`);
  });
}

/** The kit's own adapter: whole transcriptions, and an error for every one that is not. */
async function checkAdapter(vllm: Vllm, scorecard: Scorecard): Promise<void> {
  const open = (model = MODEL, maxModelLen?: number) =>
    SpeechToText.open({
      client: vllm.client,
      endpointName: ENDPOINT,
      model: vllmModel({ model, maxModelLen }),
      audio: { encoding: 'linear16', sampleRate: 16_000 },
    });
  const transcribed = async (speech: SpeechToText, seconds: number) => {
    const events: TranscriptionEvent[] = [];
    for await (const event of speech.transcribe(samples(seconds))) events.push(event);
    return events;
  };
  async function* samples(seconds: number): AsyncGenerator<Uint8Array> {
    yield* pcm(seconds, APPEND_BYTES);
  }
  await scorecard.check('SpeechToText: a transcription is complete by the word of vLLM', async () => {
    const speech = await open();
    const events = await transcribed(speech, 3);
    deepStrictEqual(
      events.slice(-3).map(({ type }) => type),
      ['final', 'usage', 'done'],
    );
    ok(speech.complete);
  });
  await scorecard.check('SpeechToText: a name that is not served is explained', async () => {
    await rejects(
      open('other').then(speech => transcribed(speech, 1)),
      (error: SpeechModelError) => {
        strictEqual(error.modelCode, 'model_not_found');
        return true;
      },
    );
  });
  await scorecard.check(
    'SpeechToText: audio beyond the context is an error where the context is not known',
    async () => {
      await rejects(
        open().then(speech => transcribed(speech, 60)),
        { code: 'ERR_BIDI_SPEECH_INCOMPLETE' },
      );
    },
  );
  await scorecard.check(
    'SpeechToText: audio beyond the context goes on in other streams where it is known',
    async () => {
      const speech = await open(MODEL, MAX_MODEL_LENGTH);
      await transcribed(speech, 60);
      ok(speech.complete);
      ok(speech.handOvers >= 1, `${speech.handOvers} hand-overs`);
    },
  );
}

/** `bidi check` of the running vLLM: the contract, with no echo to expect. */
async function checkContract(vllm: Vllm, scorecard: Scorecard): Promise<void> {
  await scorecard.check('bidi check finds that vLLM keeps the contract', () =>
    run(process.execPath, [
      join(REPOSITORY, 'bin', 'bidi.js'),
      'check',
      '--url',
      `ws://127.0.0.1:${vllm.containerPort}`,
      '--path',
      PATH,
    ]),
  );
  await scorecard.check('bidi check --protocol vllm plays a transcription to its end', () =>
    run(process.execPath, [
      join(REPOSITORY, 'bin', 'bidi.js'),
      'check',
      '--url',
      `ws://127.0.0.1:${vllm.containerPort}`,
      '--protocol',
      'vllm',
      '--model',
      MODEL,
    ]),
  );
}
