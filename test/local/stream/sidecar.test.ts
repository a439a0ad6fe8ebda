import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Sidecar } from '../../../lib/local/stream/sidecar';

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT_FRAME = Buffer.from([0x81, 0x02, 0x68, 0x69]); // "hi"
const CLOSE_FRAME = Buffer.from([0x88, 0x02, 0x03, 0xe8]); // 1000

/** Writes the upgrade response and these bytes in one go. */
function eagerContainer(bytes: Buffer): Server {
  return createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', request => {
      const key = /sec-websocket-key: (\S+)/i.exec(request.toString())?.[1];
      const accept = createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64');
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), bytes]));
    });
  }).listen(0, '127.0.0.1');
}

describe('a container that speaks in the packet of its upgrade response', () => {
  test.each([
    ['a frame', TEXT_FRAME, ['hi']],
    ['a frame and its close', Buffer.concat([TEXT_FRAME, CLOSE_FRAME]), ['hi', 1000]],
  ])('is heard when somebody listens later: %s', async (_, bytes, expected) => {
    const container = eagerContainer(bytes);
    await once(container, 'listening');
    const sidecar = await Sidecar.connect({
      host: '127.0.0.1',
      port: (container.address() as AddressInfo).port,
      target: '/',
      headers: {},
      acceptTimeoutMs: 5_000,
    });
    try {
      for (let turns = 0; turns < 5; turns += 1) await turn();
      const heard: (string | number)[] = [];
      await new Promise<void>((resolve, reject) => {
        setTimeout(() => reject(new Error(`Only heard: ${heard}`)), 5_000).unref();
        const hear = (what: string | number) => {
          heard.push(what);
          if (heard.length === expected.length) resolve();
        };
        sidecar.listen({
          onFrame: frame => hear(Buffer.from(frame.payload).toString()),
          onEnd: end => hear(end.code),
          onPong: () => {},
          onDrain: () => {},
        });
      });
      expect(heard).toEqual(expected);
    } finally {
      sidecar.destroy();
      container.close();
    }
  });
});
