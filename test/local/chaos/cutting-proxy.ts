import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../fuzz/random';

/** Bytes of both ways that open a stream, about: TLS, HTTP/2 and the headers. */
const OPENING_BYTES = 6 * 1024;

/** Bytes after the opening at which a connection is cut at the latest. */
const MOST_BYTES = 128 * 1024;

/** Milliseconds after which a connection is cut at the latest, where time decides. */
const MOST_MS = 60;

/** A TCP proxy that cuts its first connections at random moments: after some bytes, within any record or frame, or after some time. */
export class CuttingProxy implements AsyncDisposable {
  /** @param cuts how many connections are cut; those after them are not */
  static async start(targetPort: number, cuts: number, random: Random): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetPort, cuts, random);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** Connections that were cut so far. */
  cuts = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly targetPort: number,
    private cutsLeft: number,
    private readonly random: Random,
  ) {
    this.server = createServer({ allowHalfOpen: true }, client => this.connect(client));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private connect(client: Socket): void {
    const target = createConnection({ host: '127.0.0.1', port: this.targetPort, allowHalfOpen: true });
    const pair = [client, target] as const;
    for (const socket of pair) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.on('error', () => pair.forEach(one => void one.destroy()));
      socket.on('close', () => this.sockets.delete(socket));
    }
    if (this.cutsLeft === 0) {
      client.pipe(target).pipe(client);
      return;
    }
    this.cutsLeft -= 1;
    this.forwardUntilCut(pair);
  }

  private forwardUntilCut([client, target]: readonly [Socket, Socket]): void {
    const isReset = this.random.chance(0.5);
    const cut = () => {
      if (client.destroyed) return;
      this.cuts += 1;
      clearTimeout(timer);
      for (const socket of [client, target]) {
        if (isReset) socket.resetAndDestroy();
        else socket.destroySoon();
      }
    };
    const isOpening = this.random.chance(0.2);
    let bytesLeft = isOpening
      ? 1 + this.random.below(OPENING_BYTES)
      : OPENING_BYTES + Math.floor(MOST_BYTES ** this.random.next());
    const isTimed = this.random.chance(0.4);
    const timer = isTimed ? setTimeout(cut, this.random.below(MOST_MS)) : undefined;
    const forward = (from: Socket, to: Socket) => {
      from.on('data', (piece: Buffer) => {
        const passed = isTimed ? piece : piece.subarray(0, bytesLeft);
        bytesLeft -= passed.length;
        if (passed.length > 0 && !to.write(passed)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
        if (!isTimed && bytesLeft === 0) cut();
      });
      from.on('end', () => to.end());
    };
    forward(client, target);
    forward(target, client);
  }
}
