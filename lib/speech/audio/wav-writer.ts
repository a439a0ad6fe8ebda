import { type FileHandle, open } from 'node:fs/promises';
import { FormatTag, frameBytes, type WavFormat } from './wav-format';

/** Sizes in a header that are larger than this stand as "until the end", which readers understand. */
const LARGEST_SIZE = 0xffffffff;

/**
 * The header of a WAV file, up to where its samples begin.
 *
 * @param dataBytes bytes of samples that follow; `undefined` when the length is not known yet (a pipe): the header then says "until the
 * end".
 */
export function wavHeader(format: WavFormat, dataBytes?: number): Buffer {
  const tag = { pcm: FormatTag.PCM, float: FormatTag.FLOAT, mulaw: FormatTag.MULAW, alaw: FormatTag.ALAW }[
    format.codec
  ];
  const plain = tag === FormatTag.PCM;
  // Everything but PCM carries an (empty) extension and a `fact` chunk with the number of frames: RIFF 1994 update.
  const headerBytes = plain ? 44 : 58;
  const header = Buffer.alloc(headerBytes);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(sizeOrOpen(dataBytes, headerBytes - 8), 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(plain ? 16 : 18, 16);
  header.writeUInt16LE(tag, 20);
  header.writeUInt16LE(format.channels, 22);
  header.writeUInt32LE(format.sampleRate, 24);
  header.writeUInt32LE(format.sampleRate * frameBytes(format), 28);
  header.writeUInt16LE(frameBytes(format), 32);
  header.writeUInt16LE(format.bytesPerSample * 8, 34);
  if (!plain) {
    header.write('fact', 38, 'latin1');
    header.writeUInt32LE(4, 42);
    header.writeUInt32LE(dataBytes === undefined ? LARGEST_SIZE : Math.floor(dataBytes / frameBytes(format)), 46);
  }
  header.write('data', headerBytes - 8, 'latin1');
  header.writeUInt32LE(sizeOrOpen(dataBytes, 0), headerBytes - 4);
  return header;
}

/**
 * Writes a WAV file as its samples arrive. The file is a valid recording of what has arrived after every write, so an
 * interrupted one can be played.
 */
export class WavWriter implements AsyncDisposable {
  private written = 0;
  private tail: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: FileHandle,
    private readonly format: WavFormat,
    private readonly headerBytes: number,
  ) {}

  /**
   * Creates the file, or empties it, with a header that tells of no samples yet.
   *
   * @throws the error of the system where the file cannot be created.
   */
  static async create(path: string, format: WavFormat): Promise<WavWriter> {
    const header = wavHeader(format, 0);
    const file = await open(path, 'w');
    const writer = new WavWriter(file, format, header.length);
    try {
      await writer.put(header, 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    return writer;
  }

  /** Seconds of audio written so far. */
  get seconds(): number {
    return this.written / frameBytes(this.format) / this.format.sampleRate;
  }

  /** Appends samples, then brings the header up to date. The bytes may be reused when it resolves. */
  write(samples: Uint8Array): Promise<void> {
    this.tail = this.tail.then(async () => {
      await this.put(samples, this.headerBytes + this.written);
      this.written += samples.length;
      await this.put(wavHeader(this.format, this.written), 0);
    });
    return this.tail;
  }

  /** Pads the samples to an even length, as RIFF asks, and closes the file. */
  async close(): Promise<void> {
    try {
      await this.tail;
      if (this.written % 2 === 1) await this.put(Buffer.alloc(1), this.headerBytes + this.written);
    } finally {
      await this.file.close();
    }
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** `FileHandle.write` may write less than it was given. */
  private async put(bytes: Uint8Array, position: number): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, offset, bytes.length - offset, position + offset);
      offset += bytesWritten;
    }
  }
}

/** The RIFF size counts the pad byte, the data size does not: `extraBytes` is 0 for the latter. */
function sizeOrOpen(dataBytes: number | undefined, extraBytes: number): number {
  if (dataBytes === undefined) return LARGEST_SIZE;
  const padding = extraBytes > 0 ? dataBytes % 2 : 0;
  return Math.min(dataBytes + extraBytes + padding, LARGEST_SIZE);
}
