import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { BidiStream } from '../../lib/client/stream/bidi-stream';
import { Bridge } from '../../lib/gateway/bridge';
import { FrameSocket } from '../../lib/wire/frame-socket';

test('empty frames without end wait in the network while the stream takes none', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  let waiting = 0;
  let fail!: (error: Error) => void;
  const stream = {
    write: () => {
      waiting += 1;
      return new Promise<void>(() => {});
    },
    next: () => new Promise((_, reject) => (fail = reject)),
    abort: () => fail(new Error('aborted')),
    pendingBytes: 0,
    get pendingFragments() {
      return waiting;
    },
  };
  const webSocket = FrameSocket.accept({ socket, head: Buffer.alloc(0), headers: {} }, { payloadLimitBytes: 1_000 });
  const limits = { messageBytes: 1_000, idleMs: 60_000, sessionMs: 60_000, drainMs: 10, pingMs: 60_000 };
  const bridge = new Bridge(webSocket, stream as unknown as BidiStream, limits, () => {});
  const ended = bridge.run();
  // One binary message: a beginning, then empty continuations, each masked.
  client.write(Buffer.from([0x02, 0x80, 0, 0, 0, 0]));
  const continuations = Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.from([0x00, 0x80, 0, 0, 0, 0])));
  client.write(continuations);
  while (waiting < 1_000) await new Promise(resolve => setTimeout(resolve, 5));
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(waiting).toBeLessThan(30_000); // what one piece of the network holds, of 100,001
  bridge.close({ code: 1001, reason: '' });
  client.destroy();
  await ended;
  server.close();
});
