import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { type Frame, Opcode } from '../../lib/wire/frame';
import { FrameSocket, type FrameSocketListener } from '../../lib/wire/frame-socket';

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT_FRAME = Buffer.from([0x81, 0x02, 0x68, 0x69]); // "hi"
const CLOSE_FRAME = Buffer.from([0x88, 0x02, 0x03, 0xe8]); // 1000

const servers: Server[] = [];
const sockets: FrameSocket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A server written by hand: it answers the upgrade and these bytes in one write, then the test has its socket. */
async function rawServer(
  bytes: Buffer,
  upgradeHeaders = 'Upgrade: websocket\r\nConnection: Upgrade\r\n',
): Promise<{ port: number; socket: Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true });
  servers.push(server);
  const socket = new Promise<Socket>(resolve => {
    server.once('connection', (connection: Socket) => {
      connection.on('error', () => {});
      connection.once('data', request => {
        connection.pause();
        const key = /sec-websocket-key: (\S+)/i.exec(request.toString())?.[1];
        const accept = createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64');
        const head = `HTTP/1.1 101 Switching Protocols\r\n${upgradeHeaders}Sec-WebSocket-Accept: ${accept}\r\n\r\n`;
        connection.write(Buffer.concat([Buffer.from(head), bytes]));
        resolve(connection);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, socket };
}

async function open(port: number): Promise<FrameSocket> {
  const socket = await FrameSocket.open({
    host: '127.0.0.1',
    port,
    target: '/',
    timeoutMs: 5_000,
    payloadLimitBytes: 1 << 20,
  });
  sockets.push(socket);
  return socket;
}

/** Listens and collects: payloads of frames as text, the code of the end as a number. */
function heardBy(socket: FrameSocket, more: Partial<FrameSocketListener> = {}) {
  const heard: (string | number)[] = [];
  let wake = (): void => {};
  const hear = (item: string | number): void => {
    heard.push(item);
    wake();
  };
  socket.listen({
    onFrame: (frame: Frame) => hear(Buffer.from(frame.payload).toString()),
    onEnd: end => hear(end.code),
    onPong: () => {},
    onDrain: () => {},
    ...more,
  });
  return async (count: number): Promise<readonly (string | number)[]> => {
    while (heard.length < count) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
    return heard;
  };
}

describe('a server that sends in the packet of its upgrade response', () => {
  test.each([
    ['a frame', TEXT_FRAME, ['hi']],
    ['a frame and its close', Buffer.concat([TEXT_FRAME, CLOSE_FRAME]), ['hi', 1000]],
  ])('loses nothing when the listener comes later: %s', async (_, bytes, expected) => {
    const { port } = await rawServer(bytes);
    const socket = await open(port);
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(await heardBy(socket)(expected.length)).toEqual(expected);
  });

  test('and cuts the connection before the listener comes', async () => {
    const { port, socket: serverSocket } = await rawServer(TEXT_FRAME);
    const socket = await open(port);
    (await serverSocket).end();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(await heardBy(socket)(2)).toEqual(['hi', 1006]);
  });
});

test('all frames of a server that sends and hangs up are told before its end', async () => {
  const { port, socket: serverSocket } = await rawServer(Buffer.alloc(0));
  const socket = await open(port);
  const heard = heardBy(socket);
  (await serverSocket).end(Buffer.concat(Array.from({ length: 1_000 }, () => TEXT_FRAME)));
  expect(await heard(1_001)).toEqual([...Array<string>(1_000).fill('hi'), 1006]);
});

test('a close frame is answered, and the answer is the last frame', async () => {
  const { port, socket: serverSocket } = await rawServer(CLOSE_FRAME);
  const socket = await open(port);
  expect(await heardBy(socket)(1)).toEqual([1000]);
  socket.send({ opcode: Opcode.TEXT, fin: true, payload: Buffer.from('late') });
  const bytes: Buffer[] = [];
  for await (const piece of await serverSocket) bytes.push(piece as Buffer);
  const answer = Buffer.concat(bytes);
  expect({ opcode: answer[0], length: answer.length }).toEqual({ opcode: 0x88, length: 8 });
});

test.each([
  ['4000', [0x0f, 0xa0], 4000],
  ['none', [], 1000],
  ['one byte', [0x03], 1002],
  ['0, which is none', [0, 0], 1002],
  ['1005, which no frame may hold', [0x03, 0xed], 1002],
  ['65535', [0xff, 0xff], 1002],
  ['1000 with a reason that is no UTF-8', [0x03, 0xe8, 0xff], 1007],
])('a close frame with the code %s has the answer of RFC 6455', async (_, payload, code) => {
  const { port, socket: serverSocket } = await rawServer(Buffer.from([0x88, payload.length, ...payload]));
  await heardBy(await open(port))(1);
  const bytes: Buffer[] = [];
  for await (const piece of await serverSocket) bytes.push(piece as Buffer);
  const answer = Buffer.concat(bytes);
  expect(answer.readUInt16BE(6) ^ answer.readUInt16BE(2)).toBe(code); // unmasked
});

test.each([
  ['a masked frame', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]), 1002],
  ['a reserved bit', Buffer.from([0xc1, 0x00]), 1002],
  ['a frame that is too long', Buffer.from([0x82, 127, 0, 0, 0, 0, 0x10, 0, 0, 0]), 1009],
])('%s ends the WebSocket with its close code, behind the frames before it', async (_, bytes, code) => {
  const { port } = await rawServer(Buffer.concat([TEXT_FRAME, bytes]));
  expect(await heardBy(await open(port))(2)).toEqual(['hi', code]);
});

test('while a server reads no answers to its pings, nothing more is read from it', async () => {
  const { port, socket: serverSocket } = await rawServer(Buffer.alloc(0));
  const socket = await open(port);
  heardBy(socket);
  const server = await serverSocket;
  const pings = Buffer.concat(Array.from({ length: 500 }, () => Buffer.from([0x89, 125, ...Buffer.alloc(125, 7)])));
  // The kernel's buffers of both directions fill; then the server's writes stop, because nothing is read here.
  let sent = 0;
  for (let isFlowing = true; isFlowing && sent < 512 * 1024 * 1024; sent += pings.length) {
    if (server.write(pings)) continue;
    isFlowing = await Promise.race([
      once(server, 'drain').then(() => true),
      new Promise<false>(resolve => setTimeout(resolve, 500, false)),
    ]);
  }
  expect(sent).toBeLessThan(128 * 1024 * 1024);
  // And goes on when the answers are read.
  server.resume();
  await once(server, 'drain');
});

test.each([
  ['no upgrade to "websocket"', 'Upgrade: h2c\r\nConnection: Upgrade\r\n', 'does not upgrade to "websocket"'],
  [
    'an extension that was not offered',
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n',
    'extension that was not offered',
  ],
  [
    'a wrong accept key',
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n',
    'Sec-WebSocket-Accept of the response is wrong',
  ],
])('the handshake fails on %s', async (_, headers, message) => {
  const { port } = await rawServer(Buffer.alloc(0), headers);
  await expect(open(port)).rejects.toThrow(message);
});
