import { Agent } from 'node:https';
import {
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { LocalEvent, LocalSageMaker } from '../../../lib/local';
import { scriptedEndpoint, startLocal } from '../support/local';

const events: LocalEvent[] = [];
let local: LocalSageMaker;
let client: SageMakerRuntimeClient;

beforeAll(async () => {
  local = await startLocal({ tls: true, endpoints: [scriptedEndpoint()], observe: event => events.push(event) });
  client = clientWith(local.credentials);
});
afterAll(async () => {
  client.destroy();
  await local.close();
});

/** The official client of the plain operations: HTTP/1.1 over the same TLS port. */
function clientWith(credentials: LocalSageMaker['credentials']): SageMakerRuntimeClient {
  return new SageMakerRuntimeClient({
    endpoint: local.url,
    region: local.region,
    credentials,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: local.certificateAuthority }) }),
  });
}

test('InvokeEndpoint', async () => {
  const answer = await client.send(
    new InvokeEndpointCommand({
      EndpointName: 'echo',
      Body: Buffer.from('{"text":"hello"}'),
      ContentType: 'application/json',
      CustomAttributes: 'trace=1',
    }),
  );
  expect(Buffer.from(answer.Body).toString()).toBe('{"text":"hello"}');
  expect(answer).toMatchObject({
    ContentType: 'application/json',
    InvokedProductionVariant: 'AllTraffic',
    CustomAttributes: 'trace=1',
  });
  expect(events.findLast(event => event.type === 'invoked')).toMatchObject({ statusCode: 200 });
});

test('InvokeEndpointWithResponseStream', async () => {
  const body = Buffer.alloc(300_000, 'abc');
  const answer = await client.send(
    new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'echo', Body: body, ContentType: 'text/plain' }),
  );
  expect(answer).toMatchObject({ ContentType: 'text/plain', InvokedProductionVariant: 'AllTraffic' });
  const pieces: Uint8Array[] = [];
  for await (const event of answer.Body!) pieces.push(event.PayloadPart!.Bytes!);
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
});

test('a response that breaks off is a ModelStreamError', async () => {
  const answer = await client.send(
    new InvokeEndpointWithResponseStreamCommand({
      EndpointName: 'echo',
      Body: Buffer.from('x'),
      CustomAttributes: 'break',
    }),
  );
  const pieces: string[] = [];
  await expect(async () => {
    for await (const event of answer.Body!) pieces.push(Buffer.from(event.PayloadPart!.Bytes!).toString());
  }).rejects.toMatchObject({ name: 'ModelStreamError', ErrorCode: 'StreamBroken' });
  expect(pieces).toEqual(['half']);
});

test.each([
  [
    'fail',
    418,
    'short and stout',
    /^Received client error \(418\) from AllTraffic with message "short and stout"\. See arn:aws:logs:/,
  ],
  ['crash', 0, 'The container closed the connection.', /^Received server error \(0\) from AllTraffic/],
])(
  'a container that answers with an error, or not at all: %s',
  async (attributes, OriginalStatusCode, OriginalMessage, message) => {
    const before = events.filter(event => event.type === 'container-in-service').length;
    await expect(
      client.send(
        new InvokeEndpointCommand({ EndpointName: 'echo', Body: Buffer.from('x'), CustomAttributes: attributes }),
      ),
    ).rejects.toMatchObject({
      name: 'ModelError',
      $metadata: { httpStatusCode: 424 },
      OriginalStatusCode,
      OriginalMessage,
      message: expect.stringMatching(message),
    });
    if (attributes !== 'crash') return;
    while (events.filter(event => event.type === 'container-in-service').length === before) {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  },
);

test('an endpoint that is not there is a ValidationError of this older model', async () => {
  await expect(
    client.send(new InvokeEndpointCommand({ EndpointName: 'nobody', Body: Buffer.from('x') })),
  ).rejects.toMatchObject({ name: 'ValidationError', $metadata: { httpStatusCode: 400 } });
});

test('a wrong secret', async () => {
  const stranger = clientWith({ ...local.credentials, secretAccessKey: 'wrong' });
  try {
    await expect(
      stranger.send(new InvokeEndpointCommand({ EndpointName: 'echo', Body: Buffer.from('x') })),
    ).rejects.toMatchObject({ name: 'InvalidSignatureException', $metadata: { httpStatusCode: 403 } });
  } finally {
    stranger.destroy();
  }
});

test('the streaming operation over HTTP/1.1 is refused', async () => {
  const { request } = await import('node:https');
  const url = new URL('/endpoints/echo/invocations-bidirectional-stream', local.url);
  const status = await new Promise(resolve =>
    request(url, { method: 'POST', ca: local.certificateAuthority, agent: false }, response => {
      response.resume();
      resolve(response.statusCode);
    }).end(),
  );
  expect(status).toBe(400);
});

test('a body that was changed after it was signed is refused', async () => {
  const changing = clientWith(local.credentials);
  changing.middlewareStack.add(
    next => args => {
      const request = args.request as { body: unknown; headers: Record<string, string> };
      expect(request.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
      request.body = Buffer.from('{"text":"HELLO"}');
      return next(args);
    },
    { step: 'deserialize', priority: 'low' },
  );
  const refused = changing.send(
    new InvokeEndpointCommand({ EndpointName: 'echo', Body: Buffer.from('{"text":"hello"}') }),
  );
  await expect(refused).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  changing.destroy();
});
