import { randomBytes } from 'node:crypto';
import { connect } from 'node:http2';
import type { LocalSageMaker } from '../../../lib/local';
import { SignatureVerifier } from '../../../lib/local/service/signature-verification';
import { startLocal } from '../support/local';
import { SignedStream, type SignedStreamOptions } from '../support/signed-stream';
import { TEST_CREDENTIALS } from '../support/test-credentials';

const MINUTE_MS = 60_000;
const MISMATCH = /^The request signature we calculated does not match the signature you provided\./;
let local: LocalSageMaker;

beforeAll(async () => {
  local = await startLocal({
    credentials: [TEST_CREDENTIALS, { accessKeyId: 'AKIASESSION', secretAccessKey: 'secret', sessionToken: 'token' }],
  });
});
afterAll(() => local.close());

async function refusal(options: SignedStreamOptions) {
  const stream = await SignedStream.open(local, options);
  return stream.refusal();
}

describe('the request', () => {
  const cases: [string, SignedStreamOptions, string, RegExp][] = [
    [
      'without a signature',
      { tamper: headers => delete headers.authorization },
      'MissingAuthenticationTokenException',
      /^Missing Authentication Token$/,
    ],
    [
      'with a token of another scheme',
      {
        tamper: headers => {
          headers.authorization = 'Bearer abc';
        },
      },
      'IncompleteSignatureException',
      /Authorization header requires 'Credential' parameter\. Authorization header requires 'Signature' parameter\. Authorization header requires 'SignedHeaders' parameter\./,
    ],
    [
      'without a date',
      { tamper: headers => delete headers['x-amz-date'] },
      'IncompleteSignatureException',
      /requires existence of either a 'X-Amz-Date' or a 'Date' header/,
    ],
    [
      'with a date that is none',
      {
        tamper: headers => {
          headers['x-amz-date'] = 'yesterday';
        },
      },
      'IncompleteSignatureException',
      /ISO-8601 'basic format'/,
    ],
    [
      'without the host among the signed headers',
      {
        tamper: headers => {
          headers.authorization = headers.authorization!.replace('host;', '');
        },
      },
      'IncompleteSignatureException',
      /'Host' or ':authority' must be a 'SignedHeader'/,
    ],
    [
      'with half a credential',
      {
        tamper: headers => {
          headers.authorization = headers.authorization!.replace('/aws4_request', '');
        },
      },
      'IncompleteSignatureException',
      /Credential must have exactly 5 slash-delimited elements/,
    ],
    [
      'of a key that nobody knows',
      { credentials: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'secret' } },
      'UnrecognizedClientException',
      /^The security token included in the request is invalid\.$/,
    ],
    [
      'of a session without its token',
      { credentials: { accessKeyId: 'AKIASESSION', secretAccessKey: 'secret' } },
      'UnrecognizedClientException',
      /^The security token included in the request is invalid\.$/,
    ],
    [
      'of the wrong secret',
      { credentials: { ...TEST_CREDENTIALS, secretAccessKey: 'wrong' } },
      'InvalidSignatureException',
      MISMATCH,
    ],
    [
      'for another region',
      { region: 'eu-west-1' },
      'InvalidSignatureException',
      /^Credential should be scoped to a valid region, not 'eu-west-1'\. $/,
    ],
    [
      'for another service',
      { service: 's3' },
      'InvalidSignatureException',
      /^Credential should be scoped to correct service: 'sagemaker'\. $/,
    ],
    [
      'too old',
      { date: new Date(Date.now() - 6 * MINUTE_MS) },
      'InvalidSignatureException',
      /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
    ],
    [
      'of the future',
      { date: new Date(Date.now() + 6 * MINUTE_MS) },
      'InvalidSignatureException',
      /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$/,
    ],
    [
      'with a header that was changed',
      {
        headers: { 'x-amzn-sagemaker-model-query-string': 'model=a' },
        tamper: headers => {
          headers['x-amzn-sagemaker-model-query-string'] = 'model=b';
        },
      },
      'InvalidSignatureException',
      MISMATCH,
    ],
    [
      'with a date that no calendar has',
      {
        tamper: headers => {
          headers['x-amz-date'] = '99999999T999999Z';
        },
      },
      'IncompleteSignatureException',
      /ISO-8601 'basic format'\. Got '99999999T999999Z'/,
    ],
    [
      'with a header of AWS outside the signature',
      {
        tamper: headers => {
          headers['x-amzn-sagemaker-target-variant'] = 'Green';
        },
      },
      'IncompleteSignatureException',
      /'x-amzn-sagemaker-target-variant' must be a 'SignedHeader'/,
    ],
    [
      'with rubbish after the signature',
      {
        tamper: headers => {
          headers.authorization = `${headers.authorization}zz`;
        },
      },
      'InvalidSignatureException',
      MISMATCH,
    ],
    [
      'with a part that no signature has',
      {
        tamper: headers => {
          headers.authorization = `${headers.authorization}, Signature=${'0'.repeat(64)}`;
        },
      },
      'IncompleteSignatureException',
      /must not have 'Signature=0000/,
    ],
    [
      'with a part of another name',
      {
        tamper: headers => {
          headers.authorization = `${headers.authorization}, Extra=1`;
        },
      },
      'IncompleteSignatureException',
      /must not have 'Extra=1'/,
    ],
    [
      'with a date outside its scope',
      {
        tamper: headers => {
          headers.authorization = headers.authorization!.replace(/\/20\d{6}\//, '/20200101/');
        },
      },
      'InvalidSignatureException',
      /^Date in Credential scope does not match/,
    ],
    [
      'of an event stream whose events are not signed',
      { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
      'InvalidSignatureException',
      /STREAMING-AWS4-HMAC-SHA256-EVENTS/,
    ],
  ];
  test.each(cases)('%s', async (_, options, type, message) => {
    const answer = await refusal(options);
    expect(answer).toEqual({ status: 403, type, body: { message: expect.stringMatching(message) } });
  });

  test('within the tolerance of the clock', async () => {
    const stream = await SignedStream.open(local, { date: new Date(Date.now() - 4 * MINUTE_MS) });
    expect((await stream.response)[':status']).toBe(200);
    await stream.end();
    await stream.ended;
  });

  test('of a session with its token', async () => {
    const stream = await SignedStream.open(local, {
      credentials: { accessKeyId: 'AKIASESSION', secretAccessKey: 'secret', sessionToken: 'token' },
    });
    await stream.part('x');
    await stream.nth(1);
    await stream.end();
    await stream.ended;
  });
});

describe('the chain of the events', () => {
  async function errorOf(send: (stream: SignedStream) => Promise<unknown>) {
    const stream = await SignedStream.open(local);
    await stream.part('first');
    await stream.nth(1);
    await send(stream);
    const last = (await stream.ended).at(-1)!;
    return { events: stream.events.length, headers: last.headers };
  }
  const invalid = (message: RegExp) => ({
    events: 2,
    headers: {
      ':message-type': 'error',
      ':error-code': 'InvalidSignatureException',
      ':error-message': expect.stringMatching(message),
    },
  });

  test('a body that was changed', async () => {
    const answer = await errorOf(stream =>
      stream.envelope(randomBytes(32), signed => {
        signed.body = randomBytes(32);
      }),
    );
    expect(answer).toEqual(invalid(MISMATCH));
  });

  test('a signature that was changed', async () => {
    const answer = await errorOf(stream =>
      stream.envelope(new Uint8Array(0), signed => {
        signed.headers[':chunk-signature'] = { type: 'binary', value: randomBytes(32) };
      }),
    );
    expect(answer).toEqual(invalid(MISMATCH));
  });

  test('a date that was changed', async () => {
    const answer = await errorOf(stream =>
      stream.envelope(new Uint8Array(0), signed => {
        signed.headers[':date'] = { type: 'timestamp', value: new Date(Date.now() + 1_000) };
      }),
    );
    expect(answer).toEqual(invalid(MISMATCH));
  });

  test('a header that was added', async () => {
    const answer = await errorOf(stream =>
      stream.envelope(new Uint8Array(0), signed => {
        signed.headers.extra = { type: 'string', value: 'x' };
      }),
    );
    expect(answer).toEqual(invalid(MISMATCH));
  });

  test('events in their order are accepted, each by the signature of the one before', async () => {
    const stream = await SignedStream.open(local);
    for (const text of ['one', 'two', 'three']) await stream.part(text);
    expect((await stream.nth(3)).body.toString()).toBe('three');
    await stream.end();
    await stream.ended;
  });

  test('an event that was left out', async () => {
    const answer = await errorOf(async stream => {
      await stream.sign(Buffer.from('left out'));
      await stream.envelope(new Uint8Array(0));
    });
    expect(answer).toEqual(invalid(MISMATCH));
  });

  test('an event that is not signed', async () => {
    const answer = await errorOf(stream =>
      stream.envelope(new Uint8Array(0), signed => {
        delete signed.headers[':chunk-signature'];
      }),
    );
    expect(answer).toEqual(invalid(/must carry the headers/));
  });

  test('an event that is too old', async () => {
    const answer = await errorOf(stream =>
      stream.envelope(new Uint8Array(0), undefined, new Date(Date.now() - 6 * MINUTE_MS)),
    );
    expect(answer).toEqual(invalid(/^Signature expired/));
  });
});

test('a signing key of the day before still serves what was signed before midnight', async () => {
  const verifier = new SignatureVerifier('us-east-1', [TEST_CREDENTIALS], () => Date.UTC(2026, 0, 2, 0, 1));
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const { Hash } = await import('@smithy/core/serde');
  const signer = new SignatureV4({
    credentials: TEST_CREDENTIALS,
    region: 'us-east-1',
    service: 'sagemaker',
    sha256: Hash.bind(null, 'sha256') as never,
  });
  const request = { method: 'POST', path: '/endpoints/a%20b/x/../y//z', query: { b: ['2', '1'], a: 'ä +&=' } };
  for (const minute of [59, 60]) {
    const signed = await signer.sign(
      { ...request, protocol: 'https:', hostname: 'h', headers: { host: 'h', 'x-amz-content-sha256': 'abc' } },
      { signingDate: new Date(Date.UTC(2026, 0, 1, 23, minute)) },
    );
    const target = `${request.path}?b=2&b=1&a=${encodeURIComponent('ä +&=')}`;
    expect(verifier.verifyRequest({ method: 'POST', target, headers: signed.headers }).payloadHash).toBe('abc');
  }
});

test('without verification, any signature and none will do', async () => {
  const open = await startLocal({ verify: false });
  try {
    const wrong = await SignedStream.open(open, { credentials: { accessKeyId: 'x', secretAccessKey: 'y' } });
    await wrong.part('signed by nobody');
    expect((await wrong.nth(1)).body.toString()).toBe('signed by nobody');
    await wrong.end();
    await wrong.ended;
    const session = connect(open.url);
    const stream = session.request({ ':method': 'POST', ':path': '/endpoints/echo/invocations-bidirectional-stream' });
    const status = await new Promise(resolve => stream.on('response', headers => resolve(headers[':status'])));
    expect(status).toBe(200);
    session.destroy();
  } finally {
    await open.close();
  }
});
