import type { LocalEvent, LocalSageMaker } from '../../../lib/local';
import { startLocal } from '../support/local';
import { SignedStream } from '../support/signed-stream';

/** More than every buffer on the way holds: the kernel's, the HTTP/2 window, the streams' own. */
const BOUND_BYTES = 24 << 20;
const events: LocalEvent[] = [];
let local: LocalSageMaker;

beforeAll(async () => {
  local = await startLocal({ observe: event => events.push(event) });
});
afterAll(() => local.close());

/** Resolves with the value once it has not changed for a while. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1, same = 0; ; ) {
    const now = read();
    same = now === before ? same + 1 : 0;
    if (same === 10) return now;
    before = now;
    await new Promise(resolve => setTimeout(resolve, 40));
  }
}

test('a client that does not read stops the container', async () => {
  const before = process.memoryUsage().rss;
  const stream = await SignedStream.open(local, {
    headers: { 'x-amzn-sagemaker-model-query-string': 'act=flood&count=600&size=65536' },
  });
  await stream.response;
  stream.stream.pause();
  const flooded = (): number =>
    Number(
      events
        .flatMap(event => (event.type === 'container-line' ? (/^flooded (\d+)/.exec(event.line)?.[1] ?? []) : []))
        .at(-1) ?? 0,
    );
  while (flooded() === 0) await new Promise(resolve => setTimeout(resolve, 20));
  const stuck = await settled(flooded);
  expect(stuck).toBeLessThan(BOUND_BYTES);
  expect(process.memoryUsage().rss - before).toBeLessThan(96 << 20);
  stream.stream.resume();
  // And goes on, whole, when it reads again: all 37 MiB, in order.
  while (stream.events.length < 600) {
    await stream.nth(stream.events.length + 1);
    for (const event of stream.events) Object.assign(event, { body: Buffer.from([event.body[0]!]) });
  }
  expect(stream.events.every(({ body }) => body[0] === 0x61)).toBe(true);
  stream.session.destroy();
});

test('a container that does not read stops the client', async () => {
  const stream = await SignedStream.open(local, {
    headers: { 'x-amzn-sagemaker-model-query-string': 'act=deaf' },
  });
  await stream.response;
  const payload = Buffer.alloc(65_536);
  let sent = 0;
  const flooding = (async () => {
    while (!stream.stream.closed && sent < 2_000) {
      await stream.part(payload);
      sent += 1;
    }
  })();
  const stuck = await settled(() => sent);
  expect(stuck).toBeGreaterThan(0);
  expect(stuck * payload.length).toBeLessThan(BOUND_BYTES);
  stream.session.destroy();
  stream.stream.emit('drain'); // the writer waits for a stream that is gone
  await flooding;
});
