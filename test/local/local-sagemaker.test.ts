import { startLocal } from './support/local';
import { SignedStream } from './support/signed-stream';

test('streams over TLS', async () => {
  await using local = await startLocal({ tls: true });
  const stream = await SignedStream.open(local);
  expect((await stream.response)[':status']).toBe(200);
  await stream.part('I need help with', { DataType: 'UTF8' });
  const { headers, body } = await stream.nth(1);
  expect(headers).toEqual({
    ':message-type': 'event',
    ':event-type': 'PayloadPart',
    ':content-type': 'application/octet-stream',
    DataType: 'UTF8',
    CompletionState: 'COMPLETE',
  });
  expect(body.toString()).toBe('I need help with');
  await stream.end();
  expect(await stream.ended).toHaveLength(1);
});
