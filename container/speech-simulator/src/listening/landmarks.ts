import { createHash } from 'node:crypto';

/** Bytes before a landmark that tell it from others: 16 ms of 16-bit audio at 16 kHz. */
const CONTEXT_BYTES = 512;

/** The top bits of the rolling hash that must be zero at a landmark: one in 2048 bytes, 16 a second at 16 kHz. */
const LANDMARK_MASK = 0xffe00000;

/** A random number for each byte value (a linear congruential generator, so that every process has the same). */
const GEAR = Uint32Array.from({ length: 256 }, (_, byte) => {
  let state = byte + 1;
  for (let round = 0; round < 4; round += 1) state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state ^ (state >>> 15);
});

/** A place in audio: its name, which the bytes before it determine, and its position. */
export interface Landmark {
  readonly name: string;
  /** Bytes of audio before it. */
  readonly at: number;
}

/**
 * Finds landmarks in audio as it arrives: places that depend on the audio's bytes alone, whatever the stream's beginning and
 * however it was cut into messages (content-defined chunking). Audio that is sent again from any sample has the same ones.
 */
export class LandmarkFinder {
  private hash = 0;
  private position = 0;
  private previousAt = 0;
  /** The last bytes received. */
  private tail: Buffer = Buffer.alloc(0);

  /** The landmarks in the next bytes of the audio. */
  find(bytes: Buffer): Landmark[] {
    const found: Landmark[] = [];
    const start = this.position;
    let joined: Buffer | undefined;
    for (let index = 0; index < bytes.length; index += 1) {
      this.hash = ((this.hash << 1) + GEAR[bytes[index]!]!) | 0;
      if ((this.hash & LANDMARK_MASK) !== 0) continue;
      const at = start + index + 1;
      // Silence can be one landmark after the other; names that repeat say nothing about where they are.
      if (at - this.previousAt < CONTEXT_BYTES) continue;
      this.previousAt = at;
      joined ??= Buffer.concat([this.tail, bytes]);
      const end = joined.length - bytes.length + index + 1;
      const context = joined.subarray(end - CONTEXT_BYTES, end);
      if (isVaried(context)) found.push({ name: nameOf(context), at });
    }
    this.position += bytes.length;
    this.tail = Buffer.from((joined ?? Buffer.concat([this.tail, bytes])).subarray(-CONTEXT_BYTES));
    return found;
  }
}

/** Silence looks the same everywhere. */
function isVaried(context: Buffer): boolean {
  return new Set(context).size > 8;
}

function nameOf(context: Buffer): string {
  return createHash('sha1').update(context).digest('base64url').slice(0, 11);
}
