import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BidiSession,
  InputValidationError,
  InternalServerError,
  InvokeEndpointWithBidirectionalStreamCommand,
  ModelError,
  ModelStreamError,
  type RequestStreamEvent,
  SageMakerRuntimeHTTP2Client,
  type SageMakerRuntimeHTTP2ClientConfig,
  SageMakerRuntimeHTTP2ServiceException,
  ServiceUnavailableError,
} from '../../../lib/client';
import { CREDENTIALS, REGION } from '../support/fake-runtime';
import { client, fake } from '../support/fresh-runtime';

const VARIABLES = [
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2',
  'AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_CONFIG_FILE',
  'AWS_PROFILE',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
];
const before = { ...process.env };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'client-'));
  for (const name of VARIABLES) delete process.env[name];
  process.env.AWS_CONFIG_FILE = join(directory, 'none');
});

afterEach(() => {
  process.env = { ...before };
  rmSync(directory, { recursive: true, force: true });
});

/** Where the client would send a request, without sending it. */
async function destination(configuration: SageMakerRuntimeHTTP2ClientConfig): Promise<string> {
  const seen: { hostname: string; port?: number; protocol: string }[] = [];
  const client = new SageMakerRuntimeHTTP2Client({
    credentials: CREDENTIALS,
    region: REGION,
    requestHandler: {
      handle: async (request: (typeof seen)[number]) => {
        seen.push(request);
        throw new Error('not sent');
      },
    } as never,
    ...configuration,
  });
  await client
    .send(new InvokeEndpointWithBidirectionalStreamCommand({ EndpointName: 'e', Body: nothing() }))
    .catch(error => {
      if (error.message !== 'not sent') throw error;
    });
  const { protocol, hostname, port } = seen[0]!;
  return `${protocol}//${hostname}${port ? `:${port}` : ''}`;
}

async function* nothing(): AsyncGenerator<RequestStreamEvent> {}

describe('the endpoint', () => {
  test.each<[SageMakerRuntimeHTTP2ClientConfig, string]>([
    [{}, 'https://runtime.sagemaker.eu-west-1.amazonaws.com:8443'],
    [{ region: 'us-gov-west-1' }, 'https://runtime.sagemaker.us-gov-west-1.amazonaws.com:8443'],
    [{ region: 'cn-north-1' }, 'https://runtime.sagemaker.cn-north-1.amazonaws.com.cn:8443'],
    [{ region: 'eusc-de-east-1' }, 'https://runtime.sagemaker.eusc-de-east-1.amazonaws.eu:8443'],
    [{ region: 'us-east-1', useFipsEndpoint: true }, 'https://runtime-fips.sagemaker.us-east-1.amazonaws.com:8443'],
    [{ region: 'us-east-1', useDualstackEndpoint: true }, 'https://runtime.sagemaker.us-east-1.api.aws:8443'],
    [
      { region: 'us-east-1', useFipsEndpoint: true, useDualstackEndpoint: true },
      'https://runtime-fips.sagemaker.us-east-1.api.aws:8443',
    ],
    [{ endpoint: 'http://localhost:1234' }, 'http://localhost:1234'],
  ])('of %j is %s', async (configuration, url) => {
    expect(await destination(configuration)).toBe(url);
  });

  test('comes from the service’s own variable before the general one, and not from the sibling service’s', async () => {
    process.env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME = 'http://sibling:1';
    expect(await destination({})).toBe('https://runtime.sagemaker.eu-west-1.amazonaws.com:8443');
    process.env.AWS_ENDPOINT_URL = 'http://general:2';
    expect(await destination({})).toBe('http://general:2');
    process.env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2 = 'http://own:3';
    expect(await destination({})).toBe('http://own:3');
    expect(await destination({ endpoint: 'http://given:4' })).toBe('http://given:4');
  });

  test('comes from the shared configuration file', async () => {
    process.env.AWS_CONFIG_FILE = join(directory, 'config');
    process.env.AWS_PROFILE = 'here';
    writeFileSync(
      process.env.AWS_CONFIG_FILE,
      '[profile here]\nservices = local\n[services local]\nsagemaker_runtime_http2 =\n  endpoint_url = http://from-file:5\n',
    );
    expect(await destination({})).toBe('http://from-file:5');
  });

  test.each<[string, SageMakerRuntimeHTTP2ClientConfig]>([
    ['FIPS and custom endpoint', { endpoint: 'http://x', useFipsEndpoint: true }],
    ['Dualstack and custom endpoint', { endpoint: 'http://x', useDualstackEndpoint: true }],
    ['No AWS partition', { region: 'moon-base-1' }],
  ])('is refused: %s', async (message, configuration) => {
    await expect(destination(configuration)).rejects.toThrow(message);
  });
});

describe('the operation', () => {
  const send = (parts: RequestStreamEvent[]) =>
    client.send(
      new InvokeEndpointWithBidirectionalStreamCommand({
        EndpointName: 'speech',
        Body: (async function* () {
          yield* parts;
        })(),
      }),
    );

  test('streams as the plain SDK would, each event signed and an empty signed one at the end', async () => {
    const output = await send([{ PayloadPart: { Bytes: Buffer.from('hello'), DataType: 'UTF8', P: 'abc' } }]);
    expect(output.InvokedProductionVariant).toBe('AllTraffic');
    const events = [];
    for await (const event of output.Body!) events.push(event);
    expect(events).toEqual([{ PayloadPart: { Bytes: new Uint8Array(Buffer.from('hello')), DataType: 'UTF8' } }]);
    const [stream] = fake.streams;
    expect(stream!.inputEnded).toBe(true);
    expect(stream!.headers).toMatchObject({
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-EVENTS',
      authorization: expect.stringMatching(/Credential=AKIDFAKE\/\d{8}\/eu-west-1\/sagemaker\/aws4_request/),
      'user-agent': expect.stringContaining('api/sagemaker-runtime-http2#'),
    });
  });

  test.each([
    [400, 'InputValidationError', InputValidationError],
    [424, 'ModelError', ModelError],
    [500, 'InternalServerError', InternalServerError],
    [503, 'ServiceUnavailableError', ServiceUnavailableError],
    [418, 'Teapot', SageMakerRuntimeHTTP2ServiceException],
  ])('throws HTTP %i as %s, and writes nothing to the console', async (status, name, expected) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    fake.behaviour = stream => stream.refuse(status, name, { Message: 'no', ErrorCode: 'CODE' });
    const error = await send([]).catch(cause => cause);
    expect(error).toBeInstanceOf(expected);
    expect(error).toBeInstanceOf(SageMakerRuntimeHTTP2ServiceException);
    expect(error).toMatchObject({ name, message: 'no', ErrorCode: 'CODE', $metadata: { httpStatusCode: status } });
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('throws an exception event as its class', async () => {
    fake.behaviour = async stream => {
      stream.respond();
      await stream.send('first', 'UTF8');
      await stream.throw('ModelStreamError', { Message: 'no', ErrorCode: '1011' });
    };
    const { Body } = await send([]);
    const events = Body![Symbol.asyncIterator]();
    await events.next();
    const error = await events.next().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ModelStreamError);
    expect(error).toMatchObject({ $fault: 'client', Message: 'no', ErrorCode: '1011' });
  });
});

test('events are signed by the identity that signed their request, however often credentials rotate', async () => {
  let rotations = 0;
  const rotating = new SageMakerRuntimeHTTP2Client({
    ...fake.client,
    credentials: async () => {
      rotations += 1;
      const identity = { accessKeyId: `AKID${rotations}`, secretAccessKey: `secret ${rotations}` };
      fake.secrets.set(identity.accessKeyId, identity.secretAccessKey);
      return { ...identity, expiration: new Date() }; // due at once
    },
  });
  const stream = async (): Promise<void> => {
    const session = await BidiSession.open({ endpointName: 'echo', client: rotating, retry: false });
    await session.send('hello');
    expect(await session.receive()).toBe('hello');
    await session.close();
  };
  for (let index = 0; index < 5; index += 1) await stream();
  await Promise.all(Array.from({ length: 5 }, stream));
  expect(rotations).toBeGreaterThan(10);
  rotating.destroy();
});
