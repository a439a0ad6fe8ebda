import { encodeALaw, encodeMuLaw } from './g711';

/** Format of the audio that goes out: raw samples of one channel. */
export interface AudioOutput {
  readonly encoding: 'linear16' | 'mulaw' | 'alaw';
  /** Samples a second. */
  readonly sampleRate: number;
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
