import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Log } from '../../../container/streaming/log';
import { METRICS_CONTENT_TYPE } from '../../../container/streaming/metrics';
import { isForeignOrigin } from '../../../container/streaming/origin';
import { type Session, StreamingServer } from '../../../container/streaming/streaming-server';
import { ContainerProcess } from '../container-process';

const SILENT: Log = () => {};

/** A server of this process whose sessions count and answer every message. */
async function startServer() {
  const server = new StreamingServer(
    {
      port: 0,
      host: '127.0.0.1',
      maxMessageBytes: 1024 * 1024,
      load: async () => {},
      admit: ({ path }) =>
        path === '/stream'
          ? {
              open: webSocket => {
                const session = {
                  statistics: { messages: 0, largeNumbers: 7, name: 'not a number' },
                } satisfies Session;
                webSocket.on('message', data => {
                  session.statistics.messages += 1;
                  webSocket.send(data);
                });
                return session;
              },
            }
          : undefined,
    },
    SILENT,
  );
  const port = await server.start();
  return { server, port, [Symbol.asyncDispose]: () => server.drain(0) };
}

/** The first bytes that a server answers to raw bytes. */
async function answer(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return data.toString();
}

const handshake = (target: string, ...headers: string[]) =>
  [
    `GET ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers,
    '\r\n',
  ].join('\r\n');

describe('Origin', () => {
  test.each([
    [undefined, false],
    ['http://localhost:8080', false],
    ['http://127.0.0.1', false],
    ['https://[::1]:443', false],
    ['http://app.localhost:3000', false],
    ['https://attacker.example', true],
    ['http://localhost.attacker.example', true],
    ['http://127.0.0.1.attacker.example', true],
    ['null', true],
    ['', true],
  ])('%s is foreign: %s', (origin, foreign) => {
    expect(isForeignOrigin(origin)).toBe(foreign);
  });

  test('a web page of another host gets no session, also when its name leads to this machine', async () => {
    await using running = await startServer();
    expect(await answer(running.port, handshake('/stream', 'Origin: https://attacker.example'))).toMatch(
      /^HTTP\/1.1 403/,
    );
    expect(await answer(running.port, handshake('/stream', 'Origin: http://localhost:5173'))).toMatch(/^HTTP\/1.1 101/);
    expect(await answer(running.port, handshake('/stream'))).toMatch(/^HTTP\/1.1 101/);
  });
});

test.each(['//', '///stream', '/\\', '/%', '*', 'http://x/stream', '/stream/../stream'])(
  'an upgrade to %s is refused and the server goes on',
  async target => {
    await using running = await startServer();
    expect(await answer(running.port, handshake(target))).toMatch(/^HTTP\/1.1 40[04]/);
    const socket = connect(running.port, '127.0.0.1');
    socket.write(handshake(target));
    socket.resetAndDestroy();
    expect(await answer(running.port, handshake('/stream'))).toMatch(/^HTTP\/1.1 101/);
  },
);

test('a plain invocation is answered with the operation to call instead', async () => {
  await using running = await startServer();
  const response = await fetch(`http://127.0.0.1:${running.port}/invocations`, { method: 'POST', body: 'x' });
  expect([response.status, await response.text()]).toEqual([
    404,
    expect.stringContaining('InvokeEndpointWithBidirectionalStream'),
  ]);
});

test('/metrics counts sessions, their numbers and refusals in the Prometheus text format', async () => {
  await using running = await startServer();
  const webSocket = new WebSocket(`ws://127.0.0.1:${running.port}/stream`);
  await once(webSocket, 'open');
  webSocket.send('one');
  await once(webSocket, 'message');
  await answer(running.port, handshake('/elsewhere'));
  const scrape = async () => {
    const response = await fetch(`http://127.0.0.1:${running.port}/metrics`);
    expect(response.headers.get('content-type')).toBe(METRICS_CONTENT_TYPE);
    return response.text();
  };
  const open = await scrape();
  for (const line of open.trimEnd().split('\n')) {
    expect(line).toMatch(/^(# HELP \w+ .+|# TYPE \w+ (counter|gauge)|[a-z_]+(\{[a-z]+="\d+"\})? [\d.e+]+)$/);
  }
  expect(open).toContain('\nbidi_ready 1\n');
  expect(open).toContain('\nbidi_sessions_open 1\n');
  expect(open).toContain('\nbidi_session_messages_total 1\n');
  expect(open).toContain('\nbidi_session_large_numbers_total 7\n');
  expect(open).toContain('\nbidi_upgrades_refused_total{status="404"} 1\n');
  webSocket.close(1000);
  await once(webSocket, 'close');
  const ended = await scrape();
  expect(ended).toContain('\nbidi_sessions_open 0\n');
  expect(ended).toContain('\nbidi_sessions_closed_total{code="1000"} 1\n');
  expect(ended).toContain('\nbidi_session_messages_total 1\n');
});

describe('memory of a container whose caller does not read', () => {
  /** What one such connection may cost, in bytes. Without a limit the small messages cost hundreds of megabytes. */
  const GROWTH_LIMIT_BYTES = 96 * 1024 * 1024;
  const FLOOD_BYTES = 48 * 1024 * 1024;
  const MASK = [0, 0, 0, 0];
  const repeated = (frame: readonly number[]) =>
    Buffer.concat(Array.from({ length: Math.ceil((64 * 1024) / frame.length) }, () => Buffer.from(frame)));

  async function residentBytes(port: number): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (.+)$/m.exec(text)![1]);
  }

  /** Writes until everything is sent or the container no longer reads, and never reads an answer. */
  async function flood(socket: Socket, block: Buffer): Promise<void> {
    for (let sent = 0; sent < FLOOD_BYTES; sent += block.length) {
      if (socket.destroyed) return;
      if (socket.write(block)) continue;
      const stuck = new AbortController();
      // A container that ends the connection, or no longer reads, has defended itself.
      const drained = await Promise.race([
        once(socket, 'drain', { signal: stuck.signal }).then(
          () => true,
          () => false,
        ),
        delay(1_500, false, { signal: stuck.signal }),
      ]);
      stuck.abort();
      if (!drained) return;
    }
  }

  test.each([
    ['pings', repeated([0x89, 0x80, ...MASK])],
    ['small messages', repeated([0x82, 0x80 + 100, ...MASK, ...Buffer.alloc(100)])],
    ['large messages', Buffer.concat([Buffer.from([0x82, 0xfe, 0xff, 0xff, ...MASK]), Buffer.alloc(0xffff)])],
    ['empty continuation frames', repeated([0x00, 0x80, ...MASK])],
    ['continuation frames of one byte', repeated([0x00, 0x81, ...MASK, 1])],
  ])('%s', async (name, block) => {
    await using container = await ContainerProcess.start('echo');
    const before = await residentBytes(container.port);
    const socket = connect(container.port, '127.0.0.1');
    socket.on('error', () => {}).pause();
    socket.write(handshake('/invocations-bidirectional-stream'));
    if (name.includes('continuation')) socket.write(Buffer.from([0x02, 0x81, ...MASK, 1]));
    await flood(socket, block);
    expect((await residentBytes(container.port)) - before).toBeLessThan(GROWTH_LIMIT_BYTES);
    socket.destroy();
  });
});
