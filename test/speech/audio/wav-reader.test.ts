import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAudio } from '../../../lib/speech/audio';
import { AudioFormatError } from '../../../lib/speech/audio/audio-format-error';
import { wavHeader } from '../../../lib/speech/audio/wav-writer';

const FIXTURES = join(__dirname, '..', '..', 'fixtures', 'audio');
const fixture = (name: string) => readFileSync(join(FIXTURES, name));

/** The bytes in pieces, as a stream that nobody aligned would bring them. */
async function* inChunksOf(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += length) yield bytes.subarray(offset, offset + length);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

async function decode(bytes: Uint8Array, options = {}, chunkBytes = 7) {
  const input = await readAudio(inChunksOf(bytes, chunkBytes), { totalBytes: bytes.length, ...options });
  return { ...input, samples: await collect(input.chunks), missing: input.missingSeconds() };
}

describe('WAV files that ffmpeg and SoX wrote', () => {
  const readable = readdirSync(FIXTURES).filter(file => file.endsWith('.wav') && file !== 'ffmpeg-adpcm.wav');

  it.each(readable)('%s decodes to what ffmpeg decodes it to, whatever the pieces', async file => {
    const own = file.replace('.wav', '.s16');
    const expected = readdirSync(FIXTURES).includes(own) ? fixture(own) : fixture('exact.s16');
    const options = { g711: false, multichannel: true };
    for (const pieces of [1, 5, 4_096]) {
      const { samples, missing, raw } = await decode(fixture(file), options, pieces);
      if (file === 'ffmpeg-six-channels-extensible.wav') expect(samples.length).toBe(fixture(file).length - 68);
      else expect(samples.equals(expected)).toBe(true);
      expect(raw).toMatchObject({ encoding: 'linear16', sampleRate: 16_000 });
      expect(missing).toBe(0);
    }
  });

  it.each([
    ['ffmpeg-pcm_s16le-list.wav', '16 kHz mono, 16-bit PCM'],
    ['ffmpeg-stereo-extensible-24.wav', '16 kHz stereo, 24-bit PCM'],
    ['ffmpeg-six-channels-extensible.wav', '16 kHz 6 channels, 16-bit PCM'],
    ['ffmpeg-pcm_mulaw.wav', '16 kHz mono, µ-law'],
    ['sox-alaw.wav', '16 kHz mono, A-law'],
    ['ffmpeg-pcm_f64le.wav', '16 kHz mono, 64-bit float'],
  ])('%s is described as %s', async (file, description) => {
    expect((await decode(fixture(file))).description).toBe(description);
  });

  it.each(['ffmpeg-pipe.wav', 'sox-pipe.wav', 'ffmpeg-rf64.wav', 'sox-24.wav'])(
    '%s is 40 ms long, known before it is read',
    async file => {
      expect((await decode(fixture(file))).seconds).toBeCloseTo(0.04, 6);
    },
  );

  it('leaves the length of a pipe open', async () => {
    expect((await decode(fixture('ffmpeg-pipe.wav'), { totalBytes: undefined })).seconds).toBeUndefined();
  });

  it('averages channels that are not kept apart', async () => {
    const stereo = fixture('ffmpeg-stereo-extensible-24.s16');
    const { samples, raw, bytesPerSecond } = await decode(fixture('ffmpeg-stereo-extensible-24.wav'));
    expect(raw).toEqual({ encoding: 'linear16', sampleRate: 16_000, channels: 1 });
    expect(bytesPerSecond).toBe(32_000);
    expect(samples.length).toBe(stereo.length / 2);
    for (let frame = 0; frame < samples.length / 2; frame += 1) {
      const mean = (stereo.readInt16LE(frame * 4) + stereo.readInt16LE(frame * 4 + 2)) / 2;
      expect(Math.abs(samples.readInt16LE(frame * 2) - mean)).toBeLessThanOrEqual(0.5);
    }
  });

  it('lets µ-law through as it is where the receiver takes it', async () => {
    const { samples, raw, bytesPerSecond } = await decode(fixture('ffmpeg-pcm_mulaw.wav'));
    expect(raw).toEqual({ encoding: 'mulaw', sampleRate: 16_000, channels: 1 });
    expect(bytesPerSecond).toBe(16_000);
    expect(samples.equals(fixture('ffmpeg-pcm_mulaw.wav').subarray(58))).toBe(true);
  });

  it('does not copy samples that need no change', async () => {
    const file = fixture('ffmpeg-pcm_s16le-list.wav');
    const input = await readAudio(inChunksOf(file, 4_096));
    for await (const chunk of input.chunks) expect(chunk.buffer).toBe(file.buffer);
  });

  it('closes the file when its reader loses interest', async () => {
    const file = createReadStream(join(FIXTURES, 'sox-24.wav'));
    const input = await readAudio(file);
    for await (const _ of input.chunks) break;
    expect(file.destroyed).toBe(true);
  });
});

describe('headers as they should not be', () => {
  const samples = fixture('exact.s16');
  const chunk = (name: string, body: Uint8Array, size = body.length) => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32LE(size, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  };
  const riff = (size: number, ...chunks: Buffer[]) => {
    const head = Buffer.from('RIFF....WAVE', 'latin1');
    head.writeUInt32LE(size, 4);
    return Buffer.concat([head, ...chunks]);
  };
  const format = (tag = 1, channels = 1, rate = 16_000, width = 2) => {
    const body = Buffer.alloc(16);
    body.writeUInt16LE(tag, 0);
    body.writeUInt16LE(channels, 2);
    body.writeUInt32LE(rate, 4);
    body.writeUInt32LE(rate * channels * width, 8);
    body.writeUInt16LE(channels * width, 12);
    body.writeUInt16LE(width * 8, 14);
    return chunk('fmt ', body);
  };

  it('passes over chunks of odd length, with their padding, before and after the format', async () => {
    const file = riff(
      0,
      chunk('JUNK', Buffer.alloc(7, 1)),
      chunk('bext', Buffer.alloc(603, 2)),
      format(),
      chunk('LIST', Buffer.alloc(33, 3)),
      chunk('data', samples),
      chunk('LIST', Buffer.alloc(40, 4)),
    );
    expect((await decode(file)).samples.equals(samples)).toBe(true);
  });

  it.each([
    ['sizes of zero, as an interrupted recorder leaves them', 0, 0],
    ['a RIFF size that ends where the samples begin', 36, 0],
    ['sizes of 0xFFFFFFFF', 0xffffffff, 0xffffffff],
    ['a placeholder of SoX', 0x7ffff024, 0x7ffff000],
  ])('reads to the end with %s', async (_, riffBytes, dataBytes) => {
    const decoded = await decode(riff(riffBytes, format(), chunk('data', samples, dataBytes)));
    expect(decoded.samples.equals(samples)).toBe(true);
    expect(decoded.missing).toBe(0);
  });

  it('takes a length of zero at its word when other chunks follow', async () => {
    const list = chunk('LIST', Buffer.alloc(40, 4));
    const file = riff(36 + list.length, format(), chunk('data', Buffer.alloc(0)), list);
    await expect(decode(file)).rejects.toThrow('The input holds no audio');
  });

  it('gives what a truncated file has and says what is missing', async () => {
    const file = riff(36 + 32_000, format(), chunk('data', samples.subarray(0, 1_001), 32_000));
    const decoded = await decode(file.subarray(0, 44 + 1_001));
    expect(decoded.samples.equals(samples.subarray(0, 1_000))).toBe(true);
    expect(decoded.seconds).toBeCloseTo(1_001 / 32_000, 6); // what the file can give, not what its header dreams of
    expect(decoded.missing).toBeCloseTo((32_000 - 1_000) / 32_000, 6);
  });

  it('stops at the end of the samples, whatever follows', async () => {
    const file = Buffer.concat([
      riff(0, format(), chunk('data', samples)),
      Buffer.from('trailing bytes of no meaning'),
    ]);
    expect((await decode(file)).samples.equals(samples)).toBe(true);
  });

  it.each<[string, Buffer, RegExp]>([
    ['samples before their format', riff(0, chunk('data', samples), format()), /samples come before their format/],
    ['no samples at all', riff(0, format(), chunk('LIST', Buffer.alloc(4))), /ends before its samples/],
    ['a header cut in the middle', riff(0, format()).subarray(0, 30), /at least 16 are needed|ends before/],
    ['no channel', riff(0, format(1, 0), chunk('data', samples)), /no channel/],
    ['no sample rate', riff(0, format(1, 1, 0), chunk('data', samples)), /no sample rate/],
    ['frames of the wrong width', riff(0, format(1, 1, 16_000, 5), chunk('data', samples)), /5 bytes a frame/],
    ['ADPCM', fixture('ffmpeg-adpcm.wav'), /Microsoft ADPCM/],
    ['an unknown codec', riff(0, format(0x1234), chunk('data', samples)), /format tag 4660/],
    ['an endless format chunk', riff(0, chunk('fmt ', Buffer.alloc(16), 0x7fffffff)), /claims 2147483647 bytes/],
  ])('refuses %s', async (_, file, message) => {
    const refused = decode(file);
    await expect(refused).rejects.toThrow(AudioFormatError);
    await expect(refused).rejects.toThrow(message);
  });

  it('refuses a SubFormat that is no format tag', async () => {
    const body = Buffer.alloc(40);
    body.writeUInt16LE(0xfffe, 0);
    await expect(decode(riff(0, chunk('fmt ', body)))).rejects.toThrow(/codec of its own/);
  });

  it('reads its own headers', async () => {
    for (const codec of ['pcm', 'mulaw', 'alaw'] as const) {
      const bytesPerSample = codec === 'pcm' ? 2 : 1;
      const header = wavHeader({ codec, sampleRate: 24_000, channels: 1, bytesPerSample });
      const { raw, seconds } = await decode(Buffer.concat([header, Buffer.alloc(4_800)]));
      expect(raw).toEqual({ encoding: codec === 'pcm' ? 'linear16' : codec, sampleRate: 24_000, channels: 1 });
      expect(seconds).toBeCloseTo(4_800 / bytesPerSample / 24_000, 6);
    }
  });
});

describe('audio without a WAV header', () => {
  it('takes bare samples at the word of who sends them', async () => {
    const bytes = Buffer.alloc(48_001, 1);
    const input = await decode(bytes, { raw: { encoding: 'linear16', sampleRate: 24_000 } });
    expect(input.samples).toHaveLength(48_000);
    expect(input.seconds).toBeCloseTo(1, 3);
    expect(input.missing).toBeCloseTo(1 / 48_000, 9);
  });

  it.each([
    ['Ogg', 'OggS\0\x02\0\0\0\0\0\0'],
    ['WebM or Matroska', '\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f'],
    ['FLAC', 'fLaC\0\0\0\x22\x10\0\x10\0'],
    ['MP3', 'ID3\x04\0\0\0\0\0\x23TS'],
    ['MP3', '\xff\xfb\x90\x64\0\0\0\0\0\0\0\0'],
    ['AAC', '\xff\xf1\x50\x80\x2e\x7f\xfc\0\0\0\0\0'],
    ['MP4', '\0\0\0\x20ftypM4A '],
    ['AMR', '#!AMR-WB\n\0\0\0'],
    ['AIFF', 'FORM\0\0\x10\0AIFC'],
    ['AU', '.snd\0\0\0\x18\0\0\0\0'],
  ])('lets %s through unparsed, byte for byte', async (name, head) => {
    const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(100, 9)]);
    const input = await decode(bytes);
    expect(input.description).toBe(name);
    expect(input.raw).toBeUndefined();
    expect(input.samples.equals(bytes)).toBe(true);
    await expect(decode(bytes, { containers: false })).rejects.toThrow(`The input is ${name}`);
  });

  it('refuses what it does not know, and an empty input', async () => {
    await expect(decode(Buffer.alloc(64, 0xff))).rejects.toThrow(/no kind of audio file/);
    await expect(decode(Buffer.alloc(0))).rejects.toThrow(/holds no audio/);
  });
});
