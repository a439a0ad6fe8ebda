import { Ear } from '../../../container/speech-simulator/src/listening/ear';
import { BYTES_PER_SECOND, SAMPLE_PCM, SAMPLE_WORDS, startSimulator } from './support';

const NOVA = 'v1/listen?model=nova-3&encoding=linear16&sample_rate=16000';
const transcript = (messages: readonly { type?: string; is_final?: boolean; channel?: never }[]) =>
  messages
    .filter(message => message.type === 'Results' && message.is_final)
    // biome-ignore lint/suspicious/noExplicitAny: a message of the wire
    .map(message => (message.channel as any).alternatives[0].transcript)
    .filter(text => text !== '')
    .join(' ');

describe('the ear', () => {
  test('hears at once what comes as it is spoken', () => {
    const ear = new Ear(1);
    for (let chunk = 1; chunk <= 100; chunk += 1) {
      ear.received(chunk * 0.1, chunk * 100);
      expect(ear.waitMs(chunk * 0.1, chunk * 100)).toBeLessThanOrEqual(0);
    }
  });

  test('hears at real time what comes at once, after the first second', () => {
    const ear = new Ear(1);
    ear.received(26, 5_000);
    expect(ear.waitMs(1, 5_000)).toBeLessThanOrEqual(0);
    expect(ear.waitMs(11, 5_000)).toBe(10_000);
    expect(ear.waitMs(26, 5_000)).toBe(25_000);
    expect(ear.overMs).toBe(31_000);
  });

  test('hears as much faster as it is told', () => {
    const fast = new Ear(10);
    fast.received(26, 0);
    expect(fast.waitMs(11, 0)).toBe(1_000);
    const immediate = new Ear(Number.POSITIVE_INFINITY);
    immediate.received(26, 7);
    expect(immediate.waitMs(26, 7)).toBeLessThanOrEqual(0);
  });
});

test('a burst of audio is no silence: the caller may wait as long as its audio lasts, and CloseStream hears the rest at once', async () => {
  // The flow of the announcement's sample: large chunks, a long wait, CloseStream. A tenth of the platform's times.
  await using simulator = await startSimulator({ SIMULATOR_SPEED: '10', SIMULATOR_IDLE_TIMEOUT_MS: '300' });
  const caller = await simulator.open(NOVA);
  caller.audio(Buffer.concat([SAMPLE_PCM, Buffer.alloc(5 * BYTES_PER_SECOND)]));
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(caller.webSocket.readyState).toBe(caller.webSocket.OPEN);
  caller.json({ type: 'CloseStream' });
  expect((await caller.closed).code).toBe(1000);
  expect(transcript(caller.received)).toBe(SAMPLE_WORDS.join(' '));
});

test('silence after the audio ends the session', async () => {
  await using simulator = await startSimulator({ SIMULATOR_SPEED: 'max', SIMULATOR_IDLE_TIMEOUT_MS: '100' });
  const caller = await simulator.open(NOVA);
  caller.audio(SAMPLE_PCM);
  expect(await caller.closed).toEqual({ code: 1011, reason: expect.stringMatching(/^NET-0001/) });
});

test('the language is English unless the query says otherwise', async () => {
  await using simulator = await startSimulator({ SIMULATOR_SPEED: 'max' });
  const caller = await simulator.open('v1/listen?model=nova-3&encoding=linear16&sample_rate=16000');
  caller.json({ type: 'CloseStream' });
  expect((await caller.closed).code).toBe(1000);
  expect(caller.received.at(-1).warnings).toBeUndefined();
});

describe('a control message sent as binary', () => {
  const control = Buffer.from('{"type":"CloseStream"}');

  test('is audio, and the log warns once', async () => {
    await using simulator = await startSimulator({ SIMULATOR_SPEED: 'max' });
    const caller = await simulator.open(NOVA);
    caller.audio(control);
    caller.audio(control);
    caller.json({ type: 'CloseStream' });
    await caller.closed;
    expect(caller.received.at(-1).duration).toBeCloseTo((2 * control.length) / BYTES_PER_SECOND, 3);
    expect(simulator.log.filter(line => line.event === 'warning')).toEqual([
      expect.objectContaining({ message: expect.stringContaining('SIMULATOR_BINARY_CONTROL=control') }),
    ]);
  });

  test('is obeyed where the container is told to', async () => {
    await using simulator = await startSimulator({ SIMULATOR_SPEED: 'max', SIMULATOR_BINARY_CONTROL: 'control' });
    const caller = await simulator.open(NOVA);
    caller.audio(SAMPLE_PCM);
    caller.audio(control);
    expect((await caller.closed).code).toBe(1000);
    expect(transcript(caller.received)).toBe(SAMPLE_WORDS.join(' '));
  });
});

test('a caller that ends the connection while the model finalizes loses the tail', async () => {
  await using simulator = await startSimulator({ SIMULATOR_SPEED: 'max', SIMULATOR_FINALIZE_MS: '200' });
  const patient = await simulator.open(NOVA);
  patient.audio(SAMPLE_PCM);
  patient.json({ type: 'CloseStream' });
  await patient.closed;
  expect(transcript(patient.received)).toBe(SAMPLE_WORDS.join(' '));
  const hasty = await simulator.open(NOVA);
  hasty.audio(SAMPLE_PCM);
  hasty.json({ type: 'CloseStream' });
  hasty.webSocket.close(1000);
  await hasty.closed;
  expect(hasty.received.map(message => message.type)).not.toContain('Metadata');
});

describe('speech', () => {
  test('comes no faster than it is spoken, so that Clear comes in time', async () => {
    await using simulator = await startSimulator();
    const caller = await simulator.open('v1/speak?model=aura-2-thalia-en');
    caller.json({ type: 'Speak', text: 'one two three four five six seven eight nine ten eleven twelve' });
    caller.json({ type: 'Flush' });
    await caller.message(Buffer.isBuffer);
    caller.json({ type: 'Clear' });
    caller.json({ type: 'Close' });
    await caller.closed;
    expect(caller.types.filter(type => type === 'audio').length).toBeLessThan(6);
    expect(caller.types).toContain('Cleared');
  });

  test('comes as fast as possible on request', async () => {
    await using simulator = await startSimulator();
    const caller = await simulator.open('v2/speak?model=flux-haley-en&simulator_speed=max');
    caller.json({ type: 'Speak', text: 'word '.repeat(500) });
    caller.json({ type: 'Close' });
    await caller.closed;
    expect(caller.types.filter(type => type === 'audio')).toHaveLength(500);
  });
});
