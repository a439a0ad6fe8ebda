import type { BidiStream, Fragment } from '../client/stream/bidi-stream';
import { CompletionState, DataType } from '../contract';
import { Opcode } from '../wire/frame';
import type { FrameSocket, WebSocketEnd } from '../wire/frame-socket';
import { ClientConnection, type ClientConnectionLimits, type SessionEnd } from './client-connection';
import { type Close, CloseCode, closeOf, isOrderlyClose, STREAM_TOO_OLD } from './close';

/** Bounds of one bridge. Times in milliseconds. */
export interface BridgeLimits extends ClientConnectionLimits {
  /** Age at which the session is closed with 1012, before the platform ends the stream. */
  readonly sessionMs: number;
  /** Time that the model has to finish when the client has closed. */
  readonly drainMs: number;
}

/** Bytes given to the stream and not yet sent, above which nothing more is read from the client. */
const HIGH_WATER_BYTES = 256 * 1024;

/** The same in frames: an empty one has no bytes, and waits in memory all the same. */
const HIGH_WATER_FRAMES = 1_024;

/**
 * One client's WebSocket on one stream: one frame is one event, either way, with its type, its place in its message and its bytes.
 *
 * Memory is bounded both ways: the client is not read while the stream has no room, and the stream is not read while the client has
 * none.
 */
export class Bridge {
  private readonly client: ClientConnection;
  private isPaused = false;
  /** Whether the model's last frame left its message open. */
  private isInsideReply = false;

  /**
   * @param onLag is told how long each frame of the client waited until the stream took it, in milliseconds
   */
  constructor(
    socket: FrameSocket,
    private readonly stream: BidiStream,
    private readonly limits: BridgeLimits,
    private readonly onLag: (milliseconds: number) => void,
  ) {
    this.client = new ClientConnection(socket, limits, {
      onFragment: fragment => void this.forward(fragment),
      onEnd: end => this.onClientEnd(end),
      onViolation: close => this.close(close),
    });
  }

  /** Carries frames until both sides have ended. Never rejects. */
  async run(): Promise<SessionEnd> {
    const { client } = this;
    client.start();
    client.after(this.limits.sessionMs, () => this.close({ code: CloseCode.SERVICE_RESTART, reason: STREAM_TOO_OLD }));
    let error: unknown;
    try {
      await this.carryReplies();
    } catch (thrown) {
      error = thrown;
    }
    client.finish('model', closeOf(error));
    await client.closingHandshake();
    // The first cause counts; the stream's own error only follows from it.
    const { endedBy, close } = client.outcome!;
    const { received, sent } = client;
    return { endedBy, close, error: endedBy === 'model' ? error : undefined, received, sent, handOvers: 0 };
  }

  /** Ends the session from the gateway's side. */
  close(close: Close): void {
    this.client.finish('gateway', close);
    this.stream.abort();
  }

  private async forward(fragment: Fragment): Promise<void> {
    const arrivedAt = performance.now();
    const written = this.stream.write(fragment);
    if (!this.isPaused && this.isFuller(1)) {
      this.isPaused = true;
      this.client.pause();
    }
    try {
      await written;
    } catch {
      return; // the reader of the stream gets the reason
    }
    this.onLag(performance.now() - arrivedAt);
    if (this.isPaused && !this.isFuller(1 / 2)) {
      this.isPaused = false;
      this.client.resume();
    }
  }

  /** Whether more than this part of the limit waits to be sent on the stream. */
  private isFuller(part: number): boolean {
    const { pendingBytes, pendingFragments } = this.stream;
    return pendingBytes > part * HIGH_WATER_BYTES || pendingFragments > part * HIGH_WATER_FRAMES;
  }

  private async carryReplies(): Promise<void> {
    for (;;) {
      const fragment = await this.stream.next();
      if (!fragment) return;
      if (!this.client.isOpen) continue; // read to its end, so that the model can finish
      if (!this.reply(fragment)) await this.client.drained();
    }
  }

  /** @returns false when the client has no room for more */
  private reply({ data, dataType, completionState }: Fragment): boolean {
    const firstOpcode = dataType === DataType.UTF8 ? Opcode.TEXT : Opcode.BINARY;
    const opcode = this.isInsideReply ? Opcode.CONTINUATION : firstOpcode;
    const fin = completionState === CompletionState.COMPLETE;
    this.isInsideReply = !fin;
    return this.client.send({ opcode, fin, payload: data });
  }

  private onClientEnd(end: WebSocketEnd): void {
    if (!isOrderlyClose(end)) {
      this.stream.abort();
      return;
    }
    void this.stream.end();
    this.client.after(this.limits.drainMs, () => this.stream.abort());
  }
}
