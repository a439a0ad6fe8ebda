import { once } from 'node:events';
import { createServer } from 'node:net';
import {
  AccessDeniedError,
  BidiSession,
  type BidiSessionOptions,
  ConnectError,
  EndpointUnavailableError,
  InvalidRequestError,
  ModelRefusedError,
  OpenTimeoutError,
  PlatformError,
  SageMakerRuntimeHTTP2Client,
  type SessionError,
  ThrottledError,
} from '../../../lib/client';
import { retryDelayMs } from '../../../lib/client/stream/retry';
import { failure } from '../support/failure';
import { echo, FakeRuntime } from '../support/fake-runtime';
import { client, fake } from '../support/fresh-runtime';

const FAST = { maxAttempts: 4, baseDelayMs: 2 };
const open = (options: Partial<BidiSessionOptions> = {}) =>
  BidiSession.open({ endpointName: 'echo', client, retry: FAST, ...options });

/** Refuses this often, then echoes. */
function refuseFirst(times: number, status: number, name: string, body: object = { Message: 'not now' }): void {
  let refused = 0;
  fake.behaviour = stream => {
    refused += 1;
    return refused <= times ? stream.refuse(status, name, body) : echo(stream);
  };
}

const RETRIED: [number, string, new (...parameters: never[]) => SessionError][] = [
  [424, 'ModelError', ModelRefusedError],
  [429, 'TooManyRequestsException', ThrottledError],
  [400, 'ThrottlingException', ThrottledError],
  [503, 'ServiceUnavailableError', EndpointUnavailableError],
  [500, 'InternalServerError', PlatformError],
];

describe.each(RETRIED)('%i %s', (status, name, expected) => {
  test('is tried again until it works', async () => {
    refuseFirst(3, status, name);
    const session = await open();
    expect(session.statistics.openAttempts).toBe(4);
    await session.send('hello');
    expect(await session.receive()).toBe('hello');
    await session.close();
  });

  test('is thrown when the attempts are used up, and at once without retry', async () => {
    refuseFirst(100, status, name);
    const error = await failure(open());
    expect(error).toBeInstanceOf(expected);
    expect(error).toMatchObject({ httpStatusCode: status, retryable: true });
    expect(fake.streams).toHaveLength(4);
    await failure(open({ retry: false }));
    expect(fake.streams).toHaveLength(5);
  });
});

test.each([
  [400, 'InputValidationError', InvalidRequestError],
  [400, 'ValidationException', InvalidRequestError],
  [401, 'UnrecognizedClientException', AccessDeniedError],
  [403, 'AccessDeniedException', AccessDeniedError],
  [404, 'ResourceNotFoundException', InvalidRequestError],
  [413, 'PayloadTooLarge', InvalidRequestError],
  [422, 'Unprocessable', InvalidRequestError],
])('%i %s is never tried again', async (status, name, expected) => {
  refuseFirst(100, status, name, { Message: 'Endpoint echo not found' });
  const error = await failure(open());
  expect(error).toBeInstanceOf(expected);
  expect(error.what).toContain('Endpoint echo not found.');
  expect(error.retryable).toBe(false);
  expect(fake.streams).toHaveLength(1);
});

test('the error of a refusing model has every field of the platform', async () => {
  const fields = {
    Message: 'Failed to establish WebSocket connection',
    OriginalStatusCode: 400,
    OriginalMessage: 'bad query',
    LogStreamArn: 'arn:aws:logs:eu-west-1:111122223333:log-group:x:log-stream:y',
    ErrorCode: 'HANDSHAKE',
  };
  refuseFirst(1, 424, 'ModelError', fields);
  const error = await failure(open({ retry: false }));
  expect(error).toMatchObject(fields);
  expect(error.cause).toMatchObject({ name: 'ModelError', message: fields.Message, OriginalStatusCode: 400 });
  expect(error.toJSON()).toMatchObject({ name: 'ModelRefusedError', httpStatusCode: 424, ...fields });
});

describe('a connection that fails', () => {
  test('is tried again: nothing listens', async () => {
    const { port } = fake;
    await fake.close();
    const error = await failure(open());
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.what).toContain(`127.0.0.1:${port}: connect ECONNREFUSED`);
  });

  test('is tried again: cut before the response', async () => {
    let cuts = 0;
    fake.behaviour = stream => {
      cuts += 1;
      return cuts <= 2 ? stream.cut() : echo(stream);
    };
    const session = await open();
    expect(session.statistics.openAttempts).toBe(3);
    await session.close();
  });

  test('is tried again: the stream is refused', async () => {
    let refusals = 0;
    fake.behaviour = stream => {
      refusals += 1;
      return refusals <= 2 ? stream.reset(7) : echo(stream);
    };
    const session = await open();
    expect(session.statistics.openAttempts).toBe(3);
    await session.close();
  });

  test('is not tried again when the certificate is not trusted', async () => {
    const secure = await FakeRuntime.start({ tls: true });
    const stranger = new SageMakerRuntimeHTTP2Client(secure.client);
    const error = await failure(open({ client: stranger }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.retryable).toBe(false);
    expect(error.next).toContain('NODE_EXTRA_CA_CERTS');
    stranger.destroy();
    await secure.close();
  });

  test('that hangs is bounded by the whole open, not by each attempt', async () => {
    let connections = 0;
    const silent = createServer(() => {
      connections += 1;
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const error = await failure(
      open({ client: undefined, ...fake.client, endpoint: `http://127.0.0.1:${port}`, openTimeoutMs: 120 }),
    );
    expect(error).toBeInstanceOf(OpenTimeoutError);
    expect(connections).toBeLessThan(2);
    silent.close();
  });
});

test('the bound of the open ends the retries', async () => {
  let skippedMs = 0;
  const real = performance.now.bind(performance);
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => real() + skippedMs);
  // The third refusal comes when the bound is over, however fast this machine is.
  fake.behaviour = stream => {
    if (fake.streams.length === 3) skippedMs = 60_000;
    stream.refuse(424, 'ModelError', { Message: 'not now' });
  };
  const error = await failure(open({ openTimeoutMs: 60_000, retry: { ...FAST, maxAttempts: 1_000 } }));
  clock.mockRestore();
  expect(error).toBeInstanceOf(ModelRefusedError);
  expect(fake.streams).toHaveLength(3);
});

test('an abort ends the wait before the next attempt', async () => {
  refuseFirst(1_000, 424, 'ModelError');
  const reason = new Error('enough');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.999);
  const error = await failure(
    open({ abortSignal: controller.signal, retry: { maxAttempts: 9, baseDelayMs: 20_000, maxDelayMs: 20_000 } }),
  );
  random.mockRestore();
  expect(error).toBe(reason);
});

describe('the wait between attempts', () => {
  test('doubles up to the limit', () => {
    const upperEnds = [1, 2, 3, 4, 5, 6, 7].map(failures => retryDelayMs(failures, {}, () => 1));
    expect(upperEnds).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  test('has full jitter: anywhere between nothing and the upper end', () => {
    expect(retryDelayMs(3, {}, () => 0)).toBe(0);
    expect(retryDelayMs(3, {}, () => 0.5)).toBe(400);
    const drawn = Array.from({ length: 400 }, () => retryDelayMs(3));
    expect(Math.min(...drawn)).toBeLessThan(100);
    expect(Math.max(...drawn)).toBeGreaterThan(700);
  });
});

test('a burst at a cold endpoint opens: 150 streams that each wait longer than 2 s', async () => {
  fake.behaviour = async stream => {
    await new Promise(resolve => setTimeout(resolve, 2_100));
    await echo(stream);
  };
  const sessions = await Promise.all(Array.from({ length: 150 }, () => open()));
  expect(sessions.every(session => session.statistics.openAttempts === 1)).toBe(true);
  await Promise.all(sessions.map(session => session.close()));
});

describe('a platform that asks to wait', () => {
  /** Refuses this often with `Retry-After`, then echoes. Returns when the attempts came. */
  function askToWait(times: number, retryAfter: string): number[] {
    const attempts: number[] = [];
    fake.behaviour = stream => {
      attempts.push(performance.now());
      if (attempts.length > times) return echo(stream);
      stream.raw.respond({ ':status': 503, 'x-amzn-errortype': 'ServiceUnavailableError', 'retry-after': retryAfter });
      stream.raw.end('{}');
      return undefined;
    };
    return attempts;
  }

  test('gets its time', async () => {
    const attempts = askToWait(2, '0.3');
    await (await open()).close();
    expect(attempts[1]! - attempts[0]!).toBeGreaterThanOrEqual(299);
    expect(attempts[2]! - attempts[1]!).toBeGreaterThanOrEqual(299);
  });

  test('for longer than the open may take is not waited for', async () => {
    const attempts = askToWait(100, new Date(Date.now() + 3_600_000).toUTCString());
    const error = await failure(open());
    expect(error).toBeInstanceOf(EndpointUnavailableError);
    expect(error.retryAfterMs).toBeGreaterThan(3_500_000);
    expect(attempts).toHaveLength(1);
  });
});

test('a burst of 500 streams at an endpoint that admits 50 at a time opens within the bound', async () => {
  let admitted = 0;
  const refill = setInterval(() => {
    admitted = 0;
  }, 100);
  fake.behaviour = stream => {
    admitted += 1;
    return admitted <= 50 ? echo(stream) : stream.refuse(429, 'TooManyRequestsException', { Message: 'slow down' });
  };
  const sharing = new SageMakerRuntimeHTTP2Client({ ...fake.client, requestHandler: { maxConcurrentStreams: 50 } });
  const sessions = await Promise.all(
    Array.from({ length: 500 }, () => open({ client: sharing, retry: { baseDelayMs: 50 }, openTimeoutMs: 60_000 })),
  );
  clearInterval(refill);
  expect(Math.max(...sessions.map(({ statistics }) => statistics.openAttempts))).toBeGreaterThan(1);
  await Promise.all(sessions.map(session => session.close()));
  sharing.destroy();
});

test('credentials that expire in a session are renewed for its next stream', async () => {
  let issued = 0;
  const renewing = new SageMakerRuntimeHTTP2Client({
    ...fake.client,
    credentials: async () => {
      issued += 1;
      fake.secrets.set(`AKID${issued}`, `secret ${issued}`);
      return { accessKeyId: `AKID${issued}`, secretAccessKey: `secret ${issued}`, expiration: new Date() };
    },
  });
  let streams = 0;
  fake.behaviour = async stream => {
    streams += 1;
    if (streams > 1) return echo(stream);
    stream.respond();
    for await (const _part of stream.parts()) return stream.cut();
  };
  let replies = 0;
  const acknowledge = () => ({ messages: ++replies });
  const session = await open({ client: renewing, resume: { acknowledge } });
  await session.send('hello');
  expect(await session.receive()).toBe('hello');
  await session.close();
  const keys = fake.streams.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization!)![1]);
  expect(new Set(keys).size).toBe(2);
  renewing.destroy();
});

test('a missing action is named', async () => {
  const resource = 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/echo';
  refuseFirst(1, 403, 'AccessDeniedException', {
    Message: `User: arn:aws:iam::444455556666:user/app is not authorized to perform: sagemaker:InvokeEndpointWithBidirectionalStream on resource: ${resource} because no identity-based policy allows it`,
  });
  const error = await failure(open());
  expect(error.why).toBe('No policy of the caller allows sagemaker:InvokeEndpointWithBidirectionalStream.');
  expect(error.next).toContain(`Allow it on ${resource}`);
});

test.each([
  [
    400,
    'ValidationException',
    'Endpoint echo of account 111122223333 not found.',
    /does not exist in this region and account/,
  ],
  [
    400,
    'InputValidationError',
    'Endpoint echo of account 111122223333 not found.',
    /does not exist in this region and account/,
  ],
  [403, 'UnrecognizedClientException', 'The security token included in the request is invalid.', /of another account/],
])('a wrong account is a sentence and no hang: %i %s', async (status, name, Message, why) => {
  refuseFirst(100, status, name, { Message });
  const error = await failure(open());
  expect(error.what).toContain(Message);
  expect(error.why).toMatch(why);
  expect(error.next).not.toBe('');
  expect(fake.streams).toHaveLength(1);
});

test('what the other side says is made printable', async () => {
  refuseFirst(1, 400, 'ValidationException', { Message: '\x1b[2Jcleared\nforged: line' });
  expect((await failure(open())).what).toContain('\\x1b[2Jcleared\\x0aforged: line');
});
