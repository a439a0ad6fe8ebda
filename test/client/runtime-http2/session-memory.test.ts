import { NodeHttp2Handler, type NodeHttp2HandlerOptions } from '@smithy/node-http-handler';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { failure } from '../support/failure';
import { CREDENTIALS, FakeRuntime, REGION } from '../support/fake-runtime';

const EVENT_BYTES = 16 * 1024 * 1024;

/** Opens a fourth stream on a connection that holds three events which the server does not read. */
async function openBeside48Mebibytes(connectOptions?: NodeHttp2HandlerOptions['nodeHttp2ConnectOptions']) {
  await using fake = await FakeRuntime.start({ keepsParts: false, behaviour: stream => stream.respond() });
  const client = new SageMakerRuntimeHTTP2Client({
    ...fake.client,
    requestHandler: { maxConcurrentStreams: 10, nodeHttp2ConnectOptions: connectOptions },
  });
  const open = () => BidiSession.open({ endpointName: 'speech', client, retry: false });
  const unsent: Promise<unknown>[] = [];
  try {
    for (let opened = 0; opened < 3; opened += 1) {
      const session = await open();
      unsent.push(session.send(Buffer.alloc(EVENT_BYTES)).catch(() => undefined));
    }
    await new Promise(resolve => setTimeout(resolve, 100)); // for the events to be signed
    await open();
    return fake.connections;
  } finally {
    client.destroy();
    await fake.close();
    await Promise.all(unsent);
  }
}

test('a stream opens beside 48 MiB in flight on a shared connection', async () => {
  expect(await openBeside48Mebibytes()).toBe(1);
});

test('a caller’s own bound stays, and the refusal names it', async () => {
  const error = await failure(openBeside48Mebibytes({ maxSessionMemory: 10 } as never));
  expect(error.message).toContain('result code 11');
  expect(error.why).toContain('maxSessionMemory');
});

test.each([
  ['the kit’s', {}, 'Nothing listens there on this machine.'],
  ['the SDK’s', new NodeHttp2Handler(), 'Nothing listens there, or'],
])('a refused port is told as one that nothing listens at, with %s handler', async (_, requestHandler, why) => {
  const fake = await FakeRuntime.start();
  const endpoint = fake.url;
  await fake.close();
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint,
    region: REGION,
    credentials: CREDENTIALS,
    requestHandler,
  });
  const error = await failure(BidiSession.open({ endpointName: 'speech', client, retry: false }));
  expect(error.why).toContain(why);
  client.destroy();
});
