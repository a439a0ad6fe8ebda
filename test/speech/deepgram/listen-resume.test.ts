import fc from 'fast-check';
import { DeepgramListen, type ListenMessage } from '../../../lib/speech/deepgram';
import { wholeFrames } from '../../../lib/speech/deepgram/listen-resume';
import { FakeDeepgramClient } from './fake-deepgram-client';

const RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000];

describe('whole frames of a time', () => {
  test.each(RATES)('are exact at every frame of 30 minutes, %d Hz', rate => {
    for (let frame = 0; frame < rate * 1_800; frame += 997) {
      if (wholeFrames(frame / rate, rate) !== frame) throw new Error(`frame ${frame}`);
    }
  });

  test('are exact for a time that was told as a start and a duration', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RATES), fc.nat(40_000_000), fc.nat(1_000_000), (rate, start, length) => {
        expect(wholeFrames(start / rate + length / rate, rate)).toBe(start + length);
      }),
    );
  });

  test('are exact for a time in 32 bits, as long as 32 bits tell frames apart', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RATES), fc.nat(8_000_000), (rate, frame) => {
        expect(wholeFrames(Math.fround(frame / rate), rate)).toBe(frame);
      }),
    );
  });

  test('count no frame that has only begun', () => {
    expect(wholeFrames(1.00003, 16_000)).toBe(16_000);
    expect(wholeFrames(0.99999, 16_000)).toBe(15_999);
  });
});

test('500 rounds of random cuts: every byte is heard once', async () => {
  const RATE = 16_000;
  let seed = 7;
  const random = (limit: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % limit;
  };
  for (let round = 0; round < 500; round += 1) {
    const sent = Buffer.from(
      Array.from({ length: 2 * (2_000 + random(2_000)) }, (_, index) => (index * 7 + round) % 251),
    );
    const heard: Buffer[] = [];
    let cuts = 2;
    const client = new FakeDeepgramClient(async stream => {
      let taken = Buffer.alloc(0);
      let settled = 0;
      for await (const item of stream.input) {
        if (typeof item === 'string') break;
        taken = Buffer.concat([taken, item]);
        const frames = taken.length / 2 - random(20);
        if (frames * 2 <= settled) continue;
        const start = settled / 2 / RATE;
        stream.say({
          type: 'Results',
          start,
          duration: frames / RATE - start,
          is_final: true,
          channel: { alternatives: [{ transcript: 'x', confidence: 1, words: [] }] },
        });
        settled = frames * 2;
        if (cuts > 0 && random(4) === 0) {
          cuts -= 1;
          heard.push(taken.subarray(0, settled));
          await new Promise(resolve => setImmediate(resolve));
          stream.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
          return;
        }
      }
      heard.push(taken);
      stream.say({ type: 'Metadata', request_id: 'r', duration: taken.length / 2 / RATE, channels: 1 });
    });
    const listen = await DeepgramListen.open({
      endpointName: 'speech',
      client,
      parameters: { model: 'nova-3', language: 'en', encoding: 'linear16', sample_rate: RATE },
      resume: { maxResumes: 20 },
      retry: { baseDelayMs: 1 },
    });
    async function* audio() {
      for (let offset = 0; offset < sent.length; offset += 600) yield sent.subarray(offset, offset + 600);
    }
    const messages: ListenMessage[] = [];
    for await (const message of listen.transcribe(audio())) messages.push(message);
    if (!Buffer.concat(heard).equals(sent)) {
      throw new Error(`round ${round}: ${Buffer.concat(heard).length} bytes heard of ${sent.length}`);
    }
  }
});
