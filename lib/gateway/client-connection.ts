import type { Fragment } from '../client/stream/bidi-stream';
import { CompletionState, DataType } from '../contract';
import { type Frame, Opcode, type ReceivedFrame } from '../wire/frame';
import type { FrameSocket, WebSocketEnd } from '../wire/frame-socket';
import { type Close, CloseCode } from './close';
import type { TrafficCount } from './gateway-event';

/** How a session ended. */
export interface SessionEnd {
  readonly endedBy: 'model' | 'client' | 'gateway';
  readonly close: Close;
  /** Error of the model's side, where there is one. */
  readonly error: unknown;
  readonly received: TrafficCount;
  readonly sent: TrafficCount;
  /** Changes to another stream that the client did not notice. */
  readonly handOvers: number;
}

/** Bounds of a client. Times in milliseconds. */
export interface ClientConnectionLimits {
  /** Longest message of the client, in bytes. */
  readonly messageBytes: number;
  /** Longest time without a message in either direction. */
  readonly idleMs: number;
  /** Time between two pings of the client. */
  readonly pingMs: number;
}

export interface ClientConnectionListener {
  /** One frame of the client, with the type of its message. */
  onFragment(fragment: Fragment): void;
  /** The client closed, or its connection broke, before the session had ended. */
  onEnd(end: WebSocketEnd): void;
  /** The client broke a rule, or was idle for too long: the session has to be closed. */
  onViolation(close: Close): void;
}

/** Time that the client has to answer a close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Number of unanswered pings after which the client's connection is ended. */
const MISSED_PINGS = 2;

/** The client's end of a session: its frames are counted, its silence is watched, and the first cause of the end counts. */
export class ClientConnection {
  readonly received = { frames: 0, bytes: 0 };
  readonly sent = { frames: 0, bytes: 0 };
  /** The first cause of the end. */
  outcome: Pick<SessionEnd, 'endedBy' | 'close'> | undefined;
  /** Type of the client's message under way. */
  private messageType: DataType | undefined;
  private messageBytes = 0;
  private onDrained: (() => void) | undefined;
  private clientEnd: WebSocketEnd | undefined;
  private onHandshake: () => void = () => {};
  private missedPings = 0;
  private lastMessageAt = performance.now();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly socket: FrameSocket,
    private readonly limits: ClientConnectionLimits,
    private readonly listener: ClientConnectionListener,
  ) {}

  /** Whether the client still takes messages. */
  get isOpen(): boolean {
    return !this.outcome && !this.clientEnd;
  }

  /** Begins to read, to ping and to watch. */
  start(): void {
    this.socket.listen({
      onFrame: frame => {
        this.received.frames += 1;
        this.received.bytes += frame.payload.length;
        this.lastMessageAt = performance.now();
        this.onFrame(frame);
      },
      onPong: () => {
        this.missedPings = 0;
      },
      onDrain: () => this.onDrained?.(),
      onEnd: end => this.onEnd(end),
    });
    const { idleMs, pingMs } = this.limits;
    const idle = setInterval(
      () => {
        if (performance.now() - this.lastMessageAt < idleMs) return;
        this.listener.onViolation({
          code: CloseCode.POLICY_VIOLATION,
          reason: `No message for ${idleMs / 1_000} seconds.`,
        });
      },
      Math.max(10, idleMs / 10),
    );
    this.timers.push(
      setInterval(() => this.ping(), pingMs),
      idle,
    );
  }

  /** Calls after a time, unless the session has ended before. */
  after(milliseconds: number, call: () => void): void {
    this.timers.push(setTimeout(call, milliseconds));
  }

  /** @returns false when the client has no room for more: wait for {@link drained} */
  send(frame: Frame): boolean {
    this.sent.frames += 1;
    this.sent.bytes += frame.payload.byteLength;
    this.lastMessageAt = performance.now();
    return this.socket.send(frame);
  }

  /** Resolves when the client has room again, or has ended. */
  drained(): Promise<void> {
    return new Promise(resolve => {
      this.onDrained = resolve;
    });
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Ends the session towards the client. Only the first call counts. */
  finish(endedBy: SessionEnd['endedBy'], close: Close): void {
    if (this.outcome) return;
    this.outcome = { endedBy, close };
    this.onDrained?.();
    this.socket.resume(); // the client's own close frame has to be seen
    if (close.code === 1006) this.socket.cut('fin');
    else this.socket.close(close.code, close.reason);
  }

  /** Waits for the client's own close frame, bounded, and stops to watch. */
  async closingHandshake(): Promise<void> {
    if (!this.clientEnd) {
      const ended = new Promise<void>(resolve => {
        this.onHandshake = resolve;
      });
      this.after(CLOSE_TIMEOUT_MS, () => this.socket.cut('fin'));
      await ended;
    }
    for (const timer of this.timers) clearTimeout(timer); // of Node.js: also ends an interval
  }

  private onFrame({ opcode, fin, payload }: ReceivedFrame): void {
    const isContinuation = opcode === Opcode.CONTINUATION;
    if (opcode > Opcode.BINARY || isContinuation !== (this.messageType !== undefined)) {
      this.listener.onViolation({
        code: CloseCode.PROTOCOL_ERROR,
        reason: 'A frame came that RFC 6455, section 5.4, does not allow there.',
      });
      return;
    }
    const { messageBytes } = this.limits;
    this.messageBytes += payload.length;
    if (this.messageBytes > messageBytes) {
      this.listener.onViolation({
        code: CloseCode.MESSAGE_TOO_BIG,
        reason: `A message is over ${messageBytes} bytes.`,
      });
      return;
    }
    const dataType = this.messageType ?? (opcode === Opcode.TEXT ? DataType.UTF8 : DataType.BINARY);
    this.messageType = fin ? undefined : dataType;
    if (fin) this.messageBytes = 0;
    const completionState = fin ? CompletionState.COMPLETE : CompletionState.PARTIAL;
    this.listener.onFragment({ data: payload, dataType, completionState });
  }

  private ping(): void {
    this.missedPings += 1;
    if (this.missedPings <= MISSED_PINGS) this.socket.ping();
    else this.socket.cut('fin');
  }

  private onEnd(end: WebSocketEnd): void {
    this.clientEnd = end;
    this.onDrained?.();
    this.onHandshake();
    if (this.outcome) return;
    this.outcome = { endedBy: 'client', close: { code: end.code, reason: end.reason } };
    this.listener.onEnd(end);
  }
}
