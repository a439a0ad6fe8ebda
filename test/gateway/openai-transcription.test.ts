import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { BidiGateway, type BidiGatewayOptions, type GatewayEvent } from '../../lib/gateway';
import { LocalSageMaker } from '../../lib/local';
import { AudioConverter } from '../../lib/speech/audio/audio-converter';
import { containerEndpoint } from '../bin/support/local-models';

const WAV_HEADER_BYTES = 44;
const PIECE_BYTES = 4_800; // 100 ms

/** Tokens that the model holds: 12.8 s of audio. */
const MAX_MODEL_LEN = 160;

/** OpenAI's audio: 24 kHz. */
let audio: Buffer;
let local: LocalSageMaker;
let client: SageMakerRuntimeHTTP2Client;
let gateway: BidiGateway;
let events: GatewayEvent[];
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  const wav = readFileSync(join(__dirname, '..', '..', 'examples', 'sample.wav')).subarray(WAV_HEADER_BYTES);
  const converter = await AudioConverter.create({ encoding: 'linear16', sampleRate: 16_000 }, 24_000);
  audio = Buffer.concat([converter.convert(wav), converter.end()]);
  const endpoint = containerEndpoint('speech', 'speech-simulator', 'Speech');
  Object.assign(endpoint.variants[0]!.model.environment, {
    SIMULATOR_SPEED: 'max',
    SIMULATOR_DIALECTS: 'vllm',
    SM_VLLM_MAX_MODEL_LEN: String(MAX_MODEL_LEN),
  });
  local = await LocalSageMaker.start({ port: 0, tls: false, endpoints: [endpoint] });
  client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
  });
});

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await gateway?.close();
});

afterAll(async () => {
  client?.destroy();
  await local?.close();
});

interface ServerEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A client of OpenAI's protocol; `next` is the next event of a type, others before it are dropped. */
async function open(options: Partial<BidiGatewayOptions> = {}, path = '/v1/realtime?intent=transcription') {
  events = [];
  gateway = await BidiGateway.start({
    routes: [{ endpointName: 'speech', dialect: 'openai' }],
    client,
    port: 0,
    probe: false,
    observe: event => events.push(event),
    ...options,
  });
  const socket = new WebSocket(`${gateway.url}${path}`);
  closers.push(() => socket.terminate());
  const received: ServerEvent[] = [];
  let wake = (): void => {};
  socket.on('message', data => {
    received.push(JSON.parse(data.toString()));
    wake();
  });
  const next = async (...types: string[]): Promise<ServerEvent> => {
    for (;;) {
      const event = received.shift();
      if (event && types.includes(event.type)) return event;
      if (event === undefined)
        await new Promise<void>(resolve => {
          wake = resolve;
        });
    }
  };
  await once(socket, 'open');
  const send = (event: object): void => socket.send(JSON.stringify(event));
  const speak = (bytes = audio): void => {
    for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
      const piece = bytes.subarray(offset, offset + PIECE_BYTES);
      send({ type: 'input_audio_buffer.append', audio: piece.toString('base64') });
    }
  };
  return { socket, send, next, speak, received };
}

const COMPLETED = 'conversation.item.input_audio_transcription.completed';
const DELTA = 'conversation.item.input_audio_transcription.delta';
const COMMITTED = 'input_audio_buffer.committed';
const COMMIT = { type: 'input_audio_buffer.commit' };

test('a turn: session, audio of 24 kHz, commit, deltas, completed', async () => {
  const { send, next, speak, received } = await open();
  const created = await next('session.created');
  expect(created).toMatchObject({
    event_id: expect.stringMatching(/^event_/),
    session: { id: expect.stringMatching(/^sess_/), type: 'transcription', audio: { input: { turn_detection: null } } },
  });
  const input = { format: { type: 'audio/pcm', rate: 24_000 }, transcription: { model: 'gpt-4o-transcribe' } };
  send({ type: 'session.update', session: { type: 'transcription', audio: { input } } });
  await next('session.updated');
  speak();
  send(COMMIT);
  const { item_id: itemId } = await next(COMMITTED);
  const completed = await next(COMPLETED);
  expect(completed).toMatchObject({
    item_id: itemId,
    content_index: 0,
    transcript: 'I need help with my account balance. I can help with that and recent charges.',
    usage: { type: 'duration', seconds: expect.closeTo(audio.length / 48_000, 1) },
  });
  expect(received).toEqual([]);
});

test('deltas of an item, joined, are its transcript; the next turn is another item', async () => {
  const { send, next, speak } = await open();
  const turns: { transcript: unknown; item: unknown }[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    speak();
    send(COMMIT);
    let joined = '';
    let committed: ServerEvent | undefined;
    let event = await next(COMMITTED, DELTA, COMPLETED);
    for (; event.type !== COMPLETED; event = await next(COMMITTED, DELTA, COMPLETED)) {
      if (event.type === COMMITTED) committed = event;
      else joined += String(event.delta);
    }
    expect(event.transcript).toBe(joined.trim());
    expect(committed).toMatchObject({ item_id: event.item_id, previous_item_id: turns[0]?.item ?? null });
    turns.push({ item: event.item_id, transcript: event.transcript });
  }
  expect(turns[0]!.item).not.toBe(turns[1]!.item);
  expect(turns[1]!.transcript).toMatch(/account balance/);
});

test('a turn that outlives its stream goes on with another, and the client does not notice', async () => {
  const { socket, send, next, speak } = await open({ handOverAfterMs: 1 });
  const silence = Buffer.alloc(48_000);
  speak(Buffer.concat([audio, silence, audio, silence]));
  send(COMMIT);
  const { transcript } = await next(COMPLETED);
  expect(String(transcript).match(/account balance/g)?.length).toBeGreaterThan(1);
  expect(String(transcript)).not.toMatch(/\.[A-Z]/); // a space between what two streams heard
  socket.close();
  while (gateway.sessions > 0) await new Promise(setImmediate);
  const ended = events.at(-1) as Extract<GatewayEvent, { type: 'session-ended' }>;
  expect(ended.handOvers).toBeGreaterThan(0);
  const metrics = await (await fetch(`http://127.0.0.1:${gateway.operationsPort}/metrics`)).text();
  expect(metrics).toContain(`bidi_gateway_hand_overs_total ${ended.handOvers}`);
});

test('a turn that is longer than the model holds is one item, where the route knows the length', async () => {
  const { send, next, speak, received } = await open({
    routes: [{ endpointName: 'speech', dialect: 'openai', maxModelLen: MAX_MODEL_LEN }],
  });
  const silence = Buffer.alloc(48_000);
  speak(Buffer.concat([audio, silence, audio, silence, audio]));
  send(COMMIT);
  const { item_id: itemId, usage } = await next(COMPLETED);
  expect(usage).toEqual({ type: 'duration', seconds: expect.closeTo((3 * audio.length) / 48_000 + 2, 1) });
  expect(received.filter(event => event.item_id !== undefined && event.item_id !== itemId)).toEqual([]);
});

test.each<[string, unknown, object]>([
  ['text that is not JSON', '{', { code: 'invalid_json' }],
  ['an event without a type', {}, { param: 'type' }],
  ['an unknown event', { type: 'response.create', event_id: 'mine' }, { code: 'invalid_value', event_id: 'mine' }],
  ['a commit of nothing', COMMIT, { code: 'input_audio_buffer_commit_empty' }],
  ['audio that is not base64', { type: 'input_audio_buffer.append', audio: '%' }, { param: 'audio' }],
  [
    'turn detection',
    { type: 'session.update', session: { audio: { input: { turn_detection: { type: 'server_vad' } } } } },
    { param: 'session.audio.input.turn_detection', message: expect.stringMatching(/detects no turns/) },
  ],
  [
    'another rate',
    { type: 'session.update', session: { audio: { input: { format: { type: 'audio/pcm', rate: 48_000 } } } } },
    { param: 'session.audio.input.format' },
  ],
  ['a conversation', { type: 'session.update', session: { type: 'realtime' } }, { param: 'session.type' }],
])('%s is an error event, and the session goes on', async (_, event, error) => {
  const { socket, next, send } = await open();
  socket.send(typeof event === 'string' ? event : JSON.stringify(event));
  expect((await next('error')).error).toMatchObject({ type: 'invalid_request_error', ...error });
  send({ type: 'session.update', session: { type: 'transcription' } });
  await next('session.updated');
});

test('audio that is cleared is not transcribed', async () => {
  const { send, next, speak, received } = await open();
  speak();
  send({ type: 'input_audio_buffer.clear' });
  await next('input_audio_buffer.cleared');
  send(COMMIT);
  await next('error');
  speak();
  send(COMMIT);
  await next(COMPLETED);
  expect(received).toEqual([]);
});

test('G.711 of 8 kHz', async () => {
  const { send, next } = await open();
  send({ type: 'session.update', session: { audio: { input: { format: { type: 'audio/pcmu' } } } } });
  await next('session.updated');
  send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(16_000, 0xff).toString('base64') });
  send(COMMIT);
  expect(await next(COMPLETED)).toMatchObject({ usage: { seconds: 2 } });
});

test('a model that vLLM does not serve is an error event and the close 1011', async () => {
  const routes = [{ endpointName: 'speech', dialect: 'openai' as const, model: 'another' }];
  const { socket, next } = await open({ routes });
  expect((await next('error')).error).toMatchObject({
    type: 'server_error',
    message: expect.stringMatching(/another/),
  });
  expect((await once(socket, 'close'))[0]).toBe(1011);
});

test('a client that leaves in mid-turn leaves no stream behind', async () => {
  const { socket, speak, next } = await open();
  speak();
  await next(DELTA);
  socket.terminate();
  while (gateway.sessions > 0 || local.openSessions > 0) await new Promise(setImmediate);
  expect(events.at(-1)).toMatchObject({ type: 'session-ended', endedBy: 'client' });
});

test('the end of the gateway is the close 1012', async () => {
  const { socket, speak } = await open();
  speak();
  const closed = once(socket, 'close');
  await gateway.close();
  expect((await closed)[0]).toBe(1012);
});

test('a path that is not OpenAI’s is refused before the upgrade', async () => {
  await expect(open({}, '/v1/listen')).rejects.toThrow('400');
});
