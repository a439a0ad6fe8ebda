import { EventStreamCodec } from '@smithy/core/event-streams';
import { encodeSignedEvent } from '../../../lib/client/runtime-http2/signed-event';
import { EventHeader } from '../../../lib/contract';

const codec = new EventStreamCodec(
  bytes => Buffer.from(bytes as Uint8Array).toString(),
  text => Buffer.from(text),
);

test.each([
  ['nothing', new Date(0), '00'.repeat(32), new Uint8Array(0)],
  ['a chunk of audio', new Date('2026-11-22T07:36:50.123Z'), 'ab01'.repeat(16), new Uint8Array(3_200).fill(7)],
  ['a view into a larger buffer', new Date(2 ** 41), 'ff'.repeat(32), new Uint8Array(100).fill(9).subarray(10, 77)],
])('%s is wrapped as the SDK wraps it', (_, date, signature, body) => {
  const bySdk = codec.encode({
    headers: {
      [EventHeader.DATE]: { type: 'timestamp', value: date },
      [EventHeader.CHUNK_SIGNATURE]: { type: 'binary', value: Buffer.from(signature, 'hex') },
    },
    body,
  });
  expect(encodeSignedEvent(date, signature, body).equals(bySdk)).toBe(true);
});
