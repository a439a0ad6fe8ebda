import { ModelStreamClosedError } from '../../../lib/client';
import { explainOpenFailure, explainStreamFailure, openTimeout } from '../../../lib/client/errors/explain-failure';

const REAL = { endpointName: 'speech', host: 'runtime.sagemaker.eu-west-1.amazonaws.com', port: 8443 };
const LOCAL = { endpointName: 'speech', host: 'localhost', port: 8443 };

test('an error of a real endpoint says where its logs are', () => {
  const error = explainOpenFailure(
    { name: 'ModelError', message: 'refused', $metadata: { httpStatusCode: 424 } },
    REAL,
  );
  expect(error).toMatchObject({
    logGroup: '/aws/sagemaker/Endpoints/speech',
    consoleUrl: 'https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/endpoints/speech',
    logsUrl: expect.stringContaining('#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FEndpoints$252Fspeech'),
  });
  expect(error.next).toContain(error.logsUrl!);
  expect(error.message.split('\n')).toHaveLength(3);
});

test('an error of a local endpoint names no console', () => {
  const error = explainOpenFailure(
    { name: 'ModelError', message: 'refused', $metadata: { httpStatusCode: 424 } },
    LOCAL,
  );
  expect([error.logGroup, error.consoleUrl, error.logsUrl]).toEqual([undefined, undefined, undefined]);
});

test.each([
  [{ ...REAL, port: 443 }, 'Use the runtime URI with :8443.'],
  [REAL, 'Allow outgoing TCP 8443'],
])('a hang at %j is told apart', (destination, next) => {
  expect(openTimeout(1_000, destination).next).toContain(next);
});

test.each([
  [{ ErrorCode: '1011', Message: 'x' }, 1011],
  [{ ErrorCode: 'WS', Message: 'Connection closed with code 1001: going away' }, 1001],
  [{ ErrorCode: 'MODEL_FAULT', Message: 'took 2000 ms' }, undefined],
])('the close code of %j is %s', (fields, closeCode) => {
  const error = explainStreamFailure({ name: 'ModelStreamError', ...fields }, LOCAL);
  expect(error).toBeInstanceOf(ModelStreamClosedError);
  expect((error as ModelStreamClosedError).closeCode).toBe(closeCode);
});

test.each([
  [
    { name: 'CredentialsProviderError', message: 'Could not load credentials from any providers' },
    'ClientConfigurationError',
  ],
  [{ name: 'Error', message: 'Region is missing' }, 'ClientConfigurationError'],
  [{ name: 'Error', message: 'getaddrinfo ENOTFOUND x', code: 'ENOTFOUND' }, 'ConnectError'],
  [{ name: 'Error', message: 'x', cause: { message: 'connect ETIMEDOUT', code: 'ETIMEDOUT' } }, 'ConnectError'],
])('%j before an answer is a %s', (cause, name) => {
  const error = explainOpenFailure(cause, REAL);
  expect(error.name).toBe(name);
  expect(error.retryable).toBe('cause' in cause);
});

test('the platform’s words are quoted, but not without end', () => {
  const error = explainStreamFailure({ name: 'ModelStreamError', Message: 'x'.repeat(10_000) }, LOCAL);
  expect(error.what.length).toBeLessThan(500);
  expect(error.Message).toHaveLength(10_000);
});

test.each([
  ["Credential should be scoped to a valid region, not 'eu-west-1'. ", 'eu-west-1'],
  ['Credential should be scoped to a valid region.', 'one region'],
])('%j is a wrong region, not wrong credentials', (message, region) => {
  const cause = { name: 'InvalidSignatureException', message, $metadata: { httpStatusCode: 403 } };
  const error = explainOpenFailure(cause, LOCAL);
  expect(error.name).toBe('AccessDeniedError');
  expect(error.what).toMatch(/valid region[^.]*\.$/);
  expect(error.why).toBe(`The request was signed for ${region}, and the endpoint's host is of another region.`);
  expect(error.next).toBe("Set `region` or AWS_REGION to the endpoint's region.");
});

test.each([
  ['lost', 'lost.'],
  ['lost. ', 'lost.'],
  ['lost. . \n', 'lost.'],
  ['lost?', 'lost?'],
  [' . ', 'no reason given.'],
  [undefined, 'no reason given.'],
])('the platform’s words %j end with one stop', (Message, quoted) => {
  const { what } = explainStreamFailure({ name: 'InternalStreamFailure', Message }, LOCAL);
  expect(what).toBe(`The platform failed the stream to "speech": ${quoted}`);
});

test.each(['localhost', 'app.localhost', '127.0.0.1', '::1', '[::1]'])(
  'a refused connection at %s is a local SageMaker that does not run',
  host => {
    const cause = { name: 'Error', message: '', code: 'ECONNREFUSED' };
    expect(explainOpenFailure(cause, { ...LOCAL, host })).toMatchObject({
      name: 'ConnectError',
      why: 'Nothing listens there on this machine.',
      next: 'Start `npx bidi local STACK`, or unset AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2 for the real endpoint.',
    });
  },
);

test.each([
  [REAL, 'ECONNREFUSED', 'Nothing listens there, something on the way', 'TCP 8443 is allowed'],
  [
    { ...REAL, host: 'localhost.example.com' },
    'ECONNREFUSED',
    'Nothing listens there, something',
    'TCP 8443 is allowed',
  ],
  [LOCAL, 'ECONNRESET', 'What listens there on this machine is no local SageMaker', 'npx bidi local STACK'],
  [LOCAL, undefined, 'Nothing listens there, or what listens there', 'npx bidi local STACK'],
  [REAL, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'authority', "the authority's PEM file. Logs"],
  [LOCAL, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'authority', 'LocalSageMaker.start({ tls: false })'],
  [LOCAL, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'authority', 'NODE_EXTRA_CA_CERTS'],
])('at %j, %s is explained for that host', (destination, code, why, next) => {
  const error = explainOpenFailure({ name: 'Error', message: 'x', code }, destination);
  expect(error.why).toContain(why);
  expect(error.next).toContain(next);
});

test.each([
  [{ ErrorCode: '1009', Message: 'The model container closed the WebSocket with code 1009' }],
  [{ ErrorCode: 'WS', Message: 'Connection closed with code 1009' }],
])('a container that ends with %j found a message too big', fields => {
  expect(explainStreamFailure({ name: 'ModelStreamError', ...fields }, LOCAL)).toMatchObject({
    closeCode: 1009,
    why: 'The message is too big for the container.',
    next: "Send smaller messages or fragments, or raise the container's own limit.",
  });
});

test.each([explainOpenFailure, explainStreamFailure])(
  '%p: a stream refused for want of session memory names the bound',
  explain => {
    const message = 'HTTP/2 stream is abnormally aborted in mid-communication with result code 11.';
    const error = explain({ name: 'Error', message }, LOCAL);
    expect(error.why).toContain('maxSessionMemory');
    expect(error.next).toContain('nodeHttp2ConnectOptions: { maxSessionMemory: 1024 }');
    const other = explain({ name: 'Error', message: message.replace('11', '2') }, LOCAL);
    expect(other.why).not.toContain('maxSessionMemory');
  },
);
