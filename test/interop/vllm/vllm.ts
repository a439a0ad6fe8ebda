/**
 * The real vLLM behind the local SageMaker: what it sends, how it ends, and where it is silent.
 *
 * Its model is made here with random weights (make_model.py), so its words are nonsense; its protocol is not. `--record` writes what
 * it sent to test/fixtures/vllm/realtime.json, which the simulator's own tests are held against.
 */
import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BidiSession } from '../../../lib/client';
import { type SpeechModelError, SpeechToText, type TranscriptionEvent, vllm as vllmModel } from '../../../lib/speech';
import { checkOpenAiBeforeVllm } from '../gateway/vllm';
import type { Scorecard } from '../scorecard';
import { REPOSITORY } from '../tool-directory';
import { APPEND_BYTES, checkExchanges } from './exchange';
import { MAX_MODEL_LENGTH, MAX_SEQUENCES, MODEL, VllmServer } from './server';
import { pcm } from './speech';

const PATH = 'v1/realtime';

const SECONDS_PER_TOKEN = 0.08;

/** How much later than it was sent a busy machine may see an event, in milliseconds. */
const SLACK_MS = 1_000;

/** Runs everything that the real vLLM can judge. `record` writes what it sent instead of comparing it. */
export async function checkVllm(directory: string, scorecard: Scorecard, record: boolean): Promise<void> {
  const server = await scorecard.check('bidi local VllmStack --command runs vLLM with no bridge', () =>
    VllmServer.start(directory),
  );
  if (!server) return;
  await using vllm = server;
  await checkExchanges('vllm/realtime.json', 'vLLM', () => open(vllm), scorecard, record);
  await checkSessions(vllm, scorecard);
  await checkAdapter(vllm, scorecard);
  await checkCommands(vllm, scorecard);
  await checkOpenAiBeforeVllm(vllm, directory, scorecard);
}

function open({ client, endpointName }: VllmServer): Promise<BidiSession> {
  return BidiSession.open({ client, endpointName, modelInvocationPath: PATH });
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
async function transcribe(vllm: VllmServer, seconds: number, paceMs: number): Promise<Transcription> {
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

async function checkSessions(vllm: VllmServer, scorecard: Scorecard): Promise<void> {
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
async function checkAdapter(vllm: VllmServer, scorecard: Scorecard): Promise<void> {
  const open = (model = MODEL, maxModelLen?: number) =>
    SpeechToText.open({
      client: vllm.client,
      endpointName: vllm.endpointName,
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
  /** Loud samples without a pause. */
  async function* noise(seconds: number): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < seconds * 32_000; sent += APPEND_BYTES) {
      const piece = Buffer.alloc(APPEND_BYTES);
      for (let at = 0; at < piece.length; at += 2) piece.writeInt16LE(((at * 7_919) % 20_000) - 10_000, at);
      yield piece;
    }
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
  await scorecard.check(
    'SpeechToText: a warning comes before the context is full, and without a pause two streams hear the same 3 s',
    async () => {
      const speech = await open(MODEL, MAX_MODEL_LENGTH);
      const events: TranscriptionEvent[] = [];
      for await (const event of speech.transcribe(noise(45))) events.push(event);
      strictEqual(speech.handOversWithinSpeech, 1);
      const said = events.filter(({ type }) => type !== 'partial').map(({ type }) => type);
      // The words are random, so whether they agree is chance; a third warning says that they do not.
      deepStrictEqual(said.slice(0, 3), ['warning', 'warning', 'usage']);
      deepStrictEqual(said.slice(-3), ['final', 'usage', 'done']);
      const [nearlyFull, within] = events.flatMap(event => (event.type === 'warning' ? event.message : []));
      match(nearlyFull!, /nearly full: 29\.\d of 37\.0 s/);
      match(within!, /Both heard the last 3\.0 s/);
      const tokens = events.reduce((sum, event) => sum + ((event.type === 'usage' && event.totalTokens) || 0), 0);
      ok(tokens * SECONDS_PER_TOKEN >= 48, `${tokens} tokens for 45 s and 3 s`);
      ok(speech.complete);
    },
  );
}

/** The commands, as a user types them, against the running `bidi local`. */
async function checkCommands(vllm: VllmServer, scorecard: Scorecard): Promise<void> {
  const url = ['--url', `ws://127.0.0.1:${vllm.containerPort}`];
  const sample = join(REPOSITORY, 'examples', 'sample.wav');
  await scorecard.check('bidi check finds that vLLM keeps the contract', () =>
    vllm.bidi(['check', ...url, '--path', PATH]),
  );
  await scorecard.check('bidi check --protocol vllm plays a transcription to its end', () =>
    vllm.bidi(['check', ...url, '--protocol', 'vllm', '--model', MODEL]),
  );
  await scorecard.check(
    'bidi transcribe --local needs no protocol and no name, and prints one final text',
    async () => {
      const { stdout } = await vllm.bidi(['transcribe', sample, '--local', '--speed', 'max', '--json']);
      const types = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).type);
      deepStrictEqual(
        types.filter(type => type !== 'partial'),
        ['final', 'usage', 'done'],
      );
    },
  );
  await scorecard.check('bidi transcribe explains a name that is not served', async () => {
    const { stderr } = await vllm.bidi(['transcribe', sample, '--local', '--speed', 'max', '--model', 'other'], [1]);
    match(stderr, /model_not_found/);
  });
}
