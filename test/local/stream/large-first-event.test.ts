import { startLocal } from '../support/local';
import { SignedStream } from '../support/signed-stream';

/** The bound that docs/local.md tells a bare client of Node.js to raise. */
const CLIENT_MEGABYTES = 64;

/** More than the 10 MB that Node.js lets an HTTP/2 connection hold by default, on either side. */
const FIRST_EVENT_BYTES = 12 * 1024 * 1024;

test('a first event of 12 MiB gets through from a bare client', async () => {
  await using local = await startLocal();
  const stream = await SignedStream.open(local, {
    headers: { 'x-amzn-sagemaker-model-query-string': 'act=length' },
    maxSessionMemory: CLIENT_MEGABYTES,
  });
  await stream.part(Buffer.alloc(FIRST_EVENT_BYTES)); // before the response: the request is all there is so far
  expect((await stream.response)[':status']).toBe(200);
  expect((await stream.nth(1)).body.toString()).toBe(String(FIRST_EVENT_BYTES));
  stream.session.destroy();
});
