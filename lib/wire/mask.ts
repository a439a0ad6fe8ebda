import { randomFillSync } from 'node:crypto';

/** Length of a masking key, in bytes (RFC 6455, section 5.3). */
export const MASK_BYTES = 4;

/** Shorter payloads are masked a byte at a time: a view of words would cost more than it saves. */
const WORDS_FROM_BYTES = 64;

/** Random bytes made ahead: one call of the system for two thousand frames. */
const pool = Buffer.alloc(8 * 1024);
let poolOffset = pool.length;

/** Writes a new masking key from a strong source of randomness (RFC 6455, section 5.3). */
export function writeMask(target: Buffer, offset: number): void {
  if (poolOffset === pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  pool.copy(target, offset, poolOffset, poolOffset + MASK_BYTES);
  poolOffset += MASK_BYTES;
}

/** Masks or unmasks bytes in place (RFC 6455, section 5.3). Four bytes at a time where they lie at a multiple of 4. */
export function applyMask(bytes: Buffer, mask: Buffer): void {
  let index = 0;
  if (bytes.length >= WORDS_FROM_BYTES && bytes.byteOffset % MASK_BYTES === 0) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const word = new Int32Array(Uint8Array.from(mask).buffer)[0]!; // in this machine's byte order, as the words are
    for (let at = 0; at < words.length; at += 1) words[at]! ^= word;
    index = words.length * MASK_BYTES;
  }
  for (; index < bytes.length; index += 1) bytes[index]! ^= mask[index % MASK_BYTES]!;
}
