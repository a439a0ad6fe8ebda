/** G.711 companding, as tables. Source: ITU-T G.711 (11/88), in the 16-bit scale that its reference software (G.191) uses. */

const MULAW = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
});

const ALAW = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const exponent = (bits & 0x70) >> 4;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
});

/** One µ-law byte as a 16-bit sample. */
export function decodeMulaw(code: number): number {
  return MULAW[code]!;
}

/** One A-law byte as a 16-bit sample. */
export function decodeAlaw(code: number): number {
  return ALAW[code]!;
}
