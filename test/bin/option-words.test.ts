import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inOptionWords } from '../../bin/option-words';

const CLIENT = readFileSync(join(__dirname, '../../lib/client/errors/explain-failure.ts'), 'utf8');

test.each([
  ['`modelInvocationPath` and `modelQueryString`', '--path and --query'],
  ['give `region` and `credentials`', 'pass --region and --profile'],
  ['Set `region` or AWS_REGION', 'Set --region or AWS_REGION'],
])('what the client calls %s, the command line calls %s', (property, option) => {
  expect(CLIENT).toContain(property);
  expect(inOptionWords({ what: 'It failed.', why: 'So.', next: `${property}.` }, 'invoke', {}).next).toBe(`${option}.`);
});
