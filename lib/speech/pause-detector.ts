import type { RawAudio } from './audio';
import { decodeAlaw, decodeMulaw } from './audio/g711';

/** Loudest sample of a pause, of 32768: -40 dB of full scale. */
const QUIET_AMPLITUDE = 328;

/** Length of a pause, in seconds, at whose end a word can hardly be open. */
const PAUSE_SECONDS = 0.3;

/** Finds pauses in speech by their loudness. */
export class PauseDetector {
  private quietSamples = 0;

  constructor(private readonly audio: RawAudio) {}

  /** How long the audio has been quiet, in seconds. */
  get quietSeconds(): number {
    const { sampleRate, channels = 1 } = this.audio;
    return this.quietSamples / channels / sampleRate;
  }

  /** Whether the audio pauses after this piece. */
  pausesAfter(piece: Uint8Array): boolean {
    const { encoding } = this.audio;
    const sampleBytes = encoding === 'linear16' ? 2 : 1;
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let offset = 0; offset + sampleBytes <= bytes.length; offset += sampleBytes) {
      const sample =
        encoding === 'linear16'
          ? bytes.readInt16LE(offset)
          : (encoding === 'mulaw' ? decodeMulaw : decodeAlaw)(bytes[offset]!);
      this.quietSamples = Math.abs(sample) > QUIET_AMPLITUDE ? 0 : this.quietSamples + 1;
    }
    return this.quietSeconds >= PAUSE_SECONDS;
  }
}
