import { Crc32 } from '@smithy/core/checksum';
import { EventHeader } from '../../contract';

/** Total length, length of the headers, CRC-32 of the two. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const SIGNATURE_BYTES = 32;

// Types of header values (Smithy, "Amazon Event Stream Specification").
const BYTE_BUFFER = 6;
const TIMESTAMP = 8;

/** All of the headers but the two values, which are written into their places. */
const HEADERS = Buffer.concat([
  headerName(EventHeader.DATE, TIMESTAMP),
  Buffer.alloc(8),
  headerName(EventHeader.CHUNK_SIGNATURE, BYTE_BUFFER),
  Buffer.from([0, SIGNATURE_BYTES]),
  Buffer.alloc(SIGNATURE_BYTES),
]);
const DATE_OFFSET = PRELUDE_BYTES + headerName(EventHeader.DATE, TIMESTAMP).length;
const SIGNATURE_OFFSET = PRELUDE_BYTES + HEADERS.length - SIGNATURE_BYTES;
const BODY_OFFSET = PRELUDE_BYTES + HEADERS.length;

/**
 * The event that carries another one signed, byte for byte what the SDK's codec makes of the same headers, with one allocation and one
 * copy: the codec is a tenth of what a send costs. docs/benchmarks.md has the figures.
 *
 * @param signature SHA-256 in hexadecimal.
 */
export function encodeSignedEvent(date: Date, signature: string, body: Uint8Array): Buffer {
  const totalLength = BODY_OFFSET + body.byteLength + CHECKSUM_BYTES;
  const event = Buffer.allocUnsafe(totalLength);
  event.writeUInt32BE(totalLength, 0);
  event.writeUInt32BE(HEADERS.length, 4);
  const checksum = new Crc32();
  checksum.update(event.subarray(0, 8));
  event.writeUInt32BE(checksum.digestSync(), 8);
  HEADERS.copy(event, PRELUDE_BYTES);
  event.writeBigInt64BE(BigInt(date.getTime()), DATE_OFFSET);
  event.write(signature, SIGNATURE_OFFSET, 'hex');
  event.set(body, BODY_OFFSET);
  checksum.update(event.subarray(8, totalLength - CHECKSUM_BYTES)); // the checksum at the end goes on from the prelude's
  event.writeUInt32BE(checksum.digestSync(), totalLength - CHECKSUM_BYTES);
  return event;
}

function headerName(name: string, type: number): Buffer {
  return Buffer.from([name.length, ...Buffer.from(name), type]);
}
