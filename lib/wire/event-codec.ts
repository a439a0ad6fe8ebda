import { Crc32 } from '@smithy/core/checksum';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { Message, MessageHeaders } from '@smithy/types';
import { CHECKSUM_BYTES, MalformedEventStreamError, PRELUDE_BYTES } from './event-stream-decoder';

const codec = new EventStreamCodec(
  bytes =>
    typeof bytes === 'string' ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
  text => Buffer.from(text),
);

/**
 * Decodes one whole event; its body is a view of the bytes.
 *
 * @throws MalformedEventStreamError when a length or a checksum is wrong.
 */
export function decodeEvent(bytes: Uint8Array): Message {
  try {
    return codec.decode(bytes);
  } catch (error) {
    throw new MalformedEventStreamError((error as Error).message, { cause: error });
  }
}

/** The bytes of headers, as {@link encodeEvent} takes them and as they are signed. */
export function encodeEventHeaders(headers: MessageHeaders): Uint8Array {
  return codec.formatHeaders(headers);
}

/** The bytes of headers that are all strings. */
export function encodeStringHeaders(headers: Readonly<Record<string, string>>): Uint8Array {
  return codec.formatHeaders(
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }])),
  );
}

/**
 * The bytes of an event, byte for byte as the SDK's codec makes them, with one allocation and one copy of the body. The headers come
 * encoded, so that a stream whose events have the same headers encodes them once. docs/benchmarks.md has the figures.
 */
export function encodeEvent(headers: Uint8Array, body: Uint8Array): Buffer {
  const totalLength = PRELUDE_BYTES + headers.length + body.length + CHECKSUM_BYTES;
  const event = Buffer.allocUnsafe(totalLength);
  event.writeUInt32BE(totalLength, 0);
  event.writeUInt32BE(headers.length, 4);
  const checksum = new Crc32();
  checksum.update(event.subarray(0, 8));
  event.writeUInt32BE(checksum.digestSync(), 8);
  event.set(headers, PRELUDE_BYTES);
  event.set(body, PRELUDE_BYTES + headers.length);
  checksum.update(event.subarray(8, totalLength - CHECKSUM_BYTES)); // the checksum at the end goes on from the prelude's
  event.writeUInt32BE(checksum.digestSync(), totalLength - CHECKSUM_BYTES);
  return event;
}
