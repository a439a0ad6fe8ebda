import {
  BidiSession,
  InvalidRequestError,
  type Message,
  ModelRefusedError,
  SageMakerRuntimeHTTP2Client,
} from '../../lib/client';
import { LocalSageMaker } from '../../lib/local';
import { containerEndpoint } from '../bin/support/local-models';
import { failure } from '../client/support/failure';

let local: LocalSageMaker;
let client: SageMakerRuntimeHTTP2Client;

beforeAll(async () => {
  local = await LocalSageMaker.start({
    port: 0,
    tls: false,
    endpoints: [containerEndpoint('echo', 'echo', 'Echo')],
  });
  client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
  });
});

afterAll(async () => {
  client?.destroy();
  await local?.close();
});

test('a session with the echo container: text, bytes and fragments come back, and it closes in order', async () => {
  const session = await BidiSession.open({ endpointName: 'echo', client });
  expect(session.invokedProductionVariant).toBe('AllTraffic');
  const received: Message[] = [];
  const reading = (async () => {
    for await (const message of session) received.push(message);
  })();
  await session.send('I need help with');
  await session.send(new Uint8Array([0, 255]));
  await session.sendFragment('my account ', { final: false });
  await session.sendFragment('balance', { final: true });
  while (received.length < 3) await new Promise(resolve => setTimeout(resolve, 5));
  await session.close();
  await reading;
  expect(received.map(message => (typeof message === 'string' ? message : [...message]))).toEqual([
    'I need help with',
    [0, 255],
    'my account balance',
  ]);
});

test('an endpoint that does not exist and a path that the container refuses are told apart', async () => {
  expect(await failure(BidiSession.open({ endpointName: 'nobody', client }))).toBeInstanceOf(InvalidRequestError);
  const refused = await failure(
    BidiSession.open({ endpointName: 'echo', client, modelInvocationPath: 'not/here', retry: false }),
  );
  expect(refused).toBeInstanceOf(ModelRefusedError);
  expect(refused.httpStatusCode).toBe(424);
});
