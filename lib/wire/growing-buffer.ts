/** First allocation, in bytes; it doubles from there. */
const FIRST_ALLOCATION_BYTES = 4 * 1024;

/**
 * Collects bytes that come in pieces.
 *
 * It grows with the bytes that have come and not with the length that was announced, so that an announcement alone costs no memory.
 */
export class GrowingBuffer {
  private bytes: Buffer | undefined;
  private used = 0;

  /** Bytes collected. */
  get length(): number {
    return this.used;
  }

  /**
   * Copies bytes of a piece.
   *
   * @param wanted the most that is taken, in bytes.
   * @param announcedLength how many bytes there will be in the end: the buffer never grows beyond that.
   * @returns the number of bytes taken.
   */
  append(piece: Buffer, offset: number, wanted: number, announcedLength: number): number {
    const taken = Math.min(wanted, piece.length - offset);
    const needed = this.used + taken;
    if (!this.bytes || this.bytes.length < needed) {
      const doubled = Math.max(2 * needed, FIRST_ALLOCATION_BYTES);
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(announcedLength, doubled)));
      this.bytes?.copy(larger, 0, 0, this.used);
      this.bytes = larger;
    }
    piece.copy(this.bytes, this.used, offset, offset + taken);
    this.used = needed;
    return taken;
  }

  /** A view of the bytes collected; valid until the next {@link append}. */
  view(): Buffer {
    return this.bytes?.subarray(0, this.used) ?? EMPTY;
  }

  /** The bytes collected; the buffer is empty then. */
  take(): Buffer {
    const bytes = this.view();
    this.bytes = undefined;
    this.used = 0;
    return bytes;
  }
}

const EMPTY = Buffer.alloc(0);
