import { readAudio, type WavFormat, wavHeader } from '../../../lib/speech/audio';

/** Samples of one format, as linear16. */
async function linear16(format: Pick<WavFormat, 'codec' | 'bytesPerSample'>, samples: Buffer): Promise<number[]> {
  const header = wavHeader({ ...format, sampleRate: 8_000, channels: 1 }, samples.length);
  async function* file() {
    yield Buffer.concat([header, samples]);
  }
  const { chunks } = await readAudio(file(), { g711: false });
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const out = Buffer.concat(parts);
  return Array.from({ length: out.length / 2 }, (_, index) => out.readInt16LE(index * 2));
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

function floats(width: 4 | 8, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * width);
  for (const [index, value] of values.entries()) {
    if (width === 4) bytes.writeFloatLE(value, index * 4);
    else bytes.writeDoubleLE(value, index * 8);
  }
  return bytes;
}

describe('samples at the ends of their range, and between two steps', () => {
  it.each<[string, Pick<WavFormat, 'codec' | 'bytesPerSample'>, Buffer, number[]]>([
    ['8-bit PCM, unsigned', { codec: 'pcm', bytesPerSample: 1 }, hex('00 7f 80 ff'), [-32_768, -256, 0, 32_512]],
    ['16-bit PCM', { codec: 'pcm', bytesPerSample: 2 }, hex('0080 ffff 0000 ff7f'), [-32_768, -1, 0, 32_767]],
    [
      '24-bit PCM, rounded',
      { codec: 'pcm', bytesPerSample: 3 },
      hex('000080 ffffff 7f0000 800000 ffff7f'),
      [-32_768, 0, 0, 1, 32_767],
    ],
    [
      '32-bit PCM, rounded',
      { codec: 'pcm', bytesPerSample: 4 },
      hex('00000080 ffffffff ff7f0000 00800000 ffffff7f'),
      [-32_768, 0, 0, 1, 32_767],
    ],
    [
      '32-bit float, clipped',
      { codec: 'float', bytesPerSample: 4 },
      floats(4, -1.5, -1, 0.5, 1, 7, Number.NaN, Number.POSITIVE_INFINITY),
      [-32_768, -32_768, 16_384, 32_767, 32_767, 0, 32_767],
    ],
    ['64-bit float, clipped', { codec: 'float', bytesPerSample: 8 }, floats(8, -2, 0.25, 2), [-32_768, 8_192, 32_767]],
    // ITU-T G.711, tables 1a to 2b: first, last and middle of both signs.
    ['µ-law', { codec: 'mulaw', bytesPerSample: 1 }, hex('00 7f 80 ff'), [-32_124, 0, 32_124, 0]],
    ['A-law', { codec: 'alaw', bytesPerSample: 1 }, hex('2a 55 aa d5'), [-32_256, -8, 32_256, 8]],
  ])('%s', async (_, format, samples, expected) => {
    expect((await linear16(format, samples)).map(value => value + 0)).toEqual(expected);
  });
});
