import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { isSendableCloseCode } from './close-code';
import { type Frame, FrameError, Opcode, type ReceivedFrame } from './frame';
import { FrameDecoder, type FrameDecoderOptions } from './frame-decoder';
import { encodeCloseFrame, encodeFrame, type WebSocketRole } from './frame-encoder';
import { type HandshakeOptions, openWebSocket, type Upgraded } from './handshake';

/** How the other side of a WebSocket ended. */
export interface WebSocketEnd {
  /**
   * Close code (RFC 6455, section 7.4): 1005 for a close frame without one, 1006 when no close frame came, 1002 or 1009 when what
   * came was no frame.
   */
  readonly code: number;
  readonly reason: string;
}

/** Receives the frames of the other side, and its end. */
export interface FrameSocketListener {
  /** A data frame, or one with a reserved opcode below the control frames; its payload is the listener's to keep. */
  onFrame(frame: ReceivedFrame): void;
  /** The other side answered a ping. */
  onPong(payload: Buffer): void;
  /** The other side takes frames again after {@link FrameSocket.send} returned false. */
  onDrain(): void;
  /** The other side closed, or is gone. Comes once, after its last frame. */
  onEnd(end: WebSocketEnd): void;
}

export interface FrameSocketOptions extends HandshakeOptions {
  /** Longest payload of a data frame that is accepted, in bytes. */
  readonly payloadLimitBytes: number;
}

/** Milliseconds for the server to finish the closing handshake before its socket is cut. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * One end of a WebSocket at the level of frames: one call sends one frame, and the listener is told frame by frame, so that
 * fragmentation survives. Libraries for WebSockets work on messages; the platform maps one event to one frame.
 *
 * Pings are answered here. While the other side does not read the answers, nothing more is read from it.
 */
export class FrameSocket {
  /** Opens a client's end. @throws HandshakeError when the server refuses, fails or delays the handshake. */
  static async open(options: FrameSocketOptions): Promise<FrameSocket> {
    const { payloadLimitBytes, acceptsBreaches } = options;
    const masking = acceptsBreaches ? 'either' : 'forbidden';
    return new FrameSocket(await openWebSocket(options), 'client', { payloadLimitBytes, masking });
  }

  /**
   * The server's end, behind an upgrade that was answered.
   *
   * @param upgraded the socket, the bytes behind the request's headers, and those headers.
   */
  static accept(upgraded: Upgraded, { payloadLimitBytes }: { readonly payloadLimitBytes: number }): FrameSocket {
    return new FrameSocket(upgraded, 'server', { payloadLimitBytes, masking: 'required' });
  }

  /** Headers of the upgrade's response, at the server's end of its request, by lower-case name. */
  readonly responseHeaders: IncomingHttpHeaders;

  private readonly socket: Socket;
  private readonly decoder: FrameDecoder;
  private head: Buffer;
  private listener: FrameSocketListener | undefined;
  /** How the socket ended, where it ended before a listener was set. */
  private earlyEnd: WebSocketEnd | undefined;
  private isPaused = false;
  private arePongsWaiting = false;
  private closeSent = false;
  private hasEnded = false;

  private constructor(
    { socket, head, headers }: Upgraded,
    private readonly role: WebSocketRole,
    decoding: FrameDecoderOptions,
  ) {
    this.responseHeaders = headers;
    this.socket = socket;
    this.head = head;
    this.decoder = new FrameDecoder(decoding, frame => this.onFrame(frame));
    socket.setNoDelay(true);
    socket.setTimeout(0);
    socket.on('error', () => {}); // 'close' follows
    socket.on('end', () => this.end({ code: 1006, reason: '' }));
    socket.on('close', () => this.end({ code: 1006, reason: '' }));
    socket.on('drain', () => this.onDrain());
  }

  /** Whether the socket's buffer has room. */
  get isWritable(): boolean {
    return !this.socket.writableNeedDrain;
  }

  /** Whether a close frame was sent. */
  get isClosing(): boolean {
    return this.closeSent;
  }

  /** Begins to read. */
  listen(listener: FrameSocketListener): void {
    this.listener = listener;
    const head = this.head;
    this.head = EMPTY;
    this.onData(head);
    this.socket.on('data', (piece: Buffer) => this.onData(piece));
    if (this.isPaused || this.arePongsWaiting) this.socket.pause();
    if (this.earlyEnd) this.end(this.earlyEnd);
  }

  /**
   * Sends one frame: one write.
   *
   * @returns false when the socket's buffer is full; {@link FrameSocketListener.onDrain} tells when it is not.
   */
  send(frame: Frame): boolean {
    return this.canSend ? this.socket.write(encodeFrame(frame, this.role)) : true;
  }

  ping(): void {
    this.send({ opcode: Opcode.PING, fin: true, payload: EMPTY });
  }

  /** Writes bytes as they are, such as the beginning of a frame whose end never comes. */
  write(bytes: Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Stops reading, so that the server's writes stop in turn. At most one more piece of the network's is told. */
  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.resumeReading();
  }

  /**
   * Sends a close frame and goes on reading until the other side's (RFC 6455, section 5.5.1).
   *
   * @param code close code. Default: 1000.
   * @param reason at most 123 bytes of UTF-8; what is longer is cut. Default: none.
   */
  close(code = 1000, reason = ''): void {
    if (!this.canSend) return;
    this.closeSent = true;
    this.socket.write(encodeCloseFrame(code, this.role, reason));
  }

  /** Ends the socket and tells nothing more. With a code, a close frame goes out first. */
  destroy(code?: number): void {
    if (code !== undefined) this.close(code);
    this.hasEnded = true;
    this.listener = undefined;
    this.endSocket();
  }

  /** Cuts the connection at once: with FIN, or with RST. */
  cut(how: 'fin' | 'reset'): void {
    if (how === 'reset') this.socket.resetAndDestroy();
    else this.socket.destroy();
    this.end({ code: 1006, reason: '' });
  }

  private get canSend(): boolean {
    return !this.closeSent && !this.hasEnded && this.socket.writable;
  }

  private onData(piece: Buffer): void {
    if (this.hasEnded) return; // read and dropped, so that the end of the socket is seen
    try {
      this.decoder.write(piece);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close(error.closeCode);
      this.endSocket();
      this.end({ code: error.closeCode, reason: error.message });
    }
  }

  private onFrame(frame: ReceivedFrame): void {
    if (this.hasEnded) return;
    if (frame.opcode < Opcode.CLOSE) this.listener?.onFrame(frame);
    else if (frame.opcode === Opcode.PING) this.answerPing(frame.payload);
    else if (frame.opcode === Opcode.PONG) this.listener?.onPong(frame.payload);
    else this.onCloseFrame(frame.payload);
  }

  private answerPing(payload: Buffer): void {
    if (this.send({ opcode: Opcode.PONG, fin: true, payload })) return;
    this.arePongsWaiting = true;
    this.socket.pause();
  }

  private onCloseFrame(payload: Buffer): void {
    const code = payload.length < 2 ? undefined : payload.readUInt16BE(0);
    this.close(answerTo(code, payload)); // unless the close frame is already sent
    this.endSocket();
    this.end({ code: code ?? 1005, reason: payload.toString('utf8', 2) });
  }

  private onDrain(): void {
    if (this.hasEnded) return;
    this.arePongsWaiting = false;
    this.resumeReading();
    this.listener?.onDrain();
  }

  private resumeReading(): void {
    if (this.listener && !this.isPaused && !this.arePongsWaiting) this.socket.resume();
  }

  private endSocket(): void {
    const socket = this.socket;
    socket.end(() => socket.destroy());
    socket.resume();
    setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  }

  private end(end: WebSocketEnd): void {
    if (this.hasEnded) return;
    if (!this.listener) {
      this.earlyEnd ??= end;
      return;
    }
    this.hasEnded = true;
    this.listener.onEnd(end);
  }
}

/** The close code that answers a close frame: its own, but for one that breaks the protocol (RFC 6455, sections 7.4 and 8.1). */
function answerTo(code: number | undefined, payload: Buffer): number {
  if (code === undefined) return payload.length === 0 ? 1000 : 1002;
  if (!isSendableCloseCode(code)) return 1002;
  return isUtf8(payload.subarray(2)) ? code : 1007;
}

const EMPTY = Buffer.alloc(0);
