import { randomBytes } from 'node:crypto';
import { LandmarkFinder } from '../../../container/speech-simulator/src/listening/landmarks';
import { BYTES_PER_SECOND, type Message, SAMPLE_PCM, SAMPLE_WORDS, startSimulator } from './support';

const NOVA = 'v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&simulator_speed=max';

/** The words of the final results, with their times. */
const finalWords = (messages: readonly Message[]) =>
  messages.filter(message => message.is_final).flatMap(message => message.channel.alternatives[0].words);

describe('landmarks', () => {
  const audio = randomBytes(200_000);

  test('are the same however the audio is cut into messages', () => {
    const whole = new LandmarkFinder().find(audio);
    expect(whole.length).toBeGreaterThan(40);
    for (const size of [1, 7, 640, 3_200]) {
      const finder = new LandmarkFinder();
      const found = [];
      for (let at = 0; at < audio.length; at += size) found.push(...finder.find(audio.subarray(at, at + size)));
      expect(found).toEqual(whole);
    }
  });

  test('are found again in audio that begins anywhere', () => {
    const whole = new Map(new LandmarkFinder().find(audio).map(({ name, at }) => [name, at]));
    const start = 71_234;
    const later = new LandmarkFinder().find(audio.subarray(start));
    expect(later.length).toBeGreaterThan(20);
    expect(later.slice(1).every(({ name, at }) => whole.get(name) === at + start)).toBe(true);
  });

  test('are not found in silence', () => {
    expect(new LandmarkFinder().find(Buffer.alloc(100_000))).toEqual([]);
  });
});

test('the sample recording is known: a session that begins in its middle begins in the middle of the script, after a crash too', async () => {
  await using simulator = await startSimulator();
  for (const seconds of [0.4, 1.963, 2.5, 3.34]) {
    const caller = await simulator.open(NOVA);
    caller.audio(SAMPLE_PCM.subarray(2 * Math.round((seconds * BYTES_PER_SECOND) / 2)));
    caller.json({ type: 'CloseStream' });
    await caller.closed;
    const words = finalWords(caller.received);
    const expected = SAMPLE_WORDS.slice(-words.length);
    expect(words.map(({ word }: Message) => word)).toEqual(expected);
    expect(words.at(-1).end + seconds).toBeCloseTo(4.574, 2);
  }
});

describe('any other audio', () => {
  const audio = randomBytes(8 * BYTES_PER_SECOND);
  const words = Array.from({ length: 20 }, (_, index) => `w${index}`);
  const target = `${NOVA}&endpointing=false&simulator_transcript=${words.join('%20')}`;

  test('goes on in the script after a cut, with no word lost or doubled', async () => {
    await using simulator = await startSimulator();
    const first = await simulator.open(target);
    first.audio(audio.subarray(0, 6 * BYTES_PER_SECOND));
    // The first result ends after five seconds.
    const { start, duration } = await first.message(message => message.is_final);
    first.webSocket.terminate();
    await first.closed;
    const second = await simulator.open(target);
    second.audio(audio.subarray((start + duration) * BYTES_PER_SECOND));
    second.json({ type: 'CloseStream' });
    await second.closed;
    const heard = [...finalWords(first.received), ...finalWords(second.received)];
    expect(heard.map(({ word }: Message) => word)).toEqual(words);
    expect(second.received.at(-1).duration).toBeCloseTo(3, 3);
  });

  test('begins anew after an orderly end', async () => {
    await using simulator = await startSimulator();
    for (const from of [0, 2]) {
      const caller = await simulator.open(target);
      caller.audio(audio.subarray(from * BYTES_PER_SECOND));
      caller.json({ type: 'CloseStream' });
      await caller.closed;
      expect(finalWords(caller.received)[0].word).toBe('w0');
    }
  });
});
