import { EventHeader } from '../../contract';
import { encodeEvent, encodeEventHeaders } from '../../wire/event-codec';

const SIGNATURE_BYTES = 32;

/** The two headers, date first. Their values lie at fixed places and are overwritten for each event. */
const HEADERS = Buffer.from(
  encodeEventHeaders({
    [EventHeader.DATE]: { type: 'timestamp', value: new Date(0) },
    [EventHeader.CHUNK_SIGNATURE]: { type: 'binary', value: new Uint8Array(SIGNATURE_BYTES) },
  }),
);
const DATE_OFFSET = 1 + EventHeader.DATE.length + 1; // behind the name's length, the name and the value's type
const SIGNATURE_OFFSET = HEADERS.length - SIGNATURE_BYTES;

/**
 * The event that carries another one signed, byte for byte what the SDK's codec makes of the same headers: the codec is a tenth of what
 * a send costs. docs/benchmarks.md has the figures.
 *
 * @param signature SHA-256 in hexadecimal.
 */
export function encodeSignedEvent(date: Date, signature: string, body: Uint8Array): Buffer {
  HEADERS.writeBigInt64BE(BigInt(date.getTime()), DATE_OFFSET);
  HEADERS.write(signature, SIGNATURE_OFFSET, SIGNATURE_BYTES, 'hex');
  return encodeEvent(HEADERS, body);
}
