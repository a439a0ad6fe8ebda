import { crc32 } from 'node:zlib';
import { encodePayloadPart } from '../../lib/local/stream/response-event';
import { EventStreamDecoder, EventTooLargeError, MalformedEventStreamError } from '../../lib/wire/event-stream-decoder';

function collect(limitBytes = 1 << 20): { decoder: EventStreamDecoder; events: Buffer[]; views: Uint8Array[] } {
  const events: Buffer[] = [];
  const views: Uint8Array[] = [];
  const decoder = new EventStreamDecoder(limitBytes, event => {
    events.push(Buffer.from(event));
    views.push(event);
  });
  return { decoder, events, views };
}

const stream = ['', 'a', 'x'.repeat(10_000)].map(text => encodePayloadPart('UTF8', 'COMPLETE', Buffer.from(text)));

test('an event that lies whole in one piece is a view of it', () => {
  const { decoder, views } = collect();
  const piece = Buffer.concat(stream);
  decoder.write(piece);
  expect(views).toHaveLength(3);
  expect(views.every(view => view.buffer === piece.buffer)).toBe(true);
});

test.each([1, 2, 11, 12, 13, 100, 4_096, 9_999])('pieces of %i bytes', size => {
  const { decoder, events } = collect();
  const whole = Buffer.concat(stream);
  for (let offset = 0; offset < whole.length; offset += size) decoder.write(whole.subarray(offset, offset + size));
  expect(events).toEqual(stream);
  expect(decoder.isInsideEvent).toBe(false);
});

test('a beginning is known as one', () => {
  const { decoder } = collect();
  expect(decoder.isInsideEvent).toBe(false);
  decoder.write(stream[1]!.subarray(0, 5));
  expect(decoder.isInsideEvent).toBe(true);
});

function prelude(totalLength: number, headersLength: number, checksum?: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(totalLength, 0);
  bytes.writeUInt32BE(headersLength, 4);
  bytes.writeUInt32BE(checksum ?? crc32(bytes.subarray(0, 8)), 8);
  return bytes;
}

test.each([
  ['a checksum that does not match', prelude(100, 0, 1), MalformedEventStreamError, /checksum/],
  ['an event shorter than itself', prelude(15, 0), MalformedEventStreamError, /contradict/],
  ['headers longer than the event', prelude(100, 90), MalformedEventStreamError, /contradict/],
  ['headers over the limit', prelude(1 << 20, 200_000), MalformedEventStreamError, /contradict/],
  ['an event over the limit', prelude((1 << 20) + 1, 0), EventTooLargeError, /1048577 bytes/],
  ['four gigabytes', prelude(0xffffffff, 0), EventTooLargeError, /4294967295 bytes/],
])('refuses %s by its prelude', (_, bytes, type, message) => {
  expect(() => collect().decoder.write(bytes)).toThrow(type);
  expect(() => collect().decoder.write(bytes)).toThrow(message);
  const inPieces = collect().decoder;
  inPieces.write(bytes.subarray(0, 7));
  expect(() => inPieces.write(bytes.subarray(7))).toThrow(type);
});

test('a promised length costs no memory before it comes', () => {
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 100 }, () => {
    const { decoder } = collect(24 << 20);
    decoder.write(Buffer.concat([prelude(24 << 20, 0), Buffer.alloc(100)]));
    return decoder;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20);
  expect(decoders.every(decoder => decoder.isInsideEvent)).toBe(true);
});
