import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { client as WebSocketClient, type connection as WebSocketConnection, frame as WebSocketFrame } from 'websocket';
import { Inbox } from './inbox';
import { ProbeError } from './probe-error';

/** Opcodes of frames (RFC 6455, section 5.2). */
export const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9 } as const;

/** A message as the container sent it. */
export interface ProbeMessage {
  readonly opcode: number;
  readonly payload: Buffer;
  /** Frames in which it came. */
  readonly frames: number;
}

/** How the container ended a WebSocket: 1005 for a close frame without a code, 1006 when none came (RFC 6455, section 7.1.5). */
export interface ProbeEnd {
  readonly code: number;
  readonly reason: string;
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

const EMPTY = Buffer.alloc(0);

/** The library's constructor, which its types leave out. */
const Frame = WebSocketFrame as unknown as new (
  maskBytes: Buffer,
  frameHeader: Buffer,
  config: object,
) => WebSocketFrame;

/** A WebSocket at the level of frames: what is sent is one frame, and what comes is held against RFC 6455 frame by frame. */
export class ProbeSocket {
  /** @throws ProbeError when the upgrade is refused, fails or is not answered in time */
  static open(url: string, options: ProbeSocketOptions): Promise<ProbeSocket> {
    const client = new WebSocketClient({
      assembleFragments: false,
      fragmentOutgoingMessages: false,
      maxReceivedFrameSize: FRAME_LIMIT_BYTES,
    });
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (): boolean => {
        clearTimeout(deadline);
        const first = !settled;
        settled = true;
        return first;
      };
      const refuse = (error: ProbeError) => {
        if (settle()) reject(error);
        client.abort();
      };
      const deadline = setTimeout(
        () => refuse(new ProbeError(`no answer to the upgrade within ${options.timeoutMs} ms`)),
        options.timeoutMs,
      );
      client.on('connect', connection => {
        if (!settle()) {
          connection.socket.destroy();
          return;
        }
        const { headers } = (client as unknown as { response: IncomingMessage }).response;
        resolve(new ProbeSocket(connection, headers, performance.now() - startedAt, options.onBreach));
      });
      client.on('connectFailed', (error: NodeJS.ErrnoException) =>
        refuse(new ProbeError(`the upgrade failed: ${error.code ?? error.message}`, undefined, { cause: error })),
      );
      client.on('httpResponse', response => {
        response.resume();
        refuse(new ProbeError(`the upgrade was refused with ${response.statusCode}`, response.statusCode));
      });
      client.connect(url, undefined, undefined, { ...options.headers });
    });
  }

  /** Resolves when the container has closed, or the socket is gone. */
  readonly ended: Promise<ProbeEnd>;
  readonly messages = new Inbox<ProbeMessage>();
  readonly pongs = new Inbox<Buffer>();
  /** Whether it was this side that cut the connection. */
  wasCut = false;
  private fragments: { opcode: number; payloads: Buffer[] } | undefined;
  private resolveEnd!: (end: ProbeEnd) => void;
  private hasEnded = false;
  private closeSent = false;

  private constructor(
    private readonly connection: WebSocketConnection,
    /** Headers of the upgrade response, by lower-case name. */
    readonly responseHeaders: IncomingHttpHeaders,
    /** From the first byte of the request to the upgrade, connecting included, in milliseconds. */
    readonly openMs: number,
    private readonly onBreach: (breach: string) => void = () => undefined,
  ) {
    this.ended = new Promise(resolve => {
      this.resolveEnd = resolve;
    });
    connection.on('frame', frame => this.receive(frame));
    connection.on('pong', payload => this.pongs.push(payload));
    connection.on('error', () => undefined); // 'close' follows
    connection.on('close', (code, reason) => this.end({ code: code < 0 ? 1005 : code, reason: reason ?? '' }));
    // The library parses one frame a turn of the event loop and forgets the rest when the socket ends; a container that says
    // its last words and ends has to be heard out.
    connection.socket.on('data', () => this.parseAll());
    connection.on('resume', () => this.parseAll());
  }

  /** Whether the close frame is sent. */
  get isLeaving(): boolean {
    return this.closeSent;
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
    const { maskBytes, frameHeader, config } = this.connection;
    const frame = new Frame(maskBytes, frameHeader, config);
    frame.opcode = opcode;
    frame.fin = fin;
    frame.binaryPayload =
      typeof payload === 'string'
        ? Buffer.from(payload)
        : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.connection.sendFrame(frame);
    return !this.connection.outputBufferFull;
  }

  /** Whether the kernel takes more within the time given. */
  drained(timeoutMs: number): Promise<boolean> {
    if (!this.connection.outputBufferFull) return Promise.resolve(true);
    return new Promise(resolve => {
      const settle = (took: boolean) => {
        clearTimeout(deadline);
        this.connection.removeListener('drain', taken);
        this.connection.removeListener('close', gone);
        resolve(took);
      };
      const taken = () => settle(true);
      const gone = () => settle(false);
      const deadline = setTimeout(() => settle(false), timeoutMs);
      this.connection.once('drain', taken);
      this.connection.once('close', gone);
    });
  }

  /** Sends a close frame and goes on reading: the half-close of RFC 6455, section 5.5.1. */
  sendClose(code = 1000): void {
    if (this.closeSent || this.hasEnded) return;
    this.closeSent = true;
    const { maskBytes, frameHeader, config } = this.connection;
    const frame = new Frame(maskBytes, frameHeader, config);
    frame.opcode = Opcode.CLOSE;
    frame.fin = true;
    frame.closeStatus = code;
    frame.binaryPayload = EMPTY;
    this.connection.sendFrame(frame);
    this.connection.waitingForCloseResponse = true;
  }

  /** How the container ended it, or `undefined` when it did not in time. */
  async endWithin(timeoutMs: number): Promise<ProbeEnd | undefined> {
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
    this.connection.pause();
  }

  resume(): void {
    this.connection.resume();
  }

  /** Writes bytes as they are: the beginning of a frame whose end never comes. */
  sendRaw(bytes: Uint8Array): void {
    this.connection.socket.write(bytes);
  }

  /** Cuts the connection: with FIN, or with RST. */
  cut(how: 'fin' | 'reset'): void {
    this.wasCut = true;
    const socket = this.connection.socket as import('node:net').Socket;
    if (how === 'reset' && typeof socket.resetAndDestroy === 'function') socket.resetAndDestroy();
    else socket.destroy();
    this.end({ code: 1006, reason: '' });
  }

  /** Leaves in good order without waiting for the answer. */
  leave(): void {
    this.sendClose();
    const { socket } = this.connection;
    socket.resume();
    setTimeout(() => {
      this.wasCut = true;
      socket.destroy();
    }, 1_000).unref();
  }

  private parseAll(): void {
    const connection = this.connection as WebSocketConnection & { processReceivedData(): void };
    const { bufferList } = connection;
    for (let before = -1; bufferList.length > 0 && bufferList.length !== before; ) {
      before = bufferList.length;
      connection.processReceivedData();
    }
  }

  private receive(frame: WebSocketFrame): void {
    if (frame.mask) this.onBreach('it masks its frames (RFC 6455, section 5.1)');
    if (frame.opcode === Opcode.CLOSE) {
      this.end({ code: frame.closeStatus < 0 ? 1005 : frame.closeStatus, reason: frame.binaryPayload.toString() });
      return;
    }
    if (frame.opcode > Opcode.BINARY) return;
    if (!this.fragments) {
      if (frame.opcode === Opcode.CONTINUATION) {
        this.onBreach('it sends a continuation frame where no message is open (RFC 6455, section 5.4)');
      }
      this.fragments = { opcode: frame.opcode, payloads: [] };
    } else if (frame.opcode !== Opcode.CONTINUATION) {
      this.onBreach('a later fragment carries an opcode instead of continuation (RFC 6455, section 5.4)');
    }
    this.fragments.payloads.push(frame.binaryPayload);
    if (!frame.fin) return;
    const { opcode, payloads } = this.fragments;
    this.fragments = undefined;
    const payload = payloads.length === 1 ? payloads[0]! : Buffer.concat(payloads);
    if (opcode === Opcode.TEXT && !isUtf8(payload)) {
      this.onBreach('it sends text that is not UTF-8 (RFC 6455, section 5.6)');
    }
    this.messages.push({ opcode, payload, frames: payloads.length });
  }

  private end(end: ProbeEnd): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.messages.end();
    this.pongs.end();
    this.resolveEnd(end);
  }
}
