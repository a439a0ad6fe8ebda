import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { Clock, type LocalEvent, type LocalSageMaker } from '../../../lib/local';
import { startLocal } from '../support/local';

const events: LocalEvent[] = [];
let local: LocalSageMaker;
let port: number;

beforeAll(async () => {
  local = await startLocal({ verify: true, clock: new Clock(60), observe: event => events.push(event) });
  port = Number(new URL(local.url).port);
});
afterAll(() => local.close());

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A POST without a signature, as a web page can send it. */
function post(headers: Record<string, string>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path: '/endpoints/echo/invocations', method: 'POST', headers, agent: false },
      response => {
        let text = '';
        response.on('data', piece => {
          text += String(piece);
        });
        response.on('end', () => resolve({ status: response.statusCode!, body: text }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

describe('a web page in the browser', () => {
  test.each([
    ['evil.example', 421],
    ['evil.example:8443', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['runtime.sagemaker.eu-west-1.amazonaws.com', 421], // of another region
    ['localhost:8443', 403],
    ['127.0.0.1', 403],
    ['[::1]:8443', 403],
    ['runtime.sagemaker.us-east-1.amazonaws.com:8443', 403],
  ])('with the host %s meets %d', async (host, status) => {
    expect((await post({ host })).status).toBe(status); // 403: served, and refused for its missing signature
  });

  test.each(['https://evil.example', 'null', 'http://localhost.evil.example', 'file://'])(
    'of the origin %s is refused, even without signatures',
    async origin => {
      await using open = await startLocal({ verify: false });
      const { port: openPort } = new URL(open.url);
      const answer = await fetch(`http://127.0.0.1:${openPort}/endpoints/echo/invocations`, {
        method: 'POST',
        headers: { origin },
        body: 'x',
      });
      expect({ status: answer.status, body: await answer.text() }).toMatchObject({
        status: 403,
        body: expect.stringContaining('web pages'),
      });
    },
  );

  test('cannot use :authority over HTTP/2 either', async () => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/endpoints/echo/invocations',
      ':authority': 'evil.example',
    });
    const status = await new Promise(resolve => stream.on('response', headers => resolve(headers[':status'])));
    session.destroy();
    expect(status).toBe(421);
  });

  test('does not know the key pair: every start has its own', async () => {
    await using other = await startLocal();
    expect(other.credentials.accessKeyId).not.toBe(local.credentials.accessKeyId);
    expect(other.credentials.secretAccessKey).not.toBe(local.credentials.secretAccessKey);
  });
});

test('only the loopback address 127.0.0.1 is listened on', async () => {
  if (process.platform !== 'linux') return; // elsewhere 127.0.0.2 is no address of this machine
  const socket = connect(port, '127.0.0.2');
  const outcome = await new Promise(resolve =>
    socket
      .once('connect', () => resolve('connected'))
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
  );
  socket.destroy();
  expect(outcome).toBe('ECONNREFUSED');
});

describe('memory', () => {
  test('the body of a caller without a key is not read: 40 of 25 MiB leave no trace', async () => {
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }, 5);
    const sent = await Promise.all(Array.from({ length: 40 }, () => pour(25 * 1024 * 1024)));
    clearInterval(watch);
    expect(sent.every(answer => answer.startsWith('HTTP/1.1 403'))).toBe(true);
    expect(peak).toBeLessThan(64 * 1024 * 1024); // 1,000 MiB were offered
  });

  test('an answer without an end is cut at the limit of an invocation', async () => {
    const client = new SageMakerRuntimeClient({
      endpoint: local.url,
      region: local.region,
      credentials: local.credentials,
      maxAttempts: 1,
    });
    const invocation = new InvokeEndpointCommand({ EndpointName: 'echo', Body: 'x', CustomAttributes: 'endless' });
    await expect(client.send(invocation)).rejects.toMatchObject({
      name: 'ModelError',
      OriginalMessage: 'The answer of the container is longer than 26214400 bytes.',
    });
    client.destroy();
    const taken = await until(() =>
      events
        .flatMap(event => (event.type === 'container-line' && /^taken /.test(event.line) ? [event.line] : []))
        .at(-1),
    );
    expect(Number(taken.split(' ')[1])).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('slowness', () => {
  test('a body that trickles is given up after 60 s of the platform', async () => {
    const socket = connect(port, '127.0.0.1');
    const head = await signedHead(1_000);
    socket.write(head);
    const answer = await read(socket); // a second of real time
    expect(answer).toMatch(/^HTTP\/1\.1 408/);
  });
});

/** Sends a body without a signature and reads the answer; the connection is cut then. */
async function pour(length: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const piece = Buffer.alloc(256 * 1024);
  socket.write(`POST /endpoints/echo/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`);
  const answer = read(socket);
  for (let sent = 0; sent < length && !socket.destroyed; sent += piece.length) {
    if (!socket.write(piece)) await new Promise(resolve => socket.once('drain', resolve).once('close', resolve));
  }
  return answer;
}

/** The first piece of an answer. */
function read(socket: Socket): Promise<string> {
  return new Promise(resolve => {
    socket.once('data', piece => {
      resolve(String(piece));
      setTimeout(() => socket.destroy(), 20);
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve('closed'));
  });
}

/** Head of a signed invocation whose body never comes. */
async function signedHead(contentLength: number): Promise<string> {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const { Hash } = await import('@smithy/core/serde');
  const signer = new SignatureV4({
    credentials: local.credentials,
    region: local.region,
    service: 'sagemaker',
    sha256: Hash.bind(null, 'sha256') as never,
  });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: 'localhost',
    path: '/endpoints/echo/invocations',
    query: {},
    headers: { host: 'localhost', 'x-amz-content-sha256': '0'.repeat(64) },
  });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /endpoints/echo/invocations HTTP/1.1\r\n${lines.join('')}content-length: ${contentLength}\r\n\r\n`;
}

async function until<T>(value: () => T | undefined): Promise<T> {
  for (;;) {
    const found = value();
    if (found !== undefined) return found;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
