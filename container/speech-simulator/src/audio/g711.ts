/** Encodes one 16-bit sample as µ-law (ITU-T G.711, table 2a, with the bits inverted as on the wire). */
export function encodeMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  // Segments double in size from 256; the leading bit of the magnitude tells which.
  const segment = 24 - Math.clz32(magnitude);
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

/** Encodes one 16-bit sample as A-law (ITU-T G.711, table 1a, with the even bits inverted as on the wire). */
export function encodeALaw(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = (sample < 0 ? -sample - 1 : sample) >> 4;
  const segment = Math.max(0, 28 - Math.clz32(magnitude));
  const mantissa = (segment === 0 ? magnitude : magnitude >> (segment - 1)) & 0x0f;
  return (sign | (segment << 4) | mantissa) ^ 0x55;
}
