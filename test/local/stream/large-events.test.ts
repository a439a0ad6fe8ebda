import { once } from 'node:events';
import { startLocal } from '../support/local';
import { SignedStream } from '../support/signed-stream';

const MIB = 1024 * 1024;

/** More than the 10 MB that Node.js lets an HTTP/2 connection hold by default, on either side. */
const EVENT_BYTES = 12 * MIB;

test('a first event of 12 MiB gets through from a bare client that holds as much', async () => {
  await using local = await startLocal();
  const stream = await SignedStream.open(local, {
    headers: { 'x-amzn-sagemaker-model-query-string': 'act=length' },
    maxSessionMemory: 64, // what docs/local.md tells a bare client of Node.js to set
  });
  await stream.part(Buffer.alloc(EVENT_BYTES)); // before the response: the request is all there is so far
  expect((await stream.response)[':status']).toBe(200);
  expect((await stream.nth(1)).body.toString()).toBe(String(EVENT_BYTES));
  stream.session.destroy();
});

test('an answer of 12 MiB that waits to be read does not keep the connection from other requests', async () => {
  await using local = await startLocal();
  const stream = await SignedStream.open(local, {
    headers: { 'x-amzn-sagemaker-model-query-string': `act=flood&count=1&size=${EVENT_BYTES}` },
  });
  await stream.response;
  stream.stream.pause();
  await new Promise(resolve => setTimeout(resolve, 500));
  const other = stream.session.request({ ':path': '/elsewhere' });
  const [headers] = await once(other, 'response');
  expect(headers[':status']).toBe(404);
  stream.session.destroy();
});
