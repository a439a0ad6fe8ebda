import { readConfiguration } from '../../../container/echo/src/configuration';
import type { ConfigurationError } from '../../../container/echo/src/streaming/settings';
import { BIDIRECTIONAL_STREAM_PATH, CONTAINER_PORT } from '../../../lib/contract';

test('without any word it is what the platform expects', () => {
  expect(readConfiguration({}, ['serve'])).toEqual({
    port: CONTAINER_PORT,
    host: undefined,
    paths: new Set([`/${BIDIRECTIONAL_STREAM_PATH}`]),
    maxMessageBytes: 16 * 1024 * 1024,
    loadingMs: 0,
    meteringDimension: undefined,
    probe: true,
  });
  expect(readConfiguration({}, [])).toEqual(readConfiguration({}, ['serve']));
});

test('every variable counts', () => {
  const environment = {
    SAGEMAKER_BIND_TO_PORT: '9000',
    BIDI_BIND_TO_HOST: '127.0.0.1',
    ECHO_PATHS: 'v1/listen, v1/speak,',
    ECHO_MAX_MESSAGE_BYTES: '1000',
    ECHO_LOADING_MS: '250',
    ECHO_METERING_DIMENSION: 'Messages',
    ECHO_PROBE: 'off',
  };
  expect(readConfiguration(environment, [])).toEqual({
    port: 9000,
    host: '127.0.0.1',
    paths: new Set([`/${BIDIRECTIONAL_STREAM_PATH}`, '/v1/listen', '/v1/speak']),
    maxMessageBytes: 1000,
    loadingMs: 250,
    meteringDimension: 'Messages',
    probe: false,
  });
});

test.each([
  ['a path with a leading slash', { ECHO_PATHS: '/v1/listen' }, /ECHO_PATHS names "\/v1\/listen"/],
  ['a path over the limit', { ECHO_PATHS: 'a'.repeat(101) }, /at most 100 characters/],
  ['a port that is none', { SAGEMAKER_BIND_TO_PORT: '65536' }, /SAGEMAKER_BIND_TO_PORT is "65536"/],
  ['a port in words', { SAGEMAKER_BIND_TO_PORT: '0x50' }, /an integer from 0 to 65535/],
  ['a dimension in prose', { ECHO_METERING_DIMENSION: 'my messages' }, /ECHO_METERING_DIMENSION must be/],
  ['no room for a message', { ECHO_MAX_MESSAGE_BYTES: '0' }, /ECHO_MAX_MESSAGE_BYTES is "0"/],
  ['more than ws can count', { ECHO_MAX_MESSAGE_BYTES: '2147483648' }, /to 2147483647/],
])('refuses %s', (_, environment, message) => {
  expect(() => readConfiguration(environment, [])).toThrow(message);
});

test('several faults come together', () => {
  try {
    readConfiguration({ ECHO_PATHS: '/a,/b', SAGEMAKER_BIND_TO_PORT: 'x' }, ['run']);
    throw new Error('not refused');
  } catch (error) {
    expect((error as ConfigurationError).faults).toHaveLength(4);
  }
});
