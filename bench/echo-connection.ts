import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { BIDIRECTIONAL_STREAM_PATH } from '../lib/contract';

/** A message as it goes over the wire and comes back. */
export interface EchoFrame {
  /** Masked, as a client sends it. */
  readonly request: Buffer;
  /** Unmasked, as a server sends it. */
  readonly response: Buffer;
}

/** One binary message of random bytes (RFC 6455, section 5.2). */
export function echoFrame(payloadBytes: number): EchoFrame {
  const payload = randomBytes(payloadBytes);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload.map((byte, at) => byte ^ mask[at % 4]!));
  return {
    request: Buffer.concat([header(payloadBytes, 0x80), mask, masked]),
    response: Buffer.concat([header(payloadBytes, 0), payload]),
  };
}

function header(length: number, maskBit: number): Buffer {
  if (length < 126) return Buffer.from([0x82, maskBit | length]);
  const bytes = Buffer.alloc(length < 65_536 ? 4 : 10);
  bytes[0] = 0x82;
  bytes[1] = maskBit | (length < 65_536 ? 126 : 127);
  if (length < 65_536) bytes.writeUInt16BE(length, 2);
  else bytes.writeUInt32BE(length, 6);
  return bytes;
}

/**
 * A WebSocket client that does next to nothing: it writes a prepared frame and counts the bytes that come back, so that the
 * server is the limit and not the one who asks. The first echo is compared byte for byte.
 */
export class EchoConnection {
  /** Called when the whole echo is here. */
  echoed: () => void = () => {};
  private received = 0;
  private checked = false;
  private head = '';

  private constructor(
    private readonly socket: Socket,
    private readonly frame: EchoFrame,
  ) {}

  /** Resolves when the server has accepted the upgrade. */
  static open(port: number, frame: EchoFrame): Promise<EchoConnection> {
    return new Promise((resolve, reject) => {
      const buffer = Buffer.allocUnsafe(64 * 1024);
      let connection: EchoConnection | undefined;
      let accepted = false;
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer,
          callback: (length, bytes) => {
            if (accepted) connection!.receive(bytes as Buffer, length);
            else if (connection!.readHead((bytes as Buffer).toString('latin1', 0, length))) {
              accepted = true;
              resolve(connection!);
            }
            return true;
          },
        },
      });
      connection = new EchoConnection(socket, frame);
      // Once it is open nobody waits for it any more: a server that breaks off ends the measurement.
      const broken = (error: Error): void => {
        if (accepted) throw error;
        reject(error);
      };
      socket.on('error', broken);
      socket.on('close', () => broken(new Error('The server closed the connection.')));
      socket.write(
        [
          `GET /${BIDIRECTIONAL_STREAM_PATH} HTTP/1.1`,
          `Host: 127.0.0.1:${port}`,
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
          '\r\n',
        ].join('\r\n'),
      );
    });
  }

  send(): void {
    this.socket.write(this.frame.request);
  }

  close(): void {
    this.socket
      .removeAllListeners('close')
      .removeAllListeners('error')
      .on('error', () => {});
    this.socket.destroy();
  }

  private readHead(text: string): boolean {
    this.head += text;
    if (!this.head.startsWith('HTTP/1.1 101'.slice(0, this.head.length))) throw new Error(`Refused: ${this.head}`);
    return this.head.endsWith('\r\n\r\n');
  }

  private receive(bytes: Buffer, length: number): void {
    if (!this.checked) this.check(bytes, length);
    this.received += length;
    if (this.received < this.frame.response.length) return;
    this.received = 0;
    this.checked = true;
    this.echoed();
  }

  private check(bytes: Buffer, length: number): void {
    if (bytes.compare(this.frame.response, this.received, this.received + length, 0, length) !== 0) {
      throw new Error('The echo is not what was sent.');
    }
  }
}
