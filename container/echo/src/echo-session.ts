import type { RawData, WebSocket } from 'ws';
import type { Session } from './streaming/streaming-server';

/**
 * One WebSocket whose messages go back as they came: text as text, binary as binary, byte for byte.
 *
 * A fragmented binary message goes back in the same fragments, empty ones left out. A fragmented text message goes back in
 * one frame: `ws` joins text to check that it is UTF-8. Either way it goes back when it is complete.
 */
export class EchoSession implements Session {
  /** Messages and payload bytes, received and sent back. */
  readonly statistics = { messages: 0, bytes: 0 };

  constructor(private readonly webSocket: WebSocket) {
    // One buffer a fragment, not copied together.
    webSocket.binaryType = 'fragments';
    webSocket.on('message', (data, isBinary) => this.echo(data, isBinary));
  }

  private echo(data: RawData, isBinary: boolean): void {
    this.statistics.messages += 1;
    if (Array.isArray(data) && data.length > 1) {
      const last = data.length - 1;
      for (let index = 0; index <= last; index += 1) {
        const fragment = data[index]!;
        this.statistics.bytes += fragment.length;
        this.webSocket.send(fragment, { binary: true, fin: index === last });
      }
    } else {
      const message = Array.isArray(data) ? (data[0] ?? Buffer.alloc(0)) : (data as Buffer);
      this.statistics.bytes += message.length;
      this.webSocket.send(message, { binary: isBinary });
    }
  }
}
