import { ConverterType, create } from '@alexanderolsen/libsamplerate-js';
import type { RawAudio } from './audio-input';
import { FrameAligner } from './frame-aligner';
import { decodeAlaw, decodeMulaw } from './g711';

type SampleRateConverter = Awaited<ReturnType<typeof create>>;

/** Silence that is fed to the filter to get its last samples, at a time, in samples. */
const FLUSH_SAMPLES = 256;

/**
 * Converts bare samples to 16-bit mono of another rate, as they come: G.711 is decoded, channels are averaged, and libsamplerate
 * converts the rate (its medium sinc filter: more than 80 dB of a 1 kHz tone's signal over noise, by test).
 */
export class AudioConverter {
  /** @param sampleRate samples a second of the result */
  static async create(from: RawAudio, sampleRate: number): Promise<AudioConverter> {
    const converterType = ConverterType.SRC_SINC_MEDIUM_QUALITY;
    const converter =
      from.sampleRate === sampleRate ? undefined : await create(1, from.sampleRate, sampleRate, { converterType });
    return new AudioConverter(from, sampleRate / from.sampleRate, converter);
  }

  private readonly frameBytes: number;
  private readonly aligner: FrameAligner;
  private takenSamples = 0;
  private givenSamples = 0;

  private constructor(
    private readonly from: RawAudio,
    private readonly ratio: number,
    private readonly converter: SampleRateConverter | undefined,
  ) {
    this.frameBytes = (from.encoding === 'linear16' ? 2 : 1) * (from.channels ?? 1);
    this.aligner = new FrameAligner(this.frameBytes);
  }

  /** Bytes of a frame that has begun, and was not converted. */
  get openBytes(): number {
    return this.aligner.openBytes;
  }

  /** The samples of the next piece, which may be of any length. What the filter holds back comes with a later piece. */
  convert(piece: Uint8Array): Buffer {
    const bytes = this.aligner.take(piece);
    const frames = bytes.length / this.frameBytes;
    const mono = this.toMono(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), frames);
    this.takenSamples += frames;
    return this.give(this.converter ? this.converter.full(mono) : mono);
  }

  /** The last samples; the converter takes no more. */
  end(): Buffer {
    const parts: Buffer[] = [];
    const total = Math.round(this.takenSamples * this.ratio);
    while (this.converter && this.givenSamples < total) {
      const before = this.givenSamples;
      const part = this.give(this.converter.full(new Float32Array(FLUSH_SAMPLES)));
      parts.push(part.subarray(0, (total - before) * 2));
    }
    this.converter?.destroy();
    return Buffer.concat(parts);
  }

  private toMono(bytes: Buffer, frames: number): Float32Array {
    const { encoding, channels = 1 } = this.from;
    const mono = new Float32Array(frames);
    const read =
      encoding === 'linear16'
        ? (sample: number) => bytes.readInt16LE(sample * 2)
        : (sample: number) => (encoding === 'mulaw' ? decodeMulaw : decodeAlaw)(bytes[sample]!);
    for (let frame = 0; frame < frames; frame += 1) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel += 1) sum += read(frame * channels + channel);
      mono[frame] = sum / channels / 0x8000;
    }
    return mono;
  }

  private give(samples: Float32Array): Buffer {
    const bytes = Buffer.allocUnsafe(samples.length * 2);
    for (let index = 0; index < samples.length; index += 1) {
      const value = Math.round(samples[index]! * 0x8000);
      bytes.writeInt16LE(Math.max(-0x8000, Math.min(0x7fff, value)), index * 2);
    }
    this.givenSamples += samples.length;
    return bytes;
  }
}
