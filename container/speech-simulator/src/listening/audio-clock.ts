/** Bytes of one sample of one channel, by the `encoding` of raw audio. */
const SAMPLE_BYTES: Readonly<Record<string, number>> = { linear16: 2, linear32: 4, mulaw: 1, alaw: 1 };

/**
 * Bytes a second that compressed audio is taken to have: 128 kbit/s. The simulator decodes nothing, so for compressed audio
 * its times are a guess; for raw audio and WAV they are exact.
 */
const COMPRESSED_BYTES_PER_SECOND = 16_000;

/** Encodings that Deepgram takes and that are compressed. */
const COMPRESSED_ENCODINGS = ['flac', 'amr-nb', 'amr-wb', 'opus', 'ogg-opus', 'speex', 'g729'];

/** The values of `encoding`. */
export const ENCODINGS: readonly string[] = [...Object.keys(SAMPLE_BYTES), ...COMPRESSED_ENCODINGS];

/** Whether audio of this encoding has no header that says its rate. */
export function isRaw(encoding: string): boolean {
  return encoding in SAMPLE_BYTES;
}

/** First bytes of other container formats: Ogg, FLAC, MP3 (ID3 or a frame), WebM (after one byte), MP4 (after four), CAF. */
const MAGIC = [/^OggS/, /^fLaC/, /^ID3/, /^\xff[\xe0-\xff]/, /^.E\xdf\xa3/s, /^....ftyp/s, /^caff/];

/** Longest WAV header that is waited for, in bytes. */
const WAV_HEADER_LIMIT = 64 * 1024;

/** Audio that cannot be told from noise: no `encoding` was given and no known container begins so. */
export class UndecodableAudioError extends Error {
  override readonly name = 'UndecodableAudioError';
}

/** Tells how many seconds of audio have been received, from the bytes and what is known of their format. */
export class AudioClock {
  private bytesPerSecond: number | undefined;
  private audioBytes = 0;
  /** The beginning of the stream, until its format is known. */
  private head = Buffer.alloc(0);

  /** @param raw the format of raw audio, or undefined when the audio has a header */
  constructor(raw: { encoding: string; sampleRate: number; channels: number } | undefined) {
    if (raw === undefined) return;
    const sampleBytes = SAMPLE_BYTES[raw.encoding];
    this.bytesPerSecond =
      sampleBytes === undefined ? COMPRESSED_BYTES_PER_SECOND : sampleBytes * raw.sampleRate * raw.channels;
  }

  /** Seconds of audio received. */
  get seconds(): number {
    return this.bytesPerSecond === undefined ? 0 : this.audioBytes / this.bytesPerSecond;
  }

  /** The time at which a byte of the audio is heard, counted without a header. */
  secondsAt(position: number): number {
    return this.bytesPerSecond === undefined ? 0 : position / this.bytesPerSecond;
  }

  /**
   * Takes the next bytes.
   *
   * @returns how many of them belong to the header
   * @throws UndecodableAudioError
   */
  receive(bytes: Buffer): number {
    if (this.bytesPerSecond !== undefined) {
      this.audioBytes += bytes.length;
      return 0;
    }
    this.head = Buffer.concat([this.head, bytes]);
    if (this.head.length >= 12) this.readHead();
    return Math.max(0, bytes.length - this.audioBytes);
  }

  private readHead(): void {
    const text = this.head.toString('latin1', 0, 12);
    if (text.startsWith('RIFF') && text.endsWith('WAVE')) {
      this.readWavHeader();
    } else if (MAGIC.some(magic => magic.test(text))) {
      this.begin(COMPRESSED_BYTES_PER_SECOND, 0);
    } else {
      throw new UndecodableAudioError();
    }
  }

  /** Walks the chunks of RIFF until the audio begins; the rest of the header may be still on its way. */
  private readWavHeader(): void {
    let bytesPerSecond = COMPRESSED_BYTES_PER_SECOND;
    for (let at = 12; at + 8 <= this.head.length; ) {
      const id = this.head.toString('latin1', at, at + 4);
      const length = this.head.readUInt32LE(at + 4);
      if (id === 'data') {
        this.begin(bytesPerSecond, at + 8);
        return;
      }
      if (id === 'fmt ' && at + 20 <= this.head.length) bytesPerSecond = this.head.readUInt32LE(at + 16);
      at += 8 + length + (length % 2);
    }
    if (this.head.length > WAV_HEADER_LIMIT) throw new UndecodableAudioError();
  }

  private begin(bytesPerSecond: number, headerBytes: number): void {
    if (bytesPerSecond === 0) throw new UndecodableAudioError();
    this.bytesPerSecond = bytesPerSecond;
    this.audioBytes = this.head.length - headerBytes;
    this.head = Buffer.alloc(0);
  }
}
