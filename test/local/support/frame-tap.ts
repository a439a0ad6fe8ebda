import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** Names of HTTP/2 frame types (RFC 9113, section 6), by their number. */
const FRAME_TYPES = ['DATA', 'HEADERS', 'PRIORITY', 'RST_STREAM', 'SETTINGS', 'PUSH_PROMISE', 'PING', 'GOAWAY'];

/** Stands between a client and a server that speak HTTP/2 in cleartext, and writes down the frames that the server sends. */
export class FrameTap {
  static async before(serverPort: number): Promise<FrameTap> {
    const tap = new FrameTap(serverPort);
    tap.server.listen(0, '127.0.0.1');
    await once(tap.server, 'listening');
    return tap;
  }

  /** Frames of streams, such as `DATA`, `DATA END_STREAM` or `RST_STREAM`; those of the connection are left out. */
  readonly frames: string[] = [];
  /** How the server's side of the connection ended: `FIN`, `RST` or undefined. */
  end: 'FIN' | 'RST' | undefined;
  private bytes = Buffer.alloc(0);
  private readonly server = createServer(client => {
    const server = connect(this.serverPort, '127.0.0.1');
    client.on('error', () => server.destroy());
    client.pipe(server);
    server.on('data', piece => {
      this.read(piece);
      client.write(piece);
    });
    server.on('end', () => {
      this.end ??= 'FIN';
      client.end();
    });
    server.on('error', error => {
      if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') this.end ??= 'RST';
      client.resetAndDestroy();
    });
  });

  private constructor(private readonly serverPort: number) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  [Symbol.dispose](): void {
    this.server.close();
  }

  private read(piece: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, piece]);
    while (this.bytes.length >= 9 && this.bytes.length >= 9 + this.bytes.readUIntBE(0, 3)) {
      const length = this.bytes.readUIntBE(0, 3);
      const type = this.bytes[3]!;
      const isEnd = type <= 1 && (this.bytes[4]! & 1) !== 0;
      if (this.bytes.readUInt32BE(5) !== 0 && FRAME_TYPES[type] !== undefined && type !== 6) {
        this.frames.push(`${FRAME_TYPES[type]}${isEnd ? ' END_STREAM' : ''}`);
      }
      this.bytes = this.bytes.subarray(9 + length);
    }
  }
}
