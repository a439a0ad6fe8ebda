import { explainStreamError, optionNames } from '../../bin/option-names';
import { InvalidRequestError, ModelRefusedError } from '../../lib/client';
import { explainOpenFailure } from '../../lib/client/errors/explain-failure';

const destination = { endpointName: 'speech' };
const http = (status: number, fields: object = {}) =>
  explainOpenFailure(
    Object.assign(new Error('No.'), { $metadata: { httpStatusCode: status }, ...fields }),
    destination,
  );

test.each([
  ['invoke', '--path and --query'],
  ['transcribe', '--model and --query'],
  ['capacity', '--wav and --query'],
] as const)('path and query have the names of the options of bidi %s', (command, options) => {
  const error = http(424, { OriginalStatusCode: 500 });
  expect(error.next).toContain('`modelInvocationPath` and `modelQueryString`');
  expect(explainStreamError(error, command, {}).next).toBe(error.next.replace(/`\w+` and `\w+`/, options));
});

test('a model that knows no such path is perhaps one of another kind', () => {
  expect(explainStreamError(http(424, { OriginalStatusCode: 404 }), 'invoke', {}).next).toContain('`bidi transcribe`');
});

test('an alternative that the command line does not have is left out', () => {
  const error = http(429);
  expect(error.next).toContain('`retry.maxAttempts`');
  expect(error.explainWith(optionNames('invoke')).next).toBe('Open fewer at a time, or ask for a higher quota.');
});

test("another side's words stay as they are, braces and all", () => {
  const error = new ModelRefusedError({
    what: 'It said {region}.',
    why: 'So.',
    next: 'Set {region}.',
    settings: ['region'],
    destination,
  });
  expect(error.explainWith(optionNames())).toEqual({ what: 'It said {region}.', why: 'So.', next: 'Set --region.' });
  expect(error.next).toBe('Set `region`.');
});

test('a name that breaks its pattern is wrong input; an endpoint that does not exist is a failure', () => {
  expect(http(400)).toBeInstanceOf(InvalidRequestError);
  expect(http(400).code).toBe('ERR_BIDI_INVALID_REQUEST');
});
