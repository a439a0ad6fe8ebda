import { Crc32 } from '@smithy/core/checksum';
import { EVENT_HEADERS_LIMIT_BYTES } from '../contract';
import { GrowingBuffer } from './growing-buffer';

/** Before the headers of an event: total length, length of the headers, CRC-32 of the two. */
export const PRELUDE_BYTES = 12;

/** At the end of an event: CRC-32 of everything before. */
export const CHECKSUM_BYTES = 4;

const SHORTEST_EVENT_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES;

/** The bytes are not an event stream. */
export class MalformedEventStreamError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An event is longer than the reader accepts. */
export class EventTooLargeError extends MalformedEventStreamError {}

/**
 * Cuts the bytes of an event stream into events, whatever the pieces that the network makes of them.
 *
 * An event that lies whole in one piece is handed on as a view of it, without a copy. One that comes in pieces is copied once into a
 * buffer that grows with the bytes that have come. The prelude is checked before anything behind it is kept.
 */
export class EventStreamDecoder {
  private readonly partial = new GrowingBuffer();
  /** Length of the event under way, or 0 before its prelude is complete. */
  private expectedLength = 0;

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
    return this.partial.length > 0;
  }

  /** @throws MalformedEventStreamError when the bytes are not an event stream. Nothing may be written after that. */
  write(piece: Buffer): void {
    let offset = 0;
    while (offset < piece.length) {
      if (this.expectedLength === 0) {
        if (this.partial.length === 0 && piece.length - offset >= PRELUDE_BYTES) {
          this.expectedLength = this.readPrelude(piece, offset);
        } else {
          offset += this.partial.append(piece, offset, PRELUDE_BYTES - this.partial.length, this.limitBytes);
          if (this.partial.length < PRELUDE_BYTES) return;
          this.expectedLength = this.readPrelude(this.partial.view(), 0);
          continue;
        }
      }
      const missing = this.expectedLength - this.partial.length;
      if (this.partial.length === 0 && piece.length - offset >= missing) {
        this.expectedLength = 0;
        const event = piece.subarray(offset, offset + missing);
        offset += missing;
        this.onEvent(event);
        continue;
      }
      offset += this.partial.append(piece, offset, missing, this.expectedLength);
      if (this.partial.length < this.expectedLength) return;
      this.expectedLength = 0;
      this.onEvent(this.partial.take());
    }
  }

  private readPrelude(bytes: Buffer, offset: number): number {
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
