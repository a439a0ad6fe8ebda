import type { RawAudio, RawEncoding } from './audio-input';

/** Bytes of one sample. */
export const SAMPLE_BYTES: Readonly<Record<RawEncoding, number>> = { linear16: 2, mulaw: 1, alaw: 1 };

/** Bytes of one sample of each channel. */
export function frameBytes({ encoding, channels = 1 }: RawAudio): number {
  return SAMPLE_BYTES[encoding] * channels;
}
