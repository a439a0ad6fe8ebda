import { once } from 'node:events';
import { type ClientRequest, createServer, get as httpGet, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import WebSocket from 'ws';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { BidiGateway, type BidiGatewayOptions, type GatewayEvent, GatewayOptionsError } from '../../lib/gateway';
import { LocalSageMaker } from '../../lib/local';
import { containerEndpoint } from '../bin/support/local-models';
import { failure } from '../client/support/failure';
import { scriptedEndpoint } from '../local/support/local';

/** As a task in AWS has them. */
const OF_A_ROLE = { accessKeyId: 'ASIALOCAL2345678', secretAccessKey: 'of-the-role', sessionToken: 'of-the-session' };

let local: LocalSageMaker;
let client: SageMakerRuntimeHTTP2Client;
const gateways: BidiGateway[] = [];
const sockets: WebSocket[] = [];

beforeAll(async () => {
  const endpoints = [containerEndpoint('echo', 'echo', 'Echo'), scriptedEndpoint({}, 'scripted')];
  local = await LocalSageMaker.start({ port: 0, tls: false, endpoints, credentials: OF_A_ROLE });
  client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
  });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await Promise.all(gateways.splice(0).map(gateway => gateway.close()));
});

afterAll(async () => {
  client?.destroy();
  await local?.close();
});

const TOKEN = 'a-token-of-enough-characters';

async function start(options: Partial<BidiGatewayOptions> = {}): Promise<BidiGateway & { events: GatewayEvent[] }> {
  const events: GatewayEvent[] = [];
  const gateway = await BidiGateway.start({
    routes: [{ endpointName: 'echo' }, { endpointName: 'scripted', path: '/scripted', rewritePath: '/' }],
    client,
    port: 0,
    observe: event => events.push(event),
    ...options,
  });
  gateways.push(gateway);
  return Object.assign(gateway, { events });
}

async function open(gateway: BidiGateway, path = '/', options: WebSocket.ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(`${gateway.url}${path}`, options);
  track(socket);
  await once(socket, 'open');
  return socket;
}

/** Ends the socket with the test; an error is for the test to meet. */
function track(socket: WebSocket): WebSocket {
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** Status and body of a refused upgrade. */
async function refused(url: string, options: WebSocket.ClientOptions = {}, protocols: string[] = []) {
  const socket = track(new WebSocket(url, protocols, options));
  const [, response] = (await once(socket, 'unexpected-response')) as [ClientRequest, IncomingMessage];
  let body = '';
  for await (const piece of response) body += piece;
  return { status: response.statusCode, headers: response.headers, body };
}

function messages(socket: WebSocket, count: number): Promise<(string | number[])[]> {
  const received: (string | number[])[] = [];
  return new Promise(resolve => {
    socket.on('message', (data: Buffer, isBinary) => {
      received.push(isBinary ? [...data] : data.toString());
      if (received.length === count) resolve(received);
    });
  });
}

const operations = (gateway: BidiGateway, path: string) => fetch(`http://127.0.0.1:${gateway.operationsPort}${path}`);

describe('a session through the gateway', () => {
  test('carries text, bytes and fragments both ways, and closes in order', async () => {
    const gateway = await start();
    const socket = await open(gateway);
    const echoed = messages(socket, 3);
    socket.send('grüße');
    socket.send(Buffer.from([0, 255]));
    // Cut inside a character: bytes are bytes.
    socket.send(Buffer.from('ü').subarray(0, 1), { fin: false, binary: false });
    socket.send(Buffer.from('ü').subarray(1), { fin: true, binary: false });
    expect(await echoed).toEqual(['grüße', [0, 255], 'ü']);
    socket.close(1000);
    const [code] = await once(socket, 'close');
    expect(code).toBe(1000);
    while (gateway.sessions > 0) await new Promise(setImmediate);
    expect(gateway.events.at(-1)).toMatchObject({
      type: 'session-ended',
      endpointName: 'echo',
      endedBy: 'client',
      received: { frames: 4, bytes: 11 },
      sent: { bytes: 11 },
      error: undefined,
    });
  });

  test('keeps the code and the reason of the container', async () => {
    const gateway = await start();
    const socket = await open(gateway, '/scripted?act=close&code=4321&reason=enough');
    socket.send('now');
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([4321, 'enough']);
  });

  test('carries 20 MiB both ways in bounded memory and in order', async () => {
    const gateway = await start();
    const socket = await open(gateway);
    const size = 64 * 1024;
    const count = 320;
    let received = 0;
    const done = new Promise<void>((resolve, reject) => {
      socket.on('message', (data: Buffer) => {
        if (data[0] !== received % 251 || data.length !== size) reject(new Error(`message ${received} is another`));
        received += 1;
        if (received === count) resolve();
      });
    });
    for (let index = 0; index < count; index += 1) socket.send(Buffer.alloc(size, index % 251));
    await done;
  });

  test('a client that is cut off ends its stream', async () => {
    const gateway = await start();
    const socket = await open(gateway);
    socket.terminate();
    while (gateway.sessions > 0) await new Promise(setImmediate);
    expect(gateway.events.at(-1)).toMatchObject({ type: 'session-ended', endedBy: 'client', close: { code: 1006 } });
    while (local.openSessions > 0) await new Promise(setImmediate);
  });
});

describe('an open that fails is an HTTP status before the upgrade', () => {
  test('404 for an endpoint that does not exist, with the explained error', async () => {
    const gateway = await start({ routes: [{ endpointName: 'nobody' }], probe: false });
    const { status, body } = await refused(gateway.url);
    expect(status).toBe(400); // ValidationError: as the service answers
    expect(JSON.parse(body).error).toMatchObject({
      code: 'ERR_BIDI_INVALID_REQUEST',
      what: expect.stringMatching(/nobody/),
    });
  });

  test('502 where the container refuses the path', async () => {
    const gateway = await start();
    expect(await refused(`${gateway.url}/not/here`)).toMatchObject({ status: 502 });
  });

  test.each(['//', '//x', '/a//b', '/?a=', '/a b'.replace(' ', '%20')])('400 for %s', async path => {
    const gateway = await start();
    expect(await refused(`${gateway.url}${path}`)).toMatchObject({ status: 400 });
  });

  test('404 where no route takes the path', async () => {
    const gateway = await start({ routes: [{ endpointName: 'echo', path: '/echo' }] });
    expect(await refused(`${gateway.url}/other`)).toMatchObject({ status: 404 });
  });

  test('426 for plain HTTP and for another version', async () => {
    const gateway = await start();
    const [response] = (await once(httpGet(gateway.url.replace('ws', 'http')), 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(426);
    const { status, headers } = await refused(gateway.url, { protocolVersion: 8 });
    expect([status, headers['sec-websocket-version']]).toEqual([426, '13']);
  });

  test('a client that resets its connection after a refusal leaves the gateway alive', async () => {
    const gateway = await start();
    const { port } = new URL(gateway.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET // HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket, 'data');
    socket.resetAndDestroy();
    const other = await open(gateway);
    const echoed = messages(other, 1);
    other.send('alive');
    expect(await echoed).toEqual(['alive']);
  });
});

describe('who may open a WebSocket', () => {
  test.each<[string, WebSocket.ClientOptions, string[], string | undefined]>([
    ['Bearer', { headers: { authorization: `Bearer ${TOKEN}` } }, [], ''],
    ['Token', { headers: { authorization: `Token ${TOKEN}` } }, [], ''],
    ['a subprotocol', {}, ['token', TOKEN], 'token'],
    ["OpenAI's subprotocol", {}, ['realtime', `openai-insecure-api-key.${TOKEN}`], 'realtime'],
  ])('a token as %s', async (_, options, protocols, selected) => {
    const gateway = await start({ tokens: [TOKEN] });
    const socket = track(new WebSocket(gateway.url, protocols, options));
    await once(socket, 'open');
    expect(socket.protocol).toBe(selected);
    expect(gateway.events[0]).toMatchObject({ type: 'session-opened', client: 'token-1' });
  });

  test('401 without a token and with another; no event holds either', async () => {
    const gateway = await start({ tokens: [TOKEN] });
    expect(await refused(gateway.url)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    const wrong = { headers: { authorization: 'Bearer wrong-token-of-some-length' } };
    expect(await refused(gateway.url, wrong)).toMatchObject({ status: 401 });
    expect(JSON.stringify(gateway.events)).not.toMatch(/wrong-token|a-token/);
  });

  test('a token in the query only where it is allowed, and never sent on', async () => {
    const gateway = await start({ tokens: [TOKEN] });
    expect(await refused(`${gateway.url}/?token=${TOKEN}`)).toMatchObject({ status: 401 });
    const open = await start({ tokens: [TOKEN], tokenParameter: 'token', routes: [{ endpointName: 'scripted' }] });
    const socket = track(new WebSocket(`${open.url}/?token=${TOKEN}&act=headers`));
    await once(socket, 'open');
    socket.send('tell');
    const [told] = await messages(socket, 1);
    expect(told).toContain('act=headers');
    expect(told).not.toContain(TOKEN);
  });

  test.each([
    ['none', undefined, 101],
    ['a listed one', 'https://app.example.com', 101],
    ['another', 'https://evil.example.com', 403],
    ['the listed one without TLS', 'http://app.example.com', 403],
    ['null, as of a file', 'null', 403],
  ])('an Origin: %s', async (_, origin, status) => {
    const gateway = await start({ allowedOrigins: ['https://app.example.com'] });
    const options = origin === undefined ? {} : { origin };
    if (status === 101) await open(gateway, '/', options);
    else expect(await refused(gateway.url, options)).toMatchObject({ status });
  });

  test('the own origin behind a proxy that ends TLS', async () => {
    const gateway = await start({
      allowedOrigins: ['same-origin'],
      allowedHosts: ['app.example.com'],
      trustProxy: true,
    });
    const headers = { host: 'app.example.com', 'x-forwarded-proto': 'https' };
    await open(gateway, '/', { origin: 'https://app.example.com', headers });
    expect(await refused(gateway.url, { origin: 'http://app.example.com', headers })).toMatchObject({ status: 403 });
  });

  test('a name that was bound to this machine anew is refused', async () => {
    const gateway = await start();
    const rebound = { headers: { host: 'rebound.example.com' } };
    expect(await refused(gateway.url, rebound)).toMatchObject({ status: 403 });
  });

  test('behind a proxy each address that the proxy saw has limits of its own', async () => {
    const gateway = await start({ limits: { sessionsPerClient: 1 }, trustProxy: true });
    const from = (addresses: string) => ({ headers: { 'x-forwarded-for': addresses } });
    await open(gateway, '/', from('198.51.100.1'));
    // What a client writes itself stands before what the proxy saw.
    expect(await refused(gateway.url, from('203.0.113.9, 198.51.100.1'))).toMatchObject({ status: 429 });
    await open(gateway, '/', from('198.51.100.1, 198.51.100.2'));
    expect(gateway.events.filter(({ type }) => type === 'session-opened')).toMatchObject([
      { client: '198.51.100.1' },
      { client: '198.51.100.2' },
    ]);
  });

  test('without a proxy to trust, X-Forwarded-For says nothing', async () => {
    const gateway = await start({ limits: { sessionsPerClient: 1 } });
    await open(gateway, '/', { headers: { 'x-forwarded-for': '198.51.100.1' } });
    const other = { headers: { 'x-forwarded-for': '198.51.100.2' } };
    expect(await refused(gateway.url, other)).toMatchObject({ status: 429 });
  });

  test('limits answer 429 and 503 with Retry-After, and give the place back', async () => {
    const gateway = await start({ limits: { sessionsPerClient: 1 } });
    const socket = await open(gateway);
    expect(await refused(gateway.url)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    socket.close();
    while (gateway.sessions > 0) await new Promise(setImmediate);
    await open(gateway);
    const full = await start({ limits: { sessions: 1 } });
    await open(full);
    expect(await refused(full.url)).toMatchObject({ status: 503 });
  });
});

describe('a hostile client', () => {
  /** Writes a request by hand; what came back until the connection ended. */
  async function raw(gateway: BidiGateway, target: string): Promise<string> {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {});
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    let answer = '';
    for await (const piece of socket) answer += piece;
    return answer;
  }

  test.each(['//', '///..//', '/%', '/%00', 'http://[', '*', '?', '/?%', `/${'x'.repeat(8_000)}`])(
    'asks for %s and is refused, no more',
    async target => {
      const gateway = await start();
      expect(await raw(gateway, target)).toMatch(/^HTTP\/1\.1 (400|404) /);
      await open(gateway);
    },
  );

  test('opens 300 WebSockets at once: as many as may, are billed', async () => {
    const gateway = await start({ limits: { sessions: 20 } });
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const socket = track(new WebSocket(gateway.url));
        return Promise.race([
          once(socket, 'open').then(() => 101),
          once(socket, 'unexpected-response').then(([, response]) => (response as IncomingMessage).statusCode!),
        ]);
      }),
    );
    expect([101, 503].map(status => statuses.filter(each => each === status).length)).toEqual([20, 280]);
    expect(local.openSessions).toBe(20);
  });
});

describe('bounds of a session', () => {
  test('a message over its limit ends with 1009', async () => {
    const gateway = await start({ limits: { messageBytes: 1_000 } });
    const socket = await open(gateway);
    socket.send(Buffer.alloc(600), { fin: false });
    socket.send(Buffer.alloc(600), { fin: true });
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });

  test('the platform’s age ends with 1012 before the platform does', async () => {
    const gateway = await start({ sessionLimitMs: 100 });
    const socket = await open(gateway);
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([1012, 'The platform ends a stream after 30 minutes.']);
  });

  test('silence ends with 1008', async () => {
    const gateway = await start({ limits: { idleMs: 100 } });
    const socket = await open(gateway);
    expect((await once(socket, 'close'))[0]).toBe(1008);
  });

  test('an unmasked frame ends with 1002', async () => {
    const gateway = await start();
    const socket = await open(gateway);
    (socket as unknown as { _socket: NodeJS.WritableStream })._socket.write(Buffer.from([0x81, 0x01, 0x61]));
    expect((await once(socket, 'close'))[0]).toBe(1002);
  });
});

describe('the start', () => {
  test.each<[string, Partial<BidiGatewayOptions>, RegExp]>([
    ['no routes', { routes: [] }, /There is no route/],
    ['an address beyond this machine without a token', { host: '0.0.0.0' }, /at your cost/],
    ['a short token', { tokens: ['short'] }, /fewer than 16 characters/],
    ['an origin with a path', { allowedOrigins: ['https://a.example/x'] }, /is not one/],
    [
      'any pair of Host and Origin that match',
      { host: '0.0.0.0', allowAnonymous: true, allowedOrigins: ['same-origin'] },
      /keeps no page out/,
    ],
    ['a limit of zero', { limits: { idleMs: 0 } }, /idleMs is 0/],
    ['a session beyond the platform’s limit', { sessionLimitMs: 3_600_000 }, /beyond the 30 minutes/],
  ])('refuses %s', async (_, options, message) => {
    const error = await failure(start(options));
    expect(error).toBeInstanceOf(GatewayOptionsError);
    expect(error.message).toMatch(message);
  });

  test('names every violation at once', async () => {
    const error = await failure(start({ routes: [], host: '0.0.0.0', tokens: ['x'] }));
    expect((error as GatewayOptionsError).why.match(/\. |\.$/g)!.length).toBeGreaterThan(1);
  });

  test('says that an endpoint does not exist, and listens nowhere', async () => {
    const error = await failure(start({ routes: [{ endpointName: 'nobody' }] }));
    expect(error).toMatchObject({ code: 'ERR_BIDI_INVALID_REQUEST' });
  });

  test.each<[string, object, string]>([
    ['a region without a local SageMaker', { region: 'eu-west-1' }, 'ERR_BIDI_ACCESS_DENIED'],
    ['an address without one', { endpoint: 'https://127.0.0.1:1' }, 'ERR_BIDI_CONNECT'],
    [
      'credentials that are not valid',
      { credentials: { accessKeyId: 'AKIA', secretAccessKey: 'no' } },
      'ERR_BIDI_ACCESS_DENIED',
    ],
  ])('says %s', async (_, configuration, code) => {
    const other = new SageMakerRuntimeHTTP2Client({
      endpoint: local.url,
      region: local.region,
      credentials: local.credentials,
      ...configuration,
    });
    expect(await failure(start({ client: other, openTimeoutMs: 2_000 }))).toMatchObject({ code });
    other.destroy();
  });

  test('says that the port is taken', async () => {
    const gateway = await start();
    const error = await failure(start({ port: Number(new URL(gateway.url).port) }));
    expect(error.message).toMatch(/Another program listens there/);
  });
});

describe('credentials', () => {
  /** The address at which a task in AWS gets the credentials of its role. */
  async function withTaskRole<T>(expiresInMs: number, run: (asked: () => number) => Promise<T>): Promise<T> {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      const { accessKeyId, secretAccessKey, sessionToken } = OF_A_ROLE;
      const expiration = new Date(Date.now() + expiresInMs).toISOString();
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          Token: sessionToken,
          Expiration: expiration,
        }),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const before = { ...process.env };
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    Object.assign(process.env, {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/role`,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_REGION: local.region,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: local.url,
    });
    try {
      return await run(() => asked);
    } finally {
      process.env = before;
      server.close();
    }
  }

  test.each([
    ['renewed before they expire', 4 * 60_000, 2],
    ['kept while they last', 60 * 60_000, 0],
  ])('of the AWS credential chain are %s', async (_, expiresInMs, renewals) => {
    await withTaskRole(expiresInMs, async asked => {
      const gateway = await start({ client: undefined }); // the start itself opens a stream to each endpoint
      const atStart = asked();
      for (let session = 0; session < 2; session += 1) {
        const socket = await open(gateway);
        const echoed = messages(socket, 1);
        socket.send('hello');
        expect(await echoed).toEqual(['hello']);
      }
      if (renewals === 0) expect(asked()).toBe(1);
      else expect(asked() - atStart).toBeGreaterThanOrEqual(renewals);
    });
  });
});

describe('operations', () => {
  test('health, readiness and figures on a port of their own', async () => {
    const gateway = await start();
    await open(gateway);
    await refused(`${gateway.url}//`);
    expect((await operations(gateway, '/healthz')).status).toBe(200);
    expect((await operations(gateway, '/readyz')).status).toBe(200);
    const metrics = await (await operations(gateway, '/metrics')).text();
    expect(metrics).toContain('bidi_gateway_sessions{endpoint="echo"} 1');
    expect(metrics).toContain('bidi_gateway_opens_total{status="101"} 1');
    expect(metrics).toContain('bidi_gateway_opens_total{status="400"} 1');
    expect((await operations(gateway, '/other')).status).toBe(404);
  });

  test('a drain refuses new WebSockets, tells health, and waits for the open ones', async () => {
    const gateway = await start();
    const socket = await open(gateway);
    const drained = gateway.drain(10_000);
    expect((await operations(gateway, '/readyz')).status).toBe(503);
    expect(await refused(gateway.url)).toMatchObject({ status: 503 });
    const echoed = messages(socket, 1);
    socket.send('still served');
    expect(await echoed).toEqual(['still served']);
    socket.close();
    expect(await drained).toBe(true);
  });

  test('what a drain does not outwait is closed with 1012', async () => {
    const gateway = await start();
    const socket = await open(gateway);
    const closed = once(socket, 'close');
    await gateway.close(50);
    expect((await closed)[0]).toBe(1012);
  });
});
