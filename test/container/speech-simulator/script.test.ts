import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeALaw, encodeMuLaw } from '../../../container/speech-simulator/src/audio/g711';
import { readConfiguration } from '../../../container/speech-simulator/src/configuration';
import { Script } from '../../../container/speech-simulator/src/script';
import type { ConfigurationError } from '../../../container/speech-simulator/src/streaming/settings';

const directory = mkdtempSync(join(tmpdir(), 'bidi-script-'));
afterAll(() => rmSync(directory, { recursive: true }));

function script(content: unknown): string {
  const path = join(directory, 'script.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('a script file needs only words and times', () => {
  const read = Script.fromFile(script({ words: [{ word: 'hi', start: 0.5, end: 1 }] }));
  expect(read.word(0)).toMatchObject({ word: 'hi', start: 0.5, end: 1, confidence: 0.99, punctuated_word: 'hi' });
  expect(read.word(1)).toBeUndefined();
});

test('a script can begin again', () => {
  const words = [
    { word: 'a', start: 0, end: 1 },
    { word: 'b', start: 1, end: 2 },
  ];
  const read = Script.fromFile(script({ words, repeat_every: 3 }));
  expect([0, 1, 2, 3, 2000].map(position => read.word(position)!.start)).toEqual([0, 1, 3, 4, 3000]);
});

test('a transcript is spread over time, with a pause after a sentence', () => {
  const read = Script.fromText(' Well,  done. "Yes" ');
  expect([0, 1, 2, 3].map(position => read.word(position))).toEqual([
    { word: 'well', start: 0, end: 0.3, confidence: 0.99, punctuated_word: 'Well,' },
    { word: 'done', start: 0.35, end: 0.65, confidence: 0.99, punctuated_word: 'done.' },
    { word: 'yes', start: 1.15, end: 1.45, confidence: 0.99, punctuated_word: '"Yes"' },
    undefined,
  ]);
});

test.each([
  ['no JSON', '{', /cannot be read/],
  ['no words', {}, /needs an array "words"/],
  ['a word without time', { words: [{ word: 'a' }] }, /Word 0 needs/],
  ['a word that ends before it begins', { words: [{ word: 'a', start: 2, end: 1 }] }, /Word 0 \("a", 2 to 1 s\)/],
  [
    'words out of order',
    {
      words: [
        { word: 'a', start: 0, end: 1 },
        { word: 'b', start: 0.5, end: 2 },
      ],
    },
    /Word 1/,
  ],
  ['a repetition within itself', { words: [{ word: 'a', start: 0, end: 1 }], repeat_every: 0.5 }, /repeat_every/],
])('a script with %s is refused', (_, content, message) => {
  expect(() => Script.fromFile(script(content))).toThrow(message);
});

test('the faults of a configuration come together', () => {
  try {
    readConfiguration({ SIMULATOR_SCRIPT: join(directory, 'none.json'), SIMULATOR_IDLE_TIMEOUT_MS: '0' }, ['run']);
    throw new Error('not refused');
  } catch (error) {
    expect((error as ConfigurationError).faults).toHaveLength(3);
  }
});

test('G.711 of both laws comes back close to what it was', () => {
  // The decoders of ITU-T G.711, written the other way round than the encoders.
  const decodeMuLaw = (byte: number) => {
    const bits = ~byte & 0xff;
    const magnitude = ((((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)) - 132;
    return bits & 0x80 ? -magnitude : magnitude;
  };
  const decodeALaw = (byte: number) => {
    const bits = byte ^ 0x55;
    const segment = (bits >> 4) & 7;
    const mantissa = ((bits & 0x0f) << 4) + 8;
    const magnitude = segment === 0 ? mantissa : (mantissa + 256) << (segment - 1);
    return bits & 0x80 ? magnitude : -magnitude;
  };
  for (let sample = -32_768; sample <= 32_767; sample += 37) {
    const tolerance = Math.abs(sample) / 16 + 24;
    expect(Math.abs(decodeMuLaw(encodeMuLaw(sample)) - sample)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(decodeALaw(encodeALaw(sample)) - sample)).toBeLessThanOrEqual(tolerance);
  }
  expect([encodeMuLaw(0), encodeALaw(0)]).toEqual([0xff, 0xd5]);
});
