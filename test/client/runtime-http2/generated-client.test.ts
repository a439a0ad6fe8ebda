// First, as in a program that loads the SDK before the kit: whose error classes are registered first then stay.

import { BidiSession, ModelRefusedError, ModelStreamClosedError, PlatformError } from '../../../lib/client';
import { failure } from '../support/failure';
import { FakeRuntime } from '../support/fake-runtime';
import { GeneratedClient, GeneratedCommand } from '../support/generated-client';

// The SDK warns on the console of every failed stream.
beforeAll(() => jest.spyOn(console, 'warn').mockImplementation());
afterAll(() => jest.restoreAllMocks());

let fake: FakeRuntime;
let client: GeneratedClient;

beforeEach(async () => {
  fake = await FakeRuntime.start();
  client = new GeneratedClient(fake.client);
});

afterEach(async () => {
  client.destroy();
  await fake.close();
});

const open = () => BidiSession.open({ endpointName: 'echo', client, retry: false });

test('its own command has its own errors', async () => {
  fake.behaviour = async stream => {
    stream.respond();
    await stream.throw('ModelStreamError', { ErrorCode: '1011', Message: 'broken' });
  };
  async function* body() {
    yield { PayloadPart: { Bytes: Buffer.from('a') } };
  }
  const { Body } = await client
    .send(new GeneratedCommand({ EndpointName: 'echo', Body: body() }))
    .catch((error: Error) => ({ Body: Promise.reject(error) }));
  const error = await failure(
    (async () => {
      for await (const _event of await Body);
    })(),
  );
  expect(error).toMatchObject({ name: 'ModelStreamError', ErrorCode: '1011' });
});

test('messages go both ways', async () => {
  const session = await open();
  await session.send('I need help with');
  expect(await session.receive()).toBe('I need help with');
  expect(session.invokedProductionVariant).toBe('AllTraffic');
  await session.close();
});

test('a model that closes is an error with its code and words', async () => {
  fake.behaviour = async stream => {
    stream.respond();
    await stream.throw('ModelStreamError', { ErrorCode: '1011', Message: 'out of memory' });
  };
  const error = await failure((await open()).receive());
  expect(error).toBeInstanceOf(ModelStreamClosedError);
  expect(error).toMatchObject({ closeCode: 1011, ErrorCode: '1011', Message: 'out of memory' });
});

test('a fault of the platform is one', async () => {
  fake.behaviour = async stream => {
    stream.respond();
    await stream.throw('InternalStreamFailure', { Message: 'instance lost' });
  };
  const error = await failure((await open()).receive());
  expect(error).toBeInstanceOf(PlatformError);
  expect(error).toMatchObject({ Message: 'instance lost' });
});

test('a refused open keeps the container’s status', async () => {
  fake.behaviour = stream => stream.refuse(424, 'ModelError', { Message: 'Failed', OriginalStatusCode: 404 });
  const error = await failure(open());
  expect(error).toBeInstanceOf(ModelRefusedError);
  expect(error).toMatchObject({ OriginalStatusCode: 404, httpStatusCode: 424 });
});
