import type { BidiStream, Fragment } from '../client/stream/bidi-stream';
import { CompletionState, DataType } from '../contract';
import { Opcode, type ReceivedFrame } from '../wire/frame';
import type { FrameSocket, WebSocketEnd } from '../wire/frame-socket';
import { type Close, CloseCode, closeOf, isOrderlyClose } from './close';
import type { TrafficCount } from './gateway-event';

/** Bounds of one bridge. Times in milliseconds. */
export interface BridgeLimits {
  /** Longest message of the client, in bytes. */
  readonly messageBytes: number;
  /** Time without a message in either direction. */
  readonly idleMs: number;
  /** Age at which the session is closed with 1012, before the platform ends the stream. */
  readonly sessionMs: number;
  /** Time that the model has to finish when the client has closed. */
  readonly drainMs: number;
  /** Time between two pings of the client. */
  readonly pingMs: number;
}

/** How a bridge ended. */
export interface BridgeEnd {
  readonly endedBy: 'model' | 'client' | 'gateway';
  readonly close: Close;
  /** Error of the model's side, where there is one. */
  readonly error: unknown;
  readonly received: TrafficCount;
  readonly sent: TrafficCount;
}

/** Bytes given to the stream and not yet sent, above which nothing more is read from the client. */
const HIGH_WATER_BYTES = 256 * 1024;

/** The same in frames: an empty one has no bytes, and waits in memory all the same. */
const HIGH_WATER_FRAMES = 1_024;

/** Time that the client has to answer a close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Pings without an answer after which the client is gone. */
const MISSED_PINGS = 2;

/**
 * One client's WebSocket on one stream: one frame is one event, either way, with its type, its place in its message and its bytes.
 *
 * Memory is bounded both ways: the client is not read while the stream has no room, and the stream is not read while the client has
 * none.
 */
export class Bridge {
  private readonly received = { frames: 0, bytes: 0 };
  private readonly sent = { frames: 0, bytes: 0 };
  /** Type of the client's message under way. */
  private messageType: DataType | undefined;
  private messageBytes = 0;
  private isPaused = false;
  /** Whether the model's last frame left its message open. */
  private isInsideReply = false;
  private drained: (() => void) | undefined;
  private clientEnd: WebSocketEnd | undefined;
  private clientEnded: () => void = () => {};
  private outcome: Pick<BridgeEnd, 'endedBy' | 'close'> | undefined;
  private missedPings = 0;
  private lastMessageAt = performance.now();
  private readonly timers: NodeJS.Timeout[] = [];

  /**
   * @param onLag is told how long each frame of the client waited until the stream took it, in milliseconds
   */
  constructor(
    private readonly socket: FrameSocket,
    private readonly stream: BidiStream,
    private readonly limits: BridgeLimits,
    private readonly onLag: (milliseconds: number) => void,
  ) {}

  /** Carries frames until both sides have ended. Never rejects. */
  async run(): Promise<BridgeEnd> {
    this.socket.listen({
      onFrame: frame => this.onFrame(frame),
      onPong: () => {
        this.missedPings = 0;
      },
      onDrain: () => this.drained?.(),
      onEnd: end => this.onClientEnd(end),
    });
    this.startTimers();
    let error: unknown;
    try {
      await this.carryReplies();
    } catch (thrown) {
      error = thrown;
    }
    this.finish('model', closeOf(error));
    await this.closingHandshake();
    for (const timer of this.timers) clearTimeout(timer); // of Node.js: also ends an interval
    // The first cause counts; the stream's own error only follows from it.
    const { endedBy, close } = this.outcome!;
    return { endedBy, close, error: endedBy === 'model' ? error : undefined, received: this.received, sent: this.sent };
  }

  /** Waits for the client's own close frame, bounded. */
  private async closingHandshake(): Promise<void> {
    if (this.clientEnd) return;
    const ended = new Promise<void>(resolve => {
      this.clientEnded = resolve;
    });
    this.timers.push(setTimeout(() => this.socket.cut('fin'), CLOSE_TIMEOUT_MS));
    await ended;
  }

  /** Ends the session from the gateway's side. */
  close(close: Close): void {
    this.finish('gateway', close);
    this.stream.abort();
  }

  private startTimers(): void {
    const { sessionMs, idleMs, pingMs } = this.limits;
    const age = setTimeout(
      () => this.close({ code: CloseCode.SERVICE_RESTART, reason: 'The platform ends a stream after 30 minutes.' }),
      sessionMs,
    );
    const ping = setInterval(() => this.ping(), pingMs);
    const idle = setInterval(
      () => {
        if (performance.now() - this.lastMessageAt < idleMs) return;
        this.close({ code: CloseCode.POLICY_VIOLATION, reason: `No message for ${idleMs / 1_000} seconds.` });
      },
      Math.max(10, idleMs / 10),
    );
    this.timers.push(age, ping, idle);
  }

  private ping(): void {
    this.missedPings += 1;
    if (this.missedPings <= MISSED_PINGS) {
      this.socket.ping();
      return;
    }
    this.finish('client', { code: 1006, reason: '' });
    this.stream.abort();
  }

  private onFrame(frame: ReceivedFrame): void {
    const { opcode, fin, payload } = frame;
    const isContinuation = opcode === Opcode.CONTINUATION;
    if (opcode > Opcode.BINARY || isContinuation !== (this.messageType !== undefined)) {
      this.close({
        code: CloseCode.PROTOCOL_ERROR,
        reason: 'A frame came that RFC 6455, section 5.4, does not allow there.',
      });
      return;
    }
    this.messageBytes += payload.length;
    if (this.messageBytes > this.limits.messageBytes) {
      const reason = `A message is over ${this.limits.messageBytes} bytes.`;
      this.close({ code: CloseCode.MESSAGE_TOO_BIG, reason });
      return;
    }
    const dataType = this.messageType ?? (opcode === Opcode.TEXT ? DataType.UTF8 : DataType.BINARY);
    this.messageType = fin ? undefined : dataType;
    if (fin) this.messageBytes = 0;
    this.received.frames += 1;
    this.received.bytes += payload.length;
    this.lastMessageAt = performance.now();
    void this.forward({
      data: payload,
      dataType,
      completionState: fin ? CompletionState.COMPLETE : CompletionState.PARTIAL,
    });
  }

  private async forward(fragment: Fragment): Promise<void> {
    const arrivedAt = performance.now();
    const written = this.stream.write(fragment);
    if (!this.isPaused && this.isFuller(1)) {
      this.isPaused = true;
      this.socket.pause();
    }
    try {
      await written;
    } catch {
      return; // the reader of the stream gets the reason
    }
    this.onLag(performance.now() - arrivedAt);
    if (this.isPaused && !this.isFuller(1 / 2)) {
      this.isPaused = false;
      this.socket.resume();
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
      if (this.outcome || this.clientEnd) continue; // read to its end, so that the model can finish
      this.sent.frames += 1;
      this.sent.bytes += fragment.data.byteLength;
      this.lastMessageAt = performance.now();
      if (!this.reply(fragment)) {
        await new Promise<void>(resolve => {
          this.drained = resolve;
        });
      }
    }
  }

  /** @returns false when the client has no room for more */
  private reply({ data, dataType, completionState }: Fragment): boolean {
    const firstOpcode = dataType === DataType.UTF8 ? Opcode.TEXT : Opcode.BINARY;
    const opcode = this.isInsideReply ? Opcode.CONTINUATION : firstOpcode;
    const fin = completionState === CompletionState.COMPLETE;
    this.isInsideReply = !fin;
    return this.socket.send({ opcode, fin, payload: data });
  }

  private onClientEnd(end: WebSocketEnd): void {
    this.clientEnd = end;
    this.drained?.();
    this.clientEnded();
    if (this.outcome) return;
    this.outcome = { endedBy: 'client', close: { code: end.code, reason: end.reason } };
    if (!isOrderlyClose(end)) {
      this.stream.abort();
      return;
    }
    void this.stream.end();
    this.timers.push(setTimeout(() => this.stream.abort(), this.limits.drainMs));
  }

  private finish(endedBy: BridgeEnd['endedBy'], close: Close): void {
    if (this.outcome) return;
    this.outcome = { endedBy, close };
    this.drained?.();
    this.socket.resume(); // the client's own close frame has to be seen
    if (close.code === 1006) this.socket.cut('fin');
    else this.socket.close(close.code, close.reason);
  }
}
