import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { LocalSageMaker } from '../../../lib/local';
import { LoopbackServer } from '../../../lib/local/service/loopback-server';
import { startLocal } from '../support/local';

let local: LocalSageMaker;
beforeAll(async () => {
  local = await startLocal();
});
afterAll(() => local.close());

const PATH = '/endpoints/echo/invocations';

/** Whether something answers on an address of this machine. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

test('nothing listens on an address that other machines reach', async () => {
  const addresses = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
  const port = Number(new URL(local.url).port);
  expect(await answers('127.0.0.1', port)).toBe(true);
  // 127.0.0.2 is of the loopback interface on Linux, so that the test can fail on a machine without a network, too.
  const elsewhere = process.platform === 'linux' ? ['127.0.0.2', ...addresses] : addresses;
  expect(await Promise.all(elsewhere.map(address => answers(address, port)))).toEqual(elsewhere.map(() => false));
});

describe('the body of an invocation', () => {
  /** Headers of a request that was signed for one body, with a hash in them or not. */
  async function signed(body: string, hash?: string): Promise<Record<string, string>> {
    const signer = new SignatureV4({
      credentials: local.credentials,
      region: local.region,
      service: 'sagemaker',
      sha256: Hash.bind(null, 'sha256') as never,
      applyChecksum: false,
    });
    const { headers } = await signer.sign({
      method: 'POST',
      protocol: 'http:',
      hostname: 'localhost',
      path: PATH,
      query: {},
      headers: { host: new URL(local.url).host, ...(hash === undefined ? {} : { 'x-amz-content-sha256': hash }) },
      body,
    });
    return headers;
  }

  async function statusOf(headers: Record<string, string>, body: string): Promise<number> {
    const { host: _, ...rest } = headers;
    const response = await fetch(`${local.url}${PATH}`, { method: 'POST', headers: rest, body });
    await response.arrayBuffer();
    return response.status;
  }

  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

  test('is the one that was signed, whether the request names its hash or not', async () => {
    expect(await statusOf(await signed('a'), 'a')).toBe(200);
    expect(await statusOf(await signed('a', sha256('a')), 'a')).toBe(200);
  });

  test('is refused when it was changed', async () => {
    expect(await statusOf(await signed('a'), 'b')).toBe(403);
    expect(await statusOf(await signed('a', sha256('a')), 'b')).toBe(403);
  });

  test('is refused when it was left out of the signature', async () => {
    expect(await statusOf(await signed('a', 'UNSIGNED-PAYLOAD'), 'a')).toBe(403);
  });
});

describe('a caller over HTTP/1.1 that takes its time', () => {
  let server: LoopbackServer;
  let port: number;
  beforeAll(async () => {
    const timeouts = { headersMs: 200, requestMs: 400 };
    server = new LoopbackServer(undefined, request => request.body.resume(), timeouts);
    port = await server.listen(0);
  });
  afterAll(() => server.close());

  /** Sends the beginning, then a byte again and again as long as the connection lasts; what came back. */
  async function trickle(beginning: string, drip: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.write(beginning);
    const dripping = setInterval(() => socket.write(drip), 20);
    let answer = '';
    socket.on('data', piece => {
      answer += String(piece);
    });
    socket.on('error', () => {});
    await new Promise(resolve => socket.once('close', resolve));
    clearInterval(dripping);
    return answer;
  }

  test.each([
    ['says nothing', '', '', ''],
    ['sends a part of the preface of HTTP/2', 'PRI * HT', '', ''],
    ['never ends its headers', 'POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', 'x', 'HTTP/1.1 408'],
    [
      'never ends its body',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n',
      'x',
      'HTTP/1.1 408',
    ],
  ])('is given up when it %s', async (_, beginning, drip, answer) => {
    expect((await trickle(beginning, drip)).slice(0, 12)).toBe(answer);
  });
});
