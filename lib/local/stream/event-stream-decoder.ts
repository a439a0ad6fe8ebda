import { Crc32 } from '@smithy/core/checksum';
import { EVENT_HEADERS_LIMIT_BYTES } from '../../contract';

/** The 12 bytes before an event's headers: total length, length of the headers, CRC-32 of the two. */
const PRELUDE_BYTES = 12;

/** Prelude and the CRC-32 at the end: the shortest event. */
const SHORTEST_EVENT_BYTES = PRELUDE_BYTES + 4;

/** First allocation for an event that comes in pieces; it doubles from there, so that a length nobody sends costs nothing. */
const FIRST_ALLOCATION_BYTES = 4 * 1024;

/** The bytes of the request are not an event stream. */
export class MalformedEventStreamError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An event is longer than the service takes. */
export class EventTooLargeError extends MalformedEventStreamError {}

/**
 * Cuts the bytes of a request into events, whatever the pieces that the network makes of them.
 *
 * An event that lies whole in one piece is handed on as a view of it, without a copy. One that comes in pieces is copied once into a
 * buffer that grows with what has come, not with what its prelude promises. The prelude is checked before anything is kept.
 */
export class EventStreamDecoder {
  #partial: Buffer | undefined;
  #partialLength = 0;
  /** Length of the event under way, or 0 before its prelude is complete. */
  #expectedLength = 0;

  /**
   * @param limitBytes longest event, prelude and checksums included.
   * @param onEvent takes one whole event; the bytes are only valid during the call.
   */
  constructor(
    private readonly limitBytes: number,
    private readonly onEvent: (event: Uint8Array) => void,
  ) {}

  /** Whether an event has begun and not ended. */
  get isInsideEvent(): boolean {
    return this.#partialLength > 0;
  }

  /** @throws MalformedEventStreamError when the bytes are not an event stream. Nothing may be written after that. */
  write(piece: Buffer): void {
    let offset = 0;
    while (offset < piece.length) {
      if (this.#expectedLength === 0) {
        if (this.#partialLength === 0 && piece.length - offset >= PRELUDE_BYTES) {
          this.#expectedLength = this.#readPrelude(piece, offset);
        } else {
          offset += this.#keep(piece, offset, PRELUDE_BYTES - this.#partialLength);
          if (this.#partialLength < PRELUDE_BYTES) return;
          this.#expectedLength = this.#readPrelude(this.#partial!, 0);
          continue;
        }
      }
      const missing = this.#expectedLength - this.#partialLength;
      if (this.#partialLength === 0 && piece.length - offset >= missing) {
        this.#expectedLength = 0;
        const event = piece.subarray(offset, offset + missing);
        offset += missing;
        this.onEvent(event);
        continue;
      }
      offset += this.#keep(piece, offset, missing);
      if (this.#partialLength < this.#expectedLength) return;
      const event = this.#partial!.subarray(0, this.#expectedLength);
      this.#partial = undefined;
      this.#partialLength = 0;
      this.#expectedLength = 0;
      this.onEvent(event);
    }
  }

  #keep(piece: Buffer, offset: number, wanted: number): number {
    const taken = Math.min(wanted, piece.length - offset);
    const needed = this.#partialLength + taken;
    if (!this.#partial || this.#partial.length < needed) {
      const promised = this.#expectedLength || FIRST_ALLOCATION_BYTES;
      const grown = Math.max(needed, Math.min(promised, Math.max(2 * needed, FIRST_ALLOCATION_BYTES)));
      const larger = Buffer.allocUnsafeSlow(grown);
      this.#partial?.copy(larger, 0, 0, this.#partialLength);
      this.#partial = larger;
    }
    piece.copy(this.#partial, this.#partialLength, offset, offset + taken);
    this.#partialLength = needed;
    return taken;
  }

  #readPrelude(bytes: Buffer, offset: number): number {
    const totalLength = bytes.readUInt32BE(offset);
    const headersLength = bytes.readUInt32BE(offset + 4);
    const checksum = new Crc32();
    checksum.update(bytes.subarray(offset, offset + 8));
    if (checksum.digestSync() !== bytes.readUInt32BE(offset + 8)) {
      throw new MalformedEventStreamError('The checksum of the event prelude does not match.');
    }
    if (headersLength > EVENT_HEADERS_LIMIT_BYTES || SHORTEST_EVENT_BYTES + headersLength > totalLength) {
      throw new MalformedEventStreamError('The lengths in the event prelude contradict each other.');
    }
    if (totalLength > this.limitBytes) {
      throw new EventTooLargeError(`The event has ${totalLength} bytes; at most ${this.limitBytes} are allowed.`);
    }
    return totalLength;
  }
}
