import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { Opcode, type ReceivedFrame } from '../../wire/frame';
import { FrameSocket, type FrameSocketListener, type WebSocketEnd } from '../../wire/frame-socket';
import { HandshakeError, HandshakeTimeoutError } from '../../wire/handshake';
import { Inbox } from './inbox';
import { ProbeError } from './probe-error';

/** A message as the container sent it. */
export interface ProbeMessage {
  readonly opcode: number;
  readonly payload: Buffer;
  /** Frames in which it came. */
  readonly frames: number;
}

/** How a probe opens its WebSocket. */
export interface ProbeSocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest time until the upgrade is answered, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of every breach of RFC 6455 in what the container sends. */
  readonly onBreach?: (breach: string) => void;
}

/** Larger than any reply that a check provokes. */
const FRAME_LIMIT_BYTES = 256 * 1024 * 1024;

/** A WebSocket at the level of frames: what is sent is one frame, and what comes is held against RFC 6455 frame by frame. */
export class ProbeSocket implements FrameSocketListener {
  /** @throws ProbeError when the upgrade is refused, fails or is not answered in time */
  static async open(url: string, { headers, timeoutMs, onBreach }: ProbeSocketOptions): Promise<ProbeSocket> {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const isSecure = protocol === 'wss:';
    const startedAt = performance.now();
    try {
      const socket = await FrameSocket.open({
        host: hostname.replace(/^\[(.*)\]$/, '$1'),
        port: Number(port || (isSecure ? 443 : 80)),
        isSecure,
        target: pathname + search,
        headers,
        timeoutMs,
        payloadLimitBytes: FRAME_LIMIT_BYTES,
        acceptsBreaches: true,
      });
      return new ProbeSocket(socket, performance.now() - startedAt, onBreach);
    } catch (error) {
      if (error instanceof HandshakeError) throw probeError(error);
      throw error;
    }
  }

  /** Resolves when the container has closed, or the socket is gone. */
  readonly ended: Promise<WebSocketEnd>;
  readonly messages = new Inbox<ProbeMessage>();
  readonly pongs = new Inbox<Buffer>();
  /** Messages that arrived, whether taken or not. */
  received = 0;
  /** Whether it was this side that cut the connection. */
  wasCut = false;
  private fragments: { opcode: number; payloads: Buffer[] } | undefined;
  private readonly waitingForDrain = new Set<(drained: boolean) => void>();
  private resolveEnd!: (end: WebSocketEnd) => void;
  private hasEnded = false;

  private constructor(
    private readonly socket: FrameSocket,
    /** From the first byte of the request to the upgrade, connecting included, in milliseconds. */
    readonly openMs: number,
    private readonly onBreach: (breach: string) => void = () => undefined,
  ) {
    this.ended = new Promise(resolve => {
      this.resolveEnd = resolve;
    });
    socket.listen(this);
  }

  /** Headers of the upgrade response, by lower-case name. */
  get responseHeaders(): IncomingHttpHeaders {
    return this.socket.responseHeaders;
  }

  /** Whether the close frame is sent. */
  get isLeaving(): boolean {
    return this.socket.isClosing;
  }

  get isOpen(): boolean {
    return !this.hasEnded;
  }

  /**
   * Sends one frame.
   *
   * @returns false when the kernel's buffer is full; {@link drained} tells when it is not
   */
  send(opcode: number, payload: Uint8Array | string, fin = true): boolean {
    return this.socket.send({ opcode, fin, payload: typeof payload === 'string' ? Buffer.from(payload) : payload });
  }

  /** Whether the kernel takes more within the time given. */
  drained(timeoutMs: number): Promise<boolean> {
    if (this.socket.isWritable) return Promise.resolve(true);
    return new Promise(resolve => {
      const settle = (drained: boolean) => {
        clearTimeout(deadline);
        this.waitingForDrain.delete(settle);
        resolve(drained);
      };
      const deadline = setTimeout(() => settle(false), timeoutMs);
      this.waitingForDrain.add(settle);
    });
  }

  /** Sends a close frame and goes on reading: the half-close of RFC 6455, section 5.5.1. */
  sendClose(code = 1000): void {
    this.socket.close(code);
  }

  /** How the container ended it, or `undefined` when it did not in time. */
  async endWithin(timeoutMs: number): Promise<WebSocketEnd | undefined> {
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>(resolve => {
      deadline = setTimeout(resolve, timeoutMs, undefined);
    });
    const end = await Promise.race([this.ended, late]);
    clearTimeout(deadline);
    return end;
  }

  /** Stops reading, so that the container's writes stop in turn once the kernel's buffers are full. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Writes bytes as they are: the beginning of a frame whose end never comes. */
  sendRaw(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Cuts the connection: with FIN, or with RST. */
  cut(how: 'fin' | 'reset'): void {
    this.wasCut = true;
    this.socket.cut(how);
  }

  /** Leaves in good order without waiting for the answer. */
  leave(): void {
    this.sendClose();
    this.socket.resume();
    setTimeout(() => {
      if (this.isOpen) this.cut('fin');
    }, 1_000).unref();
  }

  onFrame(frame: ReceivedFrame): void {
    if (frame.isMasked) this.onBreach('it masks its frames (RFC 6455, section 5.1)');
    if (frame.opcode > Opcode.BINARY) return;
    if (!this.fragments) {
      if (frame.opcode === Opcode.CONTINUATION) {
        this.onBreach('it sends a continuation frame where no message is open (RFC 6455, section 5.4)');
      }
      this.fragments = { opcode: frame.opcode, payloads: [] };
    } else if (frame.opcode !== Opcode.CONTINUATION) {
      this.onBreach('a later fragment carries an opcode instead of continuation (RFC 6455, section 5.4)');
    }
    this.fragments.payloads.push(frame.payload);
    if (!frame.fin) return;
    const { opcode, payloads } = this.fragments;
    this.fragments = undefined;
    const payload = payloads.length === 1 ? payloads[0]! : Buffer.concat(payloads);
    if (opcode === Opcode.TEXT && !isUtf8(payload)) {
      this.onBreach('it sends text that is not UTF-8 (RFC 6455, section 5.6)');
    }
    this.received++;
    this.messages.push({ opcode, payload, frames: payloads.length });
  }

  onPong(payload: Buffer): void {
    this.pongs.push(payload);
  }

  onDrain(): void {
    for (const settle of this.waitingForDrain) settle(true);
  }

  onEnd(end: WebSocketEnd): void {
    this.hasEnded = true;
    for (const settle of this.waitingForDrain) settle(false);
    this.messages.end();
    this.pongs.end();
    this.resolveEnd(end);
  }
}

function probeError(error: HandshakeError): ProbeError {
  const { statusCode, message, cause } = error;
  if (statusCode > 0) return new ProbeError(`the upgrade was refused with ${statusCode}`, statusCode);
  if (error instanceof HandshakeTimeoutError) {
    return new ProbeError(`no answer to the upgrade within ${error.timeoutMs} ms`);
  }
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new ProbeError(`the upgrade failed: ${code ?? message}`, undefined, { cause });
}
