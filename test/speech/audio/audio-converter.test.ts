import { AudioConverter } from '../../../lib/speech/audio/audio-converter';

const AMPLITUDE = 0.5;

function tone(hertz: number, rate: number, seconds: number, channels = 1): Buffer {
  const frames = rate * seconds;
  const bytes = Buffer.alloc(frames * channels * 2);
  for (let frame = 0; frame < frames; frame += 1) {
    const sample = Math.round(AMPLITUDE * 0x7fff * Math.sin((2 * Math.PI * hertz * frame) / rate));
    for (let channel = 0; channel < channels; channel += 1)
      bytes.writeInt16LE(sample, (frame * channels + channel) * 2);
  }
  return bytes;
}

/** Signal over noise of a tone, in dB, away from its edges: what the best fitting sine leaves over. */
function signalToNoise(bytes: Buffer, hertz: number, rate: number): number {
  const samples = Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readInt16LE(index * 2));
  const middle = samples.slice(rate / 4, -rate / 4);
  let [sine, cosine] = [0, 0];
  middle.forEach((sample, index) => {
    sine += (2 / middle.length) * sample * Math.sin((2 * Math.PI * hertz * index) / rate);
    cosine += (2 / middle.length) * sample * Math.cos((2 * Math.PI * hertz * index) / rate);
  });
  let noise = 0;
  middle.forEach((sample, index) => {
    const angle = (2 * Math.PI * hertz * index) / rate;
    noise += (sample - sine * Math.sin(angle) - cosine * Math.cos(angle)) ** 2;
  });
  return 10 * Math.log10((middle.length * (sine ** 2 + cosine ** 2)) / 2 / noise);
}

async function convert(bytes: Buffer, from: number, to: number, pieceBytes: number, channels = 1): Promise<Buffer> {
  const converter = await AudioConverter.create({ encoding: 'linear16', sampleRate: from, channels }, to);
  const parts: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    parts.push(converter.convert(bytes.subarray(offset, offset + pieceBytes)));
  }
  parts.push(converter.end());
  return Buffer.concat(parts);
}

test.each([
  [8_000, 16_000],
  [24_000, 16_000],
  [44_100, 16_000],
  [48_000, 16_000],
  [16_000, 24_000],
])(
  'a tone of 1 kHz goes from %i to %i Hz with more than 80 dB over its noise, and with its length',
  async (from, to) => {
    const converted = await convert(tone(1_000, from, 1), from, to, 3_201);
    expect(converted.length).toBe(to * 2);
    expect(signalToNoise(converted, 1_000, to)).toBeGreaterThan(80); // 16 bits alone hold some 90 dB of half of their scale
  },
);

test('a tone above half of the new rate does not come back as another one', async () => {
  const converted = await convert(tone(11_000, 48_000, 1), 48_000, 16_000, 4_800);
  const middle = Array.from({ length: 8_000 }, (_, index) => Math.abs(converted.readInt16LE((index + 4_000) * 2)));
  expect(Math.max(...middle)).toBeLessThan(4);
});

test('channels are averaged and G.711 is decoded, whatever the pieces are', async () => {
  const stereo = tone(500, 16_000, 1, 2);
  expect((await convert(stereo, 16_000, 16_000, 1_001, 2)).equals(tone(500, 16_000, 1))).toBe(true);
  const converter = await AudioConverter.create({ encoding: 'mulaw', sampleRate: 8_000 }, 8_000);
  expect(converter.convert(Buffer.from([0xff, 0x80])).readInt16LE(2)).toBe(32_124);
});
