import { connect } from 'node:http2';
import { type LocalEvent, type LocalSageMaker, LocalSageMaker as Sagemaker } from '../../../lib/local';
import { scriptedEndpoint, scriptedModel, startLocal } from '../support/local';
import { SignedStream, type SignedStreamOptions } from '../support/signed-stream';

let local: LocalSageMaker;
const events: LocalEvent[] = [];

beforeAll(async () => {
  local = await startLocal({
    observe: event => events.push(event),
    endpoints: [
      scriptedEndpoint(),
      {
        name: 'split',
        variants: [
          { name: 'Blue', weight: 3, model: scriptedModel({ VARIANT: 'Blue' }) },
          { name: 'Green', weight: 1, instanceCount: 2, model: scriptedModel({ VARIANT: 'Green' }) },
        ],
      },
    ],
  });
});
afterAll(() => local.close());

async function refusal(options: SignedStreamOptions) {
  return (await SignedStream.open(local, options)).refusal();
}

function query(text: string): SignedStreamOptions {
  return { headers: { 'x-amzn-sagemaker-model-query-string': text } };
}

describe('400 InputValidationError', () => {
  test.each([
    ['an endpoint that is not there', { endpointName: 'nobody' }, /^Endpoint nobody of account \d{12} not found\.$/],
    ['a name that breaks its pattern', { endpointName: 'a_b' }, /^Endpoint name "a_b" may hold letters/],
    ['a name that is too long', { endpointName: 'x'.repeat(64) }, /64 characters/],
    [
      'a variant that is not there',
      { headers: { 'x-amzn-sagemaker-target-variant': 'Red' } },
      /^Variant Red not found for Endpoint echo\.$/,
    ],
    [
      'a variant that breaks its pattern',
      { headers: { 'x-amzn-sagemaker-target-variant': '-' } },
      /^Variant name "-" may hold/,
    ],
    [
      'a path with a leading slash',
      { headers: { 'x-amzn-sagemaker-model-invocation-path': '/v1/listen' } },
      /^Model invocation path/,
    ],
    ['a path that is too long', { headers: { 'x-amzn-sagemaker-model-invocation-path': 'x'.repeat(101) } }, /101 char/],
    ['a query with a question mark', query('?a=b'), /^Model query string/],
    ['a query that is too long', query(`a=${'b'.repeat(2_047)}`), /2049 characters/],
  ])('%s', async (_, options: SignedStreamOptions, message) => {
    expect(await refusal(options)).toEqual({
      status: 400,
      type: 'InputValidationError',
      body: { Message: expect.stringMatching(message) },
    });
  });

  test('all faults together', async () => {
    const { body } = await refusal({
      endpointName: 'a_b',
      headers: { 'x-amzn-sagemaker-target-variant': '-', 'x-amzn-sagemaker-model-query-string': '?' },
    });
    expect(body.Message).toMatch(/Endpoint name .* Variant name .* Model query string/);
  });
});

describe('424 ModelError', () => {
  test.each([
    ['the container refuses the upgrade', 'act=refuse', 400, 'Bad Request'],
    ['the container hangs up', 'act=drop', 0, 'socket hang up'],
    ['the container does not answer', 'act=hang', 0, 'No answer within 250 ms.'],
    ['the container is late', 'act=late&ms=800', 0, 'No answer within 250 ms.'],
  ])('%s', async (_, act, OriginalStatusCode, OriginalMessage) => {
    expect(await refusal(query(act))).toEqual({
      status: 424,
      type: 'ModelError',
      body: {
        Message: 'Failed to establish WebSocket connection',
        OriginalStatusCode,
        OriginalMessage,
        LogStreamArn:
          'arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/echo:log-stream:AllTraffic/local-0',
      },
    });
  });

  test('just in time is in time', async () => {
    const stream = await SignedStream.open(local, query('act=late&ms=100'));
    expect((await stream.response)[':status']).toBe(200);
    stream.stream.close();
  });
});

test('503 while the endpoint is not in service, 200 when its /ping passes', async () => {
  const starting = await Sagemaker.start({
    endpoints: [scriptedEndpoint({ PING_READY_AFTER_MS: '400' })],
    port: 0,
    tls: false,
    waitUntilInService: false,
  });
  try {
    const early = await SignedStream.open(starting);
    expect(await early.refusal()).toEqual({
      status: 503,
      type: 'ServiceUnavailableError',
      body: { Message: 'Endpoint echo of account 000000000000 is not in service.' },
    });
    for (let status = 503; status !== 200; ) {
      const stream = await SignedStream.open(starting);
      status = Number((await stream.response)[':status']);
      stream.session.destroy();
    }
  } finally {
    await starting.close();
  }
});

test.each([
  ['POST', '/'],
  ['GET', '/endpoints/echo/invocations-bidirectional-stream'],
  ['POST', '/endpoints/echo/elsewhere'],
])('404 for %s %s', async (method, path) => {
  const session = connect(local.url);
  const stream = session.request({ ':method': method, ':path': path });
  const headers = await new Promise<Record<string, unknown>>(resolve => stream.on('response', resolve));
  expect(headers).toMatchObject({ ':status': 404, 'x-amzn-errortype': 'UnknownOperationException' });
  session.destroy();
});

test('a refusal is told to the observer', async () => {
  await refusal({ endpointName: 'nobody' });
  expect(events.findLast(event => event.type === 'refused')).toMatchObject({
    method: 'POST',
    path: '/endpoints/nobody/invocations-bidirectional-stream',
    statusCode: 400,
    error: 'InputValidationError',
  });
});

describe('variants and instances', () => {
  async function answeredBy(headers: Record<string, string> = {}): Promise<{ variant: unknown; stream: SignedStream }> {
    const stream = await SignedStream.open(local, { endpointName: 'split', headers });
    return { variant: (await stream.response)['x-amzn-invoked-production-variant'], stream };
  }

  test('weights are exact over a round', async () => {
    const counts: Record<string, number> = {};
    for (let index = 0; index < 8; index += 1) {
      const { variant, stream } = await answeredBy();
      counts[String(variant)] = (counts[String(variant)] ?? 0) + 1;
      await stream.end();
      await stream.ended;
    }
    expect(counts).toEqual({ Blue: 6, Green: 2 });
  });

  test('the target variant answers, from its own environment', async () => {
    for (const name of ['Green', 'Blue', 'Green']) {
      const { variant, stream } = await answeredBy({
        'x-amzn-sagemaker-target-variant': name,
        'x-amzn-sagemaker-model-query-string': 'act=environment',
      });
      expect(variant).toBe(name);
      await stream.part('x');
      expect(JSON.parse((await stream.nth(1)).body.toString())).toMatchObject({ VARIANT: name, ARGUMENTS: 'serve' });
      stream.session.destroy();
    }
  });

  test('open streams are spread over the instances', async () => {
    const begin = events.length;
    const opened = await Promise.all(
      [1, 2, 3, 4].map(() => answeredBy({ 'x-amzn-sagemaker-target-variant': 'Green' })),
    );
    const instances = events
      .slice(begin)
      .flatMap(event => (event.type === 'session-opened' ? [event.name.instance] : []))
      .sort();
    expect(instances).toEqual([0, 0, 1, 1]);
    for (const { stream } of opened) stream.session.destroy();
  });
});
