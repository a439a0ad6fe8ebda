import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

/**
 * Unsent bytes of one session, in bytes, above which nothing more is read from its caller. What a session can hold is this,
 * plus one chunk of the socket (64 KiB), plus one message.
 */
const HIGH_WATER_BYTES = 1024 * 1024;

/** What one session did. Counts only, never payload. */
export interface SessionStatistics {
  /** Messages received and sent back. */
  readonly messages: number;
  /** Payload bytes received and sent back. */
  readonly bytes: number;
  readonly durationMs: number;
  /** Close code as RFC 6455 section 7.1.5 defines it: 1005 when the close frame had none, 1006 when there was no close frame. */
  readonly closeCode: number;
  /** Code of the fault that ended the session, such as `WS_ERR_UNSUPPORTED_MESSAGE_LENGTH` or `ECONNRESET`. */
  readonly fault: string | undefined;
}

/**
 * One WebSocket whose messages go back as they came: text as text, binary as binary, byte for byte.
 *
 * A fragmented binary message goes back in the same fragments, empty ones left out. A fragmented text message goes back in
 * one frame: `ws` joins text to check that it is UTF-8. Either way it goes back when it is complete.
 */
export class EchoSession {
  private readonly startedAt = performance.now();
  private messages = 0;
  private bytes = 0;
  private fault: string | undefined;

  /**
   * @param webSocket the open WebSocket
   * @param stream the stream under it, as the upgrade brought it
   * @param ended called once, when the session is over
   */
  constructor(
    private readonly webSocket: WebSocket,
    stream: Duplex,
    ended: (statistics: SessionStatistics) => void,
  ) {
    // One buffer a fragment, not copied together.
    webSocket.binaryType = 'fragments';
    webSocket.on('message', (data, isBinary) => this.echo(data, isBinary));
    const failed = (error: NodeJS.ErrnoException): void => {
      this.fault ??= error.code ?? error.name;
    };
    // `ws` reports what breaks the protocol, and keeps what breaks the connection to itself.
    webSocket.on('error', failed);
    stream.on('error', failed);
    webSocket.on('close', closeCode =>
      ended({
        messages: this.messages,
        bytes: this.bytes,
        durationMs: Math.round(performance.now() - this.startedAt),
        closeCode,
        fault: this.fault,
      }),
    );
    // The stream says 'drain' when everything is handed over to the kernel. Cheaper than a callback for each message.
    stream.on('drain', () => {
      if (webSocket.isPaused) webSocket.resume();
    });
  }

  /** Ends the session with a close code. What is unread stays unread. */
  close(code: number): void {
    // A paused WebSocket would not read the answer to its close frame.
    if (this.webSocket.isPaused) this.webSocket.resume();
    this.webSocket.close(code);
  }

  /** Ends the session at once, without a close frame. */
  terminate(): void {
    this.webSocket.terminate();
  }

  private echo(data: RawData, isBinary: boolean): void {
    this.messages += 1;
    if (Array.isArray(data) && data.length > 1) {
      const last = data.length - 1;
      for (let index = 0; index <= last; index += 1) {
        const fragment = data[index]!;
        this.bytes += fragment.length;
        this.webSocket.send(fragment, { binary: true, fin: index === last });
      }
    } else {
      const message = Array.isArray(data) ? (data[0] ?? Buffer.alloc(0)) : (data as Buffer);
      this.bytes += message.length;
      this.webSocket.send(message, { binary: isBinary });
    }
    if (this.webSocket.bufferedAmount > HIGH_WATER_BYTES) this.webSocket.pause();
  }
}
