import type { Parameters } from '../parameters';
import { encodeALaw, encodeMuLaw } from './g711';

/** Format of the audio that goes out: raw samples of one channel. */
export interface AudioOutput {
  readonly encoding: 'linear16' | 'mulaw' | 'alaw';
  /** Samples a second. */
  readonly sampleRate: number;
}

/** Sample rates by encoding, the default first, in Hz (developers.deepgram.com/docs/tts-media-output-settings). */
const SAMPLE_RATES_HZ: Record<AudioOutput['encoding'], readonly number[]> = {
  linear16: [24_000, 8_000, 16_000, 32_000, 44_100, 48_000],
  mulaw: [8_000, 16_000],
  alaw: [8_000, 16_000],
};

/** @throws ParameterError */
export function readAudioOutput(parameters: Parameters): AudioOutput {
  const encoding = (parameters.oneOf('encoding', Object.keys(SAMPLE_RATES_HZ)) ??
    'linear16') as AudioOutput['encoding'];
  const rates = SAMPLE_RATES_HZ[encoding];
  const sampleRate = Number(parameters.oneOf('sample_rate', rates.map(String)) ?? rates[0]);
  return { encoding, sampleRate };
}

/** Encodes samples between -1 and 1. */
export function encode(samples: Float64Array, encoding: AudioOutput['encoding']): Buffer {
  if (encoding === 'linear16') {
    const bytes = Buffer.allocUnsafe(samples.length * 2);
    for (let at = 0; at < samples.length; at += 1) bytes.writeInt16LE(Math.round(samples[at]! * 32_767), at * 2);
    return bytes;
  }
  const law = encoding === 'mulaw' ? encodeMuLaw : encodeALaw;
  const bytes = Buffer.allocUnsafe(samples.length);
  for (let at = 0; at < samples.length; at += 1) bytes[at] = law(Math.round(samples[at]! * 32_767));
  return bytes;
}
