import { playExchange, readExchanges } from '../../interop/vllm/exchange';
import { connectionTo } from './exchange-connection';
import { BYTES_PER_SECOND, type Caller, type Message, SAMPLE_PCM, startSimulator } from './support';

const PATH = 'v1/realtime';
const MODEL = { SM_VLLM_SERVED_MODEL_NAME: 'tiny' };
const TRANSCRIPT = 'I need help with my account balance. I can help with that and recent charges.';

function append(caller: Caller, audio: Buffer): void {
  for (let at = 0; at < audio.length; at += 3_200) {
    caller.json({ type: 'input_audio_buffer.append', audio: audio.subarray(at, at + 3_200).toString('base64') });
  }
}

function transcribe(caller: Caller, audio: Buffer): Promise<Message> {
  caller.json({ type: 'session.update', model: 'tiny' });
  caller.json({ type: 'input_audio_buffer.commit' });
  append(caller, audio);
  caller.json({ type: 'input_audio_buffer.commit', final: true });
  return caller.message(({ type }) => type === 'transcription.done');
}

describe('as the real vLLM 0.32 answered', () => {
  test.each(readExchanges('vllm/realtime.json').map(exchange => [exchange.name, exchange] as const))(
    '%s',
    async (_, exchange) => {
      await using simulator = await startSimulator({ ...MODEL, SIMULATOR_SPEED: 'max', SM_VLLM_MAX_MODEL_LEN: '512' });
      const received = await playExchange(exchange, await connectionTo(simulator.port, PATH), 10_000);
      expect(received).toEqual(exchange.received);
    },
  );
});

test('the script comes as one delta for each 80 ms of audio, and whole in the end', async () => {
  await using simulator = await startSimulator({ ...MODEL, SIMULATOR_SPEED: 'max' });
  const caller = await simulator.open(PATH);
  const { text, usage } = await transcribe(caller, SAMPLE_PCM);
  const deltas = caller.received.filter(({ type }) => type === 'transcription.delta').map(({ delta }) => delta);
  expect(text).toBe(TRANSCRIPT);
  expect(deltas.join('')).toBe(text);
  expect(usage.completion_tokens).toBe(deltas.length);
  expect(Math.abs(deltas.length - SAMPLE_PCM.length / BYTES_PER_SECOND / 0.08)).toBeLessThanOrEqual(2);
  caller.webSocket.close(1000);
  await caller.closed;
});

test('a full context ends the transcription without an error, short of its audio', async () => {
  await using simulator = await startSimulator({ ...MODEL, SIMULATOR_SPEED: 'max', SM_VLLM_MAX_MODEL_LEN: '64' });
  const caller = await simulator.open(PATH);
  const { text, usage } = await transcribe(caller, SAMPLE_PCM);
  expect(usage.total_tokens).toBe(64);
  expect(text).toBe('I need help with my account balance.');
  expect(caller.types).not.toContain('error');
});

test('sessions beyond max_num_seqs wait without a word, and are served when one ends or is cut', async () => {
  await using simulator = await startSimulator({ ...MODEL, SIMULATOR_SPEED: 'max', SM_VLLM_MAX_NUM_SEQS: '1' });
  const [first, second, third] = await Promise.all([1, 2, 3].map(() => simulator.open(PATH)));
  first!.json({ type: 'session.update', model: 'tiny' });
  first!.json({ type: 'input_audio_buffer.commit' });
  append(first!, SAMPLE_PCM);
  await first!.message(({ type }) => type === 'transcription.delta');
  const waiting = transcribe(second!, SAMPLE_PCM);
  // The answer to another event proves that the wait is vLLM's and not the connection's.
  second!.json({ type: 'unknown' });
  await second!.message(({ type }) => type === 'error');
  expect(second!.types).toEqual(['session.created', 'error']);
  first!.webSocket.terminate();
  expect((await waiting).text).toBe(TRANSCRIPT);
  expect((await transcribe(third!, SAMPLE_PCM)).text).toBe(TRANSCRIPT);
});

test('audio of a session that was cut is known again', async () => {
  await using simulator = await startSimulator({ ...MODEL, SIMULATOR_SPEED: 'max' });
  const caller = await simulator.open(PATH);
  const { text } = await transcribe(caller, SAMPLE_PCM.subarray(2 * BYTES_PER_SECOND));
  expect(text).toBe('I can help with that and recent charges.');
});

test('only the dialects that the container is told to speak have a path', async () => {
  await using simulator = await startSimulator({ SIMULATOR_DIALECTS: 'deepgram' });
  await expect(simulator.open(PATH)).rejects.toThrow('404');
  await expect(startSimulator({ SIMULATOR_DIALECTS: 'deepgram,riva' })).rejects.toThrow(
    /SIMULATOR_DIALECTS names "riva"/,
  );
});
