import { createHash, createHmac } from 'node:crypto';
import { ServiceError } from '../../../lib/local/service/service-error';
import { SignatureVerifier, type SignedRequest } from '../../../lib/local/service/signature-verification';
import { TEST_CREDENTIALS } from '../support/test-credentials';
import type { Random } from './random';

const LONG_DATE = '20260102T030405Z';
const SCOPE = '20260102/us-east-1/sagemaker/aws4_request';
const verifier = new SignatureVerifier('us-east-1', [TEST_CREDENTIALS], () => Date.UTC(2026, 0, 2, 3, 4, 5));

/** Headers that a client may send, besides those that every request has. */
const OPTIONAL_HEADERS = [
  'x-amzn-sagemaker-model-invocation-path',
  'x-amzn-sagemaker-model-query-string',
  'x-amzn-sagemaker-target-variant',
  'x-amzn-sagemaker-session-id',
  'content-type',
  'user-agent',
];

interface Mutable {
  method: string;
  target: string;
  headers: Record<string, string>;
}

/** Ways to change a signed request. What they change is under the signature, or has to be. */
const CHANGES: Record<string, (random: Random, request: Mutable) => void> = {
  'change a signed value': (random, { headers }) => {
    const name = random.pick(signedNames(headers));
    const value = headers[name]!;
    const at = random.below(value.length);
    headers[name] = `${value.slice(0, at)}${value[at] === '7' ? '8' : '7'}${value.slice(at + 1)}`;
  },
  'leave a signed header out': (random, { headers }) => {
    delete headers[random.pick(signedNames(headers))];
  },
  'add a header of AWS': (random, { headers }) => {
    headers[`x-amz${random.pick(['', 'n-sagemaker', '-meta'])}-added-${random.below(100)}`] = word(random);
  },
  'change the method': (random, request) => {
    request.method = random.pick(['GET', 'PUT', 'post', '']);
  },
  'change the path': (random, request) => {
    request.target = request.target.replace('/endpoints/', `/endpoints/${random.pick(['a', 'B', '9'])}`);
  },
  'add a query': (random, request) => {
    request.target += `${request.target.includes('?') ? '&' : '?'}added=${word(random)}`;
  },
  'change the signature': (random, { headers }) => {
    const { authorization } = headers;
    const at = authorization!.length - 1 - random.below(64);
    headers.authorization = `${authorization!.slice(0, at)}${authorization![at] === '7' ? '8' : '7'}${authorization!.slice(at + 1)}`;
  },
  'cut the authorization': (random, { headers }) => {
    headers.authorization = headers.authorization!.slice(0, random.below(headers.authorization!.length));
  },
  'add to the authorization': (random, { headers }) => {
    headers.authorization += random.pick([' x', ', Signature=0', ',Extra=1', 'a', '0', '\u00e9', ', =', ';host']);
  },
  'write rubbish for the authorization': (random, { headers }) => {
    headers.authorization = random.pick([
      '',
      'AWS4-HMAC-SHA256',
      'AWS4-HMAC-SHA256 ',
      'Basic eDp4',
      ',=;/',
      '='.repeat(1_000),
    ]);
    headers.authorization += random.bytes(random.below(60)).toString('latin1');
  },
  'write rubbish for the date': (random, { headers }) => {
    headers['x-amz-date'] = random.pick([
      '99999999T999999Z',
      '00000000T000000Z',
      '20260102T030405',
      'today',
      '20260230T030405Z',
      '\u0662',
    ]);
  },
};

/** One case: the headers of a request, as they were signed or changed afterwards. */
export function requestHeaderCase(random: Random, seed: number): void {
  const request = signedRequest(random);
  const change = random.chance(0.8) ? random.pick(Object.keys(CHANGES)) : undefined;
  if (change) CHANGES[change]!(random, request);
  const failed = (problem: unknown): Error => new Error(`seed ${seed} (headers, ${change ?? 'as signed'}): ${problem}`);
  try {
    verifier.verifyRequest(request);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.statusCode !== 403) throw failed(error);
    if (!change) throw failed(`refused: ${error.message}`);
    return;
  }
  if (change) throw failed(`accepted ${JSON.stringify(request)}`);
}

function signedNames(headers: Readonly<Record<string, string>>): string[] {
  return Object.keys(headers).filter(name => name !== 'authorization' && headers[name] !== '');
}

function word(random: Random): string {
  return random.bytes(1 + random.below(20)).toString('hex');
}

/** A request with Signature Version 4, written down a second time. */
function signedRequest(random: Random): Mutable & SignedRequest {
  const path = `/endpoints/${word(random)}/invocations-bidirectional-stream`;
  const query = random.chance(0.2) ? `b=${word(random)}&a=${word(random)}` : '';
  const headers: Record<string, string> = {
    host: 'localhost:8443',
    'x-amz-date': LONG_DATE,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-EVENTS',
  };
  for (const name of OPTIONAL_HEADERS) if (random.chance(0.4)) headers[name] = `${word(random)} ${word(random)}`;
  const names = Object.keys(headers).sort();
  const canonicalRequest = [
    'POST',
    path,
    query.split('&').sort().join('&'),
    ...names.map(name => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  let key: Buffer = Buffer.from(`AWS4${TEST_CREDENTIALS.secretAccessKey}`);
  for (const part of SCOPE.split('/')) key = createHmac('sha256', key).update(part).digest();
  const digest = createHash('sha256').update(canonicalRequest).digest('hex');
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${LONG_DATE}\n${SCOPE}\n${digest}`)
    .digest('hex');
  const credential = `${TEST_CREDENTIALS.accessKeyId}/${SCOPE}`;
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { method: 'POST', target: query ? `${path}?${query}` : path, headers };
}
