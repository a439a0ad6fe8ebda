import { Readable } from 'node:stream';
import { EVENT_HEADERS_LIMIT_BYTES, EVENT_PAYLOAD_LIMIT_BYTES } from '../../contract';

/** Prelude and checksums of an event, in bytes (Smithy, "Amazon Event Stream Specification"). */
const EVENT_FRAMING_BYTES = 16;

/** Bytes of the length that an event begins with. */
const LENGTH_BYTES = 4;

/** Longest event that is taken in, in bytes. */
export const EVENT_LIMIT_BYTES = EVENT_PAYLOAD_LIMIT_BYTES + EVENT_HEADERS_LIMIT_BYTES + EVENT_FRAMING_BYTES;

/** Longest body of an error response that is taken in, in bytes. */
const ERROR_BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * The bytes of an event stream as they come, up to an event that claims to be longer than any may be: the SDK allocates what an
 * event claims. Also throws for a stream that ends within the length of an event, which the SDK takes for its end.
 */
export function boundEvents(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => new EventLengths(body[Symbol.asyncIterator]()) };
}

class EventLengths implements AsyncIterator<Uint8Array> {
  private length = 0;
  private lengthBytes = 0;
  /** Bytes of the present event that have not come yet, once its length has. */
  private remaining = 0;

  constructor(private readonly source: AsyncIterator<Uint8Array>) {}

  async next(): Promise<IteratorResult<Uint8Array>> {
    const result = await this.source.next();
    if (!result.done) this.check(result.value);
    else if (this.lengthBytes > 0) throw new Error('the last event was cut off.');
    return result;
  }

  private check(chunk: Uint8Array): void {
    for (let offset = 0; offset < chunk.length; ) {
      if (this.remaining > 0) {
        const skipped = Math.min(this.remaining, chunk.length - offset);
        this.remaining -= skipped;
        offset += skipped;
        continue;
      }
      this.length = this.length * 256 + chunk[offset]!;
      offset += 1;
      this.lengthBytes += 1;
      if (this.lengthBytes < LENGTH_BYTES) continue;
      if (this.length > EVENT_LIMIT_BYTES || this.length < EVENT_FRAMING_BYTES) {
        throw new Error(`an event claims to be ${this.length} bytes long.`);
      }
      this.remaining = this.length - LENGTH_BYTES;
      this.length = 0;
      this.lengthBytes = 0;
    }
  }
}

/** The body of an error response, or an empty one in place of one that is too long to be the platform's. */
export async function boundErrorBody(body: AsyncIterable<Uint8Array>): Promise<Readable> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > ERROR_BODY_LIMIT_BYTES) return Readable.from([]);
    chunks.push(chunk);
  }
  return Readable.from(chunks);
}
