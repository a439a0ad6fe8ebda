import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type frame as Frame, client as FrameClient, type connection as FrameConnection } from 'websocket';
import { WebSocket } from 'ws';
import { readConfiguration } from '../../../container/echo/src/configuration';
import { echoServer } from '../../../container/echo/src/echo-server';
import type { LogFields } from '../../../container/echo/src/streaming/log';
import {
  BIDIRECTIONAL_STREAM_PATH,
  METADATA_STREAM_PATH,
  METERING_RECORD_LIMIT_BYTES,
  MeteringHeader,
} from '../../../lib/contract';

/** A server of this process, with what it logged. */
async function startServer(environment: NodeJS.ProcessEnv = {}) {
  const lines: { event: string; fields: LogFields | undefined }[] = [];
  const configuration = readConfiguration(
    { SAGEMAKER_BIND_TO_PORT: '0', BIDI_BIND_TO_HOST: '127.0.0.1', ...environment },
    [],
  );
  const server = echoServer(configuration, (event, fields) => void lines.push({ event, fields }));
  const port = await server.start();
  const url = `ws://127.0.0.1:${port}/${BIDIRECTIONAL_STREAM_PATH}`;
  return { server, port, url, lines, [Symbol.asyncDispose]: () => server.drain(0) };
}

/** Asks until the answer is yes, for five seconds at most. */
async function eventually(yes: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await yes()); waited += 10) {
    if (waited >= 5_000) throw new Error('It did not happen within five seconds.');
    await delay(10);
  }
}

async function open(url: string): Promise<WebSocket> {
  const webSocket = new WebSocket(url, { perMessageDeflate: false });
  await once(webSocket, 'open');
  return webSocket;
}

/** The headers of the upgrade response, once the WebSocket is open. */
async function upgraded(webSocket: WebSocket): Promise<Record<string, string>> {
  const [[response]] = await Promise.all([once(webSocket, 'upgrade'), once(webSocket, 'open')]);
  return response.headers;
}

async function closed(webSocket: WebSocket): Promise<number> {
  const [code] = (await once(webSocket, 'close')) as [number];
  return code;
}

/** The next messages: text as string, binary as Buffer. */
function receive(webSocket: WebSocket, count: number): Promise<(string | Buffer)[]> {
  const messages: (string | Buffer)[] = [];
  return new Promise((resolve, reject) => {
    webSocket.on('message', (data: Buffer, isBinary) => {
      messages.push(isBinary ? data : data.toString());
      if (messages.length === count) resolve(messages);
    });
    webSocket.on('close', code => reject(new Error(`closed with ${code} after ${messages.length} messages`)));
  });
}

/** A client that sees frames, not messages. */
async function openFrames(url: string): Promise<FrameConnection> {
  const frames = new FrameClient({ assembleFragments: false, fragmentOutgoingMessages: false });
  frames.connect(url);
  const [connection] = (await once(frames, 'connect')) as [FrameConnection];
  return connection;
}

/** One masked frame with a payload of a length below 126, as RFC 6455 section 5.2 draws it. */
function frame(first: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  return Buffer.concat([
    Buffer.from([first, 0x80 | payload.length]),
    mask,
    payload.map((byte, at) => byte ^ mask[at % 4]!),
  ]);
}

function status(
  port: number,
  path: string,
  method: string,
  headers: Record<string, string> = {},
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, response => {
      let body = '';
      response.on('data', data => {
        body += data;
      });
      response.on('end', () => resolve([response.statusCode!, body]));
    });
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve([response.statusCode!, '']);
    });
    request.on('error', reject);
    request.end();
  });
}

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
};

describe('HTTP', () => {
  test.each([
    ['GET', '/ping', 200],
    ['POST', '/ping', 200],
    ['GET', '/ping?x=1', 200],
    ['PUT', '/ping', 405],
    ['GET', '/', 404],
    ['GET', '/ping/', 404],
    ['POST', '/metrics', 405],
    ['GET', `/${BIDIRECTIONAL_STREAM_PATH}`, 404],
  ])('%s %s is %i with an empty body', async (method, path, expected) => {
    await using running = await startServer();
    expect(await status(running.port, path, method)).toEqual([expected, '']);
  });

  test.each([
    [`/${BIDIRECTIONAL_STREAM_PATH}`, 101],
    [`/${BIDIRECTIONAL_STREAM_PATH}?model=a&x=%20`, 101],
    ['/v1/listen', 101],
    ['/v1/speak', 404],
    ['/ping', 404],
    [`/${BIDIRECTIONAL_STREAM_PATH}/`, 404],
  ])('an upgrade on %s is %i', async (path, expected) => {
    await using running = await startServer({ ECHO_PATHS: 'v1/listen' });
    expect((await status(running.port, path, 'GET', UPGRADE))[0]).toBe(expected);
  });

  test('an upgrade that is not a WebSocket handshake is 400', async () => {
    await using running = await startServer();
    const headers = { ...UPGRADE, 'Sec-WebSocket-Version': '1' };
    expect((await status(running.port, `/${BIDIRECTIONAL_STREAM_PATH}`, 'GET', headers))[0]).toBe(400);
  });

  test('while loading, a ping is 503 and sessions are refused', async () => {
    await using running = await startServer({ ECHO_LOADING_MS: '300' });
    expect((await status(running.port, '/ping', 'GET'))[0]).toBe(503);
    expect((await status(running.port, `/${BIDIRECTIONAL_STREAM_PATH}`, 'GET', UPGRADE))[0]).toBe(503);
    await eventually(async () => (await status(running.port, '/ping', 'GET'))[0] === 200);
    (await open(running.url)).terminate();
  });

  test('two servers cannot have one port', async () => {
    await using running = await startServer();
    await expect(startServer({ SAGEMAKER_BIND_TO_PORT: String(running.port) })).rejects.toThrow('EADDRINUSE');
  });
});

describe('the echo', () => {
  test('returns text as text and binary as binary, byte for byte, in order', async () => {
    await using running = await startServer();
    const webSocket = await open(running.url);
    const sent = [
      'phrase',
      '',
      Buffer.alloc(0),
      'ünïcödé 😀\u0000',
      randomBytes(3_000_000),
      randomBytes(1),
      'x'.repeat(70_000),
    ];
    for (const message of sent) webSocket.send(message);
    const received = await receive(webSocket, sent.length);
    expect(received.map(message => typeof message)).toEqual(sent.map(message => typeof message));
    // Not by `toEqual`, which takes seconds for a Buffer of this size.
    expect(received.map((message, at) => Buffer.from(message).equals(Buffer.from(sent[at]!)))).toEqual(
      sent.map(() => true),
    );
    webSocket.terminate();
  });

  test('keeps the fragments of a binary message and joins those of a text message', async () => {
    await using running = await startServer();
    const webSocket = await openFrames(running.url);
    const frames: [number, boolean, string][] = [];
    const done = new Promise<void>(resolve =>
      webSocket.on('frame', (echoed: Frame) => {
        frames.push([echoed.opcode, echoed.fin, echoed.binaryPayload.toString()]);
        if (frames.length === 5) resolve();
      }),
    );
    const raw = webSocket.socket;
    raw.write(frame(0x02, Buffer.from('one')));
    raw.write(frame(0x00, Buffer.from('two')));
    // RFC 6455 section 5.4: a control frame may come between fragments.
    raw.write(frame(0x89, Buffer.from('ping')));
    raw.write(frame(0x00, Buffer.alloc(0)));
    raw.write(frame(0x80, Buffer.from('three')));
    raw.write(frame(0x01, Buffer.from([0xf0, 0x9f])));
    raw.write(frame(0x80, Buffer.from([0x98, 0x80])));
    await done;
    expect(frames).toEqual([
      [0xa, true, 'ping'],
      [2, false, 'one'],
      [0, false, 'two'],
      [0, true, 'three'],
      [1, true, '😀'],
    ]);
    webSocket.drop();
  });

  test('answers pings with their payload', async () => {
    await using running = await startServer();
    const webSocket = await open(running.url);
    webSocket.ping('are you there');
    const [payload] = (await once(webSocket, 'pong')) as [Buffer];
    expect(payload.toString()).toBe('are you there');
    webSocket.terminate();
  });

  test('never compresses, also when it is offered', async () => {
    await using running = await startServer();
    const webSocket = new WebSocket(running.url, { perMessageDeflate: true });
    await once(webSocket, 'open');
    expect(webSocket.extensions).toBe('');
    webSocket.terminate();
  });

  test.each([
    ['in one frame', (webSocket: WebSocket) => webSocket.send(Buffer.alloc(1001))],
    [
      'in fragments',
      (webSocket: WebSocket) => {
        webSocket.send(Buffer.alloc(600), { fin: false });
        webSocket.send(Buffer.alloc(600), { fin: true });
      },
    ],
  ])('closes with 1009 on a message over the cap, %s', async (_, send) => {
    await using running = await startServer({ ECHO_MAX_MESSAGE_BYTES: '1000' });
    const webSocket = await open(running.url);
    webSocket.send(Buffer.alloc(1000));
    const [echoed] = await receive(webSocket, 1);
    expect(echoed).toHaveLength(1000);
    send(webSocket);
    expect(await closed(webSocket)).toBe(1009);
  });

  test('closes with 1007 on text that is not UTF-8', async () => {
    await using running = await startServer();
    const webSocket = await open(running.url);
    webSocket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect(await closed(webSocket)).toBe(1007);
  });

  test('a reader that stops reading stops the writer, and loses nothing', async () => {
    await using running = await startServer();
    const webSocket = await open(running.url);
    webSocket.pause();
    const message = randomBytes(256 * 1024);
    const before = process.memoryUsage.rss();
    // Client and server share this process. Whatever the server took beyond its share would be gone from the client.
    let stopped = 0;
    let unsent = -1;
    for (let count = 0; count < 200; count += 1) webSocket.send(message);
    while (stopped < 5) {
      await delay(50);
      stopped = webSocket.bufferedAmount === unsent ? stopped + 1 : 0;
      unsent = webSocket.bufferedAmount;
    }
    // What left the client is in kernel buffers, in the server's 1 MiB, one message and one chunk.
    const taken = 200 * message.length - unsent;
    expect(taken).toBeLessThan(20 * 1024 * 1024);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1024 * 1024);
    const received = receive(webSocket, 200);
    webSocket.resume();
    expect((await received).every(echoed => message.equals(echoed as Buffer))).toBe(true);
    webSocket.terminate();
  });

  test('takes two hundred sockets at once', async () => {
    await using running = await startServer();
    const opened = await Promise.all(Array.from({ length: 200 }, () => open(running.url)));
    // How soon each is taken is judged by `bidi check`, on a machine that does nothing else.
    expect(opened.map(({ readyState }) => readyState)).toEqual(Array(200).fill(WebSocket.OPEN));
    for (const webSocket of opened) webSocket.terminate();
  });
});

describe('the log', () => {
  test('has one line a session with counts and no payload', async () => {
    await using running = await startServer();
    const webSocket = new WebSocket(`${running.url}?secret=query`, {
      headers: { 'X-Amzn-SageMaker-Request-Id': 'request-1' },
    });
    await once(webSocket, 'open');
    webSocket.send('hush');
    webSocket.send(Buffer.alloc(10), { fin: false });
    webSocket.send(Buffer.alloc(10));
    await receive(webSocket, 2);
    webSocket.close(4321, 'hush');
    expect(await closed(webSocket)).toBe(4321);
    await eventually(() => running.lines.some(line => line.event === 'session'));
    expect(running.lines.filter(line => line.event === 'session')).toEqual([
      {
        event: 'session',
        fields: {
          id: 'request-1',
          path: `/${BIDIRECTIONAL_STREAM_PATH}`,
          messages: 2,
          bytes: 24,
          durationMs: expect.any(Number),
          closeCode: 4321,
          fault: undefined,
        },
      },
    ]);
    expect(JSON.stringify(running.lines)).not.toMatch(/hush|secret/);
  });

  test.each([
    ['an orderly end', (socket: Socket) => socket.write(frame(0x88, Buffer.alloc(0))), 1005, undefined],
    [
      'a stream cut in the middle of a frame',
      (socket: Socket) => socket.end(Buffer.from([0x82, 0xfe])),
      1006,
      undefined,
    ],
    ['a connection reset', (socket: Socket) => socket.resetAndDestroy(), 1006, 'ECONNRESET'],
    ['an unmasked frame', (socket: Socket) => socket.write(Buffer.from([0x82, 0x00])), 1006, 'WS_ERR_EXPECTED_MASK'],
  ])('says how it ended: %s', async (_, end, closeCode, fault) => {
    await using running = await startServer();
    const socket = connect(running.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const headers = Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET /${BIDIRECTIONAL_STREAM_PATH} HTTP/1.1\r\nHost: x\r\n${headers.join('')}\r\n`);
    await once(socket, 'data');
    end(socket);
    await eventually(() => running.lines.some(line => line.event === 'session'));
    expect(running.lines.find(line => line.event === 'session')!.fields).toMatchObject({ closeCode, fault });
    socket.destroy();
  });
});

describe('metering', () => {
  const METADATA = METADATA_STREAM_PATH;
  const ID = { [MeteringHeader.REQUEST_ID]: 'request-2' };

  test('is offered when a dimension is named, and reports the messages of its own session', async () => {
    await using running = await startServer({ ECHO_METERING_DIMENSION: 'Messages' });
    const webSocket = new WebSocket(running.url, { headers: ID });
    expect((await upgraded(webSocket))[MeteringHeader.STREAM_SUPPORTED.toLowerCase()]).toBe('true');
    const metering = new WebSocket(running.url.replace(BIDIRECTIONAL_STREAM_PATH, METADATA), { headers: ID });
    await once(metering, 'open');
    const [records, echoes] = [receive(metering, 1), receive(webSocket, 3)];
    for (const phrase of ['one', 'two', 'three']) webSocket.send(phrase);
    await echoes;
    const [record] = await records;
    expect(Buffer.byteLength(record!)).toBeLessThanOrEqual(METERING_RECORD_LIMIT_BYTES);
    expect(JSON.parse(record as string)).toEqual({
      Metering: { Dimension: 'Messages', ConsumedUnits: 3, ClientToken: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    metering.terminate();
    webSocket.terminate();
  });

  test('has no stream for a session that is not there, and none without a dimension', async () => {
    await using metered = await startServer({ ECHO_METERING_DIMENSION: 'Messages' });
    expect((await status(metered.port, `/${METADATA}`, 'GET', { ...UPGRADE, ...ID }))[0]).toBe(404);
    await using plain = await startServer();
    const webSocket = new WebSocket(plain.url, { headers: ID });
    expect((await upgraded(webSocket))[MeteringHeader.STREAM_SUPPORTED.toLowerCase()]).toBeUndefined();
    expect((await status(plain.port, `/${METADATA}`, 'GET', { ...UPGRADE, ...ID }))[0]).toBe(404);
    webSocket.terminate();
  });
});

describe('draining', () => {
  test('ends at once when nothing is open', async () => {
    const running = await startServer();
    await running.server.drain(60_000);
    await expect(status(running.port, '/ping', 'GET')).rejects.toThrow('ECONNREFUSED');
  });

  test('lets open sessions finish, and takes no new ones', async () => {
    const running = await startServer();
    const webSocket = await open(running.url);
    let ended = false;
    const drained = running.server.drain(60_000).then(() => {
      ended = true;
    });
    expect((await status(running.port, '/ping', 'GET'))[0]).toBe(503);
    expect((await status(running.port, `/${BIDIRECTIONAL_STREAM_PATH}`, 'GET', UPGRADE))[0]).toBe(503);
    webSocket.send('still here');
    expect(await receive(webSocket, 1)).toEqual(['still here']);
    expect(ended).toBe(false);
    webSocket.close(1000);
    await drained;
  });

  test('closes what is left with 1001', async () => {
    const running = await startServer();
    const webSocket = await open(running.url);
    const code = closed(webSocket);
    await running.server.drain(50);
    expect(await code).toBe(1001);
  });

  test('does not wait for a reader that stopped reading', async () => {
    const running = await startServer();
    const webSocket = await open(running.url);
    webSocket.pause();
    for (let count = 0; count < 100; count += 1) webSocket.send(Buffer.alloc(256 * 1024));
    await delay(100);
    await running.server.drain(0);
    expect(running.lines.at(-1)!.event).toBe('stopped');
    webSocket.terminate();
  });
});
