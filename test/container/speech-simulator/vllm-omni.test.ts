import { playExchange, readExchanges } from '../../interop/vllm/exchange';
import { connectionTo } from './exchange-connection';
import type { Caller, Message } from './support';
import { startSimulator } from './support';

const PATH = 'v1/audio/speech/stream';
const SETTINGS = { SIMULATOR_SPEED: 'max', SM_VLLM_SERVED_MODEL_NAME: 'tts' };

const STREAMED = { type: 'session.config', response_format: 'pcm', stream_audio: true };

function done(caller: Caller, utterance: number): Promise<Message> {
  return caller.message(({ type, utterance_index: index }) => type === 'session.done' && index === utterance);
}

describe("as vLLM-Omni 0.30's own handler answered", () => {
  test.each(readExchanges('vllm-omni/speech-stream.json').map(exchange => [exchange.name, exchange] as const))(
    '%s',
    async (_, exchange) => {
      await using simulator = await startSimulator(SETTINGS);
      expect(await playExchange(exchange, await connectionTo(simulator.port, PATH), 10_000)).toEqual(exchange.received);
    },
  );
});

test('an utterance is audio.start, audio, audio.done, session.done; the connection serves the next', async () => {
  await using simulator = await startSimulator(SETTINGS);
  const caller = await simulator.open(PATH);
  caller.json({ ...STREAMED, model: 'tts', voice: 'any' });
  caller.json({ type: 'input.text', text: 'one ' });
  caller.json({ type: 'input.text', text: 'two' });
  caller.json({ type: 'input.done' });
  await done(caller, 0);
  caller.json({ type: 'input.text', text: 'three' });
  caller.json({ type: 'input.done' });
  expect(await done(caller, 1)).toEqual({ type: 'session.done', utterance_index: 1, total_sentences: 1 });
  expect(caller.types).toEqual([
    ...['audio.start', 'audio', 'audio', 'audio.done', 'session.done'],
    ...['audio.start', 'audio', 'audio.done', 'session.done'],
  ]);
  expect(caller.received[0]).toEqual({
    type: 'audio.start',
    utterance_index: 0,
    sentence_index: 0,
    sentence_text: 'one two',
    format: 'pcm',
    sample_rate: 24_000,
  });
  const bytes = caller.received[1].length + caller.received[2].length;
  expect(caller.received[3]).toEqual({
    type: 'audio.done',
    utterance_index: 0,
    sentence_index: 0,
    total_bytes: bytes,
    error: false,
  });
  caller.json({ type: 'session.close' });
  expect((await caller.closed).code).toBe(1000);
});

test('without stream_audio a sentence is one WAV file', async () => {
  await using simulator = await startSimulator(SETTINGS);
  const caller = await simulator.open(PATH);
  caller.json({ type: 'session.config' });
  caller.json({ type: 'input.text', text: 'one two' });
  caller.json({ type: 'input.done' });
  await done(caller, 0);
  const [wav] = caller.received.filter(Buffer.isBuffer);
  expect(wav!.toString('latin1', 0, 4)).toBe('RIFF');
  expect(wav!.readUInt32LE(40)).toBe(wav!.length - 44);
});

test.each([
  ['sentence', ['One, two.', 'Three!']],
  ['clause', ['One,', 'two.', 'Three!']],
  ['none', ['One, two. Three!']],
])('split_granularity %s', async (granularity, sentences) => {
  await using simulator = await startSimulator(SETTINGS);
  const caller = await simulator.open(PATH);
  caller.json({ ...STREAMED, split_granularity: granularity });
  for (const text of ['One, tw', 'o. Th', 'ree!']) caller.json({ type: 'input.text', text });
  caller.json({ type: 'input.done' });
  expect((await done(caller, 0)).total_sentences).toBe(sentences.length);
  const started = caller.received.filter(({ type }) => type === 'audio.start');
  expect(started.map(({ sentence_text: text }) => text)).toEqual(sentences);
});

test.each([
  ['something else first', { type: 'input.text', text: 'x' }, 'Expected session.config, got: input.text'],
  ['a model that is not served', { type: 'session.config', model: 'other' }, 'The model `other` does not exist.'],
  ['streamed WAV', { type: 'session.config', stream_audio: true }, /requires response_format='pcm'/],
  ['an unknown format', { type: 'session.config', response_format: 'ogg' }, /response_format: Input should be/],
])('%s ends the connection with an error and no close frame', async (_, message, error) => {
  await using simulator = await startSimulator(SETTINGS);
  const caller = await simulator.open(PATH);
  caller.json(message);
  expect((await caller.closed).code).toBe(1006);
  expect(caller.received).toEqual([{ type: 'error', message: expect.stringMatching(error) }]);
});

test.each([
  ['a wrong configuration', { type: 'session.config', response_format: 'ogg' }, /Invalid session config/],
  ['text that is none', { type: 'input.text', text: 1 }, 'input.text requires a string value'],
  ['an unknown type', { type: 'input.clear' }, 'Unknown message type: input.clear'],
  ['text over 128 KiB', { type: 'input.text', text: 'x'.repeat(128 * 1024) }, 'input.text message too large'],
])('after the first configuration %s is an error and the connection goes on', async (_, message, error) => {
  await using simulator = await startSimulator(SETTINGS);
  const caller = await simulator.open(PATH);
  caller.json(STREAMED);
  caller.json(message);
  caller.json({ type: 'input.done' });
  await done(caller, 0);
  expect(caller.received[0]).toEqual({ type: 'error', message: expect.stringMatching(error) });
});

test('nothing interrupts speech: what is sent meanwhile waits', async () => {
  await using simulator = await startSimulator({ ...SETTINGS, SIMULATOR_SPEED: '4' });
  const caller = await simulator.open(PATH);
  caller.json(STREAMED);
  caller.json({ type: 'input.text', text: 'one two three four' });
  caller.json({ type: 'input.done' });
  await caller.message(Buffer.isBuffer);
  caller.json({ type: 'session.close' });
  await caller.closed;
  expect(caller.types.filter(type => type === 'audio')).toHaveLength(4);
  expect(caller.types.at(-1)).toBe('session.done');
});

test('a caller that says nothing is dropped', async () => {
  await using simulator = await startSimulator({ SIMULATOR_IDLE_TIMEOUT_MS: '50' });
  const silent = await simulator.open(PATH);
  expect((await silent.closed).code).toBe(1006);
  expect(silent.received).toEqual([{ type: 'error', message: 'Timeout waiting for session.config' }]);
  const idle = await simulator.open(PATH);
  idle.json(STREAMED);
  await idle.closed;
  expect(idle.received).toEqual([{ type: 'error', message: 'Idle timeout: no message received' }]);
});
