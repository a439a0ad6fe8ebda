import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAudio, type WavFormat, WavWriter, wavHeader } from '../../../lib/speech/audio';

const PCM: WavFormat = { codec: 'pcm', sampleRate: 24_000, channels: 1, bytesPerSample: 2 };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wav-writer-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What a reader that trusts the header alone finds. */
async function recorded(path: string) {
  const bytes = readFileSync(path);
  const input = await readAudio(once(bytes), { totalBytes: bytes.length });
  const parts: Uint8Array[] = [];
  for await (const chunk of input.chunks) parts.push(chunk);
  return { samples: Buffer.concat(parts), seconds: input.seconds, missing: input.missingSeconds(), bytes };
}

describe('WavWriter', () => {
  it('leaves a playable recording of everything so far after every write', async () => {
    const path = join(directory, 'out.wav');
    const writer = await WavWriter.create(path, PCM);
    let expected = Buffer.alloc(0);
    for (const length of [4_800, 0, 2, 96_000]) {
      const samples = Buffer.alloc(length, length % 251);
      await writer.write(samples);
      expected = Buffer.concat([expected, samples]);
      // Not closed: this is the file that an interruption would leave.
      const { samples: found, missing } = await recorded(path);
      expect(found.equals(expected)).toBe(true);
      expect(missing).toBe(0);
    }
    expect(writer.seconds).toBeCloseTo(expected.length / 48_000, 9);
    await writer.close();
    expect((await recorded(path)).bytes).toHaveLength(44 + expected.length);
  });

  it('writes in the order of the calls, awaited or not', async () => {
    const path = join(directory, 'order.wav');
    const writer = await WavWriter.create(path, PCM);
    await Promise.all([1, 2, 3, 4].map(value => writer.write(Buffer.alloc(1_000, value))));
    await writer.close();
    const { samples } = await recorded(path);
    expect([0, 1_000, 2_000, 3_000].map(offset => samples[offset])).toEqual([1, 2, 3, 4]);
  });

  it('pads an odd length and counts the pad byte in the RIFF size only', async () => {
    const path = join(directory, 'odd.wav');
    const writer = await WavWriter.create(path, { codec: 'mulaw', sampleRate: 8_000, channels: 1, bytesPerSample: 1 });
    await writer.write(Buffer.alloc(801, 0x7f));
    await writer.close();
    const { bytes, samples } = await recorded(path);
    expect(samples).toHaveLength(801);
    expect(bytes).toHaveLength(58 + 802);
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
    expect(bytes.readUInt32LE(54)).toBe(801);
    expect(bytes.readUInt32LE(46)).toBe(801); // fact: frames
  });

  it('closes its file when a write fails', async () => {
    const writer = await WavWriter.create('/dev/full', PCM).catch(error => error as NodeJS.ErrnoException);
    if (writer instanceof WavWriter) throw new Error('/dev/full took a header');
    expect(['ENOSPC', 'ENOENT', 'EACCES', 'EPERM']).toContain(writer.code);
  });
});

describe('wavHeader', () => {
  it('says "until the end" where the length is not known, or is more than 32 bits hold', () => {
    for (const dataBytes of [undefined, 2 ** 33]) {
      const header = wavHeader(PCM, dataBytes);
      expect(header.readUInt32LE(4)).toBe(0xffffffff);
      expect(header.readUInt32LE(40)).toBe(0xffffffff);
    }
  });

  it('is the header that ffmpeg writes for the same samples', () => {
    const file = readFileSync(join(__dirname, '..', '..', 'fixtures', 'audio', 'ffmpeg-pcm_alaw.wav'));
    const ours = wavHeader({ codec: 'alaw', sampleRate: 16_000, channels: 1, bytesPerSample: 1 }, 640);
    expect(ours.toString('hex')).toBe(file.subarray(0, 58).toString('hex'));
  });
});
