import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { BidiGateway, type BidiGatewayOptions, type GatewayEvent } from '../../lib/gateway';
import { LocalSageMaker } from '../../lib/local';
import { containerEndpoint } from '../bin/support/local-models';

const WAV_HEADER_BYTES = 44;
const BYTES_PER_SECOND = 32_000;
const PIECE_BYTES = BYTES_PER_SECOND / 10;
const RAW = 'encoding=linear16&sample_rate=16000';

/** Audio without a pause. */
const LOUD = Buffer.alloc(PIECE_BYTES, Buffer.from([0, 0x20]));

/** Where the recording's last word ends, in seconds. */
const LAST_WORD_ENDS = 4.6;

/** The recording and a pause. */
let recording: Buffer;
/** The recording, a pause, and the recording up to its last word. */
let audio: Buffer;
let local: LocalSageMaker;
let client: SageMakerRuntimeHTTP2Client;
let gateway: BidiGateway;
let events: GatewayEvent[];
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  const wav = readFileSync(join(__dirname, '..', '..', 'examples', 'sample.wav')).subarray(WAV_HEADER_BYTES);
  recording = Buffer.concat([wav, Buffer.alloc(BYTES_PER_SECOND / 2)]);
  audio = Buffer.concat([recording, wav.subarray(0, Math.round(LAST_WORD_ENDS * 10) * PIECE_BYTES)]);
  const endpoint = containerEndpoint('speech', 'speech-simulator', 'Speech');
  Object.assign(endpoint.variants[0]!.model.environment, { SIMULATOR_SPEED: 'max', SIMULATOR_DIALECTS: 'deepgram' });
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

interface Received {
  readonly type: string;
  readonly start?: number;
  readonly duration?: number;
  readonly is_final?: boolean;
  readonly speech_final?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: messages of a protocol, looked at field by field.
  readonly [field: string]: any;
}

async function open(path: string, options: Partial<BidiGatewayOptions> = {}) {
  events = [];
  gateway = await BidiGateway.start({
    routes: [{ endpointName: 'speech', dialect: 'deepgram' }],
    client,
    port: 0,
    probe: false,
    observe: event => events.push(event),
    ...options,
  });
  const socket = new WebSocket(`${gateway.url}${path}`);
  closers.push(() => socket.terminate());
  const received: Received[] = [];
  socket.on('message', data => received.push(JSON.parse(data.toString())));
  await once(socket, 'open');
  return { socket, received };
}

/** Sends audio in pieces, as it would come, but faster. */
async function speak(socket: WebSocket, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
    socket.send(bytes.subarray(offset, offset + PIECE_BYTES));
    await new Promise(setImmediate);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5));
}

/** Whether the model has said that an utterance or a turn ended behind the last word. */
const hasEnded = (received: readonly Received[]): boolean =>
  received.some(
    ({ speech_final: isFinal, start, duration, event }) =>
      event === 'EndOfTurn' || (isFinal && start! + duration! >= LAST_WORD_ENDS),
  );

/** Everything that a session of this path hears, and how it ended. */
async function transcribe(path: string, options: Partial<BidiGatewayOptions> = {}, bytes = audio) {
  const { socket, received } = await open(path, options);
  const pause = Math.round(LAST_WORD_ENDS * 10 + 1) * PIECE_BYTES;
  await speak(socket, bytes.subarray(0, pause));
  await until(() => hasEnded(received)); // a busy machine is slower than the audio
  await new Promise(resolve => setTimeout(resolve, 1.2 * (options.handOverAfterMs ?? 0)));
  // One piece, in which one change is made: the simulator takes a stream of silence for the beginning of its script.
  socket.send(bytes.subarray(pause, recording.length));
  await speak(socket, bytes.subarray(recording.length));
  socket.send(JSON.stringify({ type: 'CloseStream' }));
  const [code] = await once(socket, 'close');
  return { received, code, ended: await sessionEnd() };
}

async function sessionEnd(): Promise<Extract<GatewayEvent, { type: 'session-ended' }>> {
  await until(() => gateway.sessions === 0);
  return events.at(-1) as Extract<GatewayEvent, { type: 'session-ended' }>;
}

/** Each final word and when it began, in seconds. */
const words = (received: readonly Received[]): { word: string; start: number }[] =>
  received
    .filter(({ type, is_final: isFinal }) => type === 'Results' && isFinal)
    .flatMap(({ channel }) => channel.alternatives[0].words)
    .map(({ word, start }) => ({ word, start }));

describe('Nova-3', () => {
  const path = `/v1/listen?model=nova-3&interim_results=true&vad_events=true&${RAW}`;

  test('a session that outlives its streams is one to its client', async () => {
    const once = await transcribe(path, {}, recording);
    expect(once.ended.handOvers).toBe(0);
    await gateway.close();
    const { received, code, ended } = await transcribe(path, { handOverAfterMs: 500 });
    expect(ended.handOvers).toBeGreaterThan(0);
    expect([code, ended.error]).toEqual([1000, undefined]);
    // Each word once and at its time, as the recording has it twice.
    const first = words(once.received);
    const second = first.map(({ word, start }) => ({ word, start: start + recording.length / BYTES_PER_SECOND }));
    expect(words(received)).toEqual(
      [...first, ...second].map(({ word, start }) => ({ word, start: expect.closeTo(start, 1) })),
    );
    // Times count on without a gap.
    const finals = received.filter(({ is_final: isFinal }) => isFinal);
    let end = 0;
    for (const { start, duration } of finals) {
      expect(start).toBeCloseTo(end, 2);
      end = start! + duration!;
    }
    expect(end).toBeCloseTo(audio.length / BYTES_PER_SECOND, 3);
    // One request id, and one Metadata that speaks of everything.
    const ids = new Set(received.flatMap(({ metadata, request_id: id }) => metadata?.request_id ?? id ?? []));
    expect(ids.size).toBe(1);
    const summaries = received.filter(({ type }) => type === 'Metadata');
    expect(summaries).toEqual([received.at(-1)]);
    expect(summaries[0]).toMatchObject({
      duration: expect.closeTo(audio.length / BYTES_PER_SECOND, 3),
      sha256: createHash('sha256').update(audio).digest('hex'),
    });
  });

  test('messages pass as they are until another stream goes on, and unknown ones always', async () => {
    const { socket, received } = await open(path);
    socket.send('no JSON');
    await until(() => received.length > 0);
    expect(received[0]).toMatchObject({ type: 'Error', variant: 'SchemaError' });
    socket.send(JSON.stringify({ type: 'Finalize' }));
    await until(() => received.some(message => message.from_finalize === true));
  });

  test('without a pause it closes with 1012 before the platform does', async () => {
    const { socket, received } = await open(path, { handOverAfterMs: 1, sessionLimitMs: 300 });
    const closed = once(socket, 'close');
    const speaking = setInterval(() => socket.send(LOUD), 20);
    const [code] = await closed;
    clearInterval(speaking);
    expect(code).toBe(1012);
    expect(await sessionEnd()).toMatchObject({ endedBy: 'gateway', handOvers: 0 });
    expect(received.filter(({ type }) => type === 'Metadata')).toEqual([]);
  });

  test.each([
    ['speakers that are told apart', `${path}&diarize=true`],
    ['audio in a container', '/v1/listen?model=nova-3'],
    ['speech synthesis', '/v1/speak?model=aura-2-thalia-en&encoding=linear16&sample_rate=24000'],
  ])('%s: no other stream can go on unnoticed, so it closes with 1012', async (_, other) => {
    const { socket } = await open(other, { handOverAfterMs: 1, sessionLimitMs: 50 });
    expect((await once(socket, 'close'))[0]).toBe(1012);
    expect(await sessionEnd()).toMatchObject({ handOvers: 0 });
  });

  test('a client that leaves while another stream waits leaves none behind', async () => {
    const { socket } = await open(path, { handOverAfterMs: 1 });
    const speaking = setInterval(() => socket.send(LOUD), 5);
    await until(() => local.openSessions === 2); // the next one is open, and waits for a pause
    clearInterval(speaking);
    socket.terminate();
    await until(() => local.openSessions === 0);
    expect(await sessionEnd()).toMatchObject({ endedBy: 'client', handOvers: 0 });
  });

  test('a client that closes without CloseStream ends its streams', async () => {
    const { socket } = await open(path);
    await speak(socket, recording);
    socket.close(1000);
    expect((await once(socket, 'close'))[0]).toBe(1000);
    await until(() => local.openSessions === 0);
  });

  test('text that is not UTF-8 closes with 1007', async () => {
    const { socket } = await open(path);
    socket.send(Buffer.from([0xff]), { binary: false });
    expect((await once(socket, 'close'))[0]).toBe(1007);
  });

  test('parameters that the model refuses are an answer before the upgrade', async () => {
    await expect(open(path.replace('nova-3', 'nova-9'))).rejects.toThrow('502');
  });
});

describe('Flux', () => {
  const path = `/v2/listen?model=flux-general-en&${RAW}`;

  test('turns and messages count on over the change, settings are kept, and no second Connected comes', async () => {
    const { socket, received } = await open(path, { handOverAfterMs: 1 });
    socket.send(JSON.stringify({ type: 'Configure', thresholds: { eot_threshold: 0.6 } }));
    socket.send(JSON.stringify({ type: 'Configure', thresholds: { eot_timeout_ms: 4_000 } }));
    await speak(socket, recording);
    await until(() => hasEnded(received));
    await speak(socket, Buffer.alloc(4 * PIECE_BYTES));
    await speak(socket, recording);
    socket.send(JSON.stringify({ type: 'CloseStream' }));
    await once(socket, 'close');
    expect((await sessionEnd()).handOvers).toBeGreaterThan(0);
    expect(received.map(({ sequence_id: id }) => id)).toEqual(received.map((_, index) => index));
    expect(new Set(received.map(({ request_id: id }) => id)).size).toBe(1);
    expect(received.filter(({ type }) => type === 'Connected')).toHaveLength(1);
    expect(received.filter(({ type }) => type.startsWith('Configure'))).toHaveLength(2);
    const turns = received.filter(({ event }) => event === 'EndOfTurn').map(({ turn_index: turn }) => turn);
    expect(turns).toEqual(turns.map((_, index) => index));
    expect(turns.length).toBeGreaterThan(1);
    const ends = received.flatMap(({ audio_window_end: end }) => end ?? []);
    expect(ends).toEqual(ends.toSorted((one, other) => one - other));
  });
});
