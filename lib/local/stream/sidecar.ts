import type { IncomingMessage } from 'node:http';
import { client as WebSocketClient, type connection as WebSocketConnection, frame as WebSocketFrame } from 'websocket';
import { EVENT_PAYLOAD_LIMIT_BYTES } from '../../contract';
import { type DataFrame, Opcode } from './frame-mapping';

/** The frame's constructor as it is; the published types leave out what it takes. */
const Frame = WebSocketFrame as unknown as new (
  maskBytes: Buffer,
  frameHeader: Buffer,
  config: object,
) => WebSocketFrame;

/** The container did not take the WebSocket. */
export class HandshakeFailure extends Error {
  constructor(
    /** HTTP status that the container answered, or 0 when it answered none. */
    readonly statusCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** How the container's side of the WebSocket ended. */
export interface WebSocketEnd {
  /** Close code (RFC 6455, section 7.4): 1005 for a close frame without one, 1006 when no close frame came. */
  readonly code: number;
  readonly reason: string;
}

/** What a session hears from its sidecar. */
export interface SidecarListener {
  /** A data frame; its payload is the listener's to keep. */
  onFrame(frame: DataFrame): void;
  /** The container answered a ping. */
  onPong(): void;
  /** The container takes frames again after {@link Sidecar.send} returned false. */
  onDrain(): void;
  /** The container closed, or is gone. Comes once, after its last frame. */
  onEnd(end: WebSocketEnd): void;
}

export interface SidecarOptions {
  readonly host: string;
  readonly port: number;
  /** Path and query, with a leading slash. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Time in which the container has to accept, in milliseconds. */
  readonly acceptTimeoutMs: number;
}

/** Milliseconds for the container to finish the closing handshake before its socket is cut. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * The platform's side of one WebSocket to the container, at the level of frames: what is sent is one frame, and what comes is told
 * frame by frame, so that fragmentation survives. Pings of the container are answered underneath.
 */
export class Sidecar {
  /**
   * @throws HandshakeFailure when the container refuses, fails or delays the handshake.
   */
  static async connect(options: SidecarOptions): Promise<Sidecar> {
    const client = new WebSocketClient({
      assembleFragments: false,
      fragmentOutgoingMessages: false,
      maxReceivedFrameSize: EVENT_PAYLOAD_LIMIT_BYTES,
      closeTimeout: CLOSE_TIMEOUT_MS,
    });
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        // One turn for the network first: an answer that waits behind a busy event loop of ours is not the container's delay.
        setImmediate(() =>
          setImmediate(() => fail(new HandshakeFailure(0, `No answer within ${options.acceptTimeoutMs} ms.`))),
        );
      }, options.acceptTimeoutMs);
      let settled = false;
      const settle = (): boolean => {
        clearTimeout(deadline);
        const first = !settled;
        settled = true;
        return first;
      };
      const fail = (failure: HandshakeFailure): void => {
        if (!settle()) return;
        client.abort();
        reject(failure);
      };
      client.on('connect', (connection: WebSocketConnection) => {
        if (settle()) resolve(new Sidecar(connection, client));
        else connection.drop(1001, '', true);
      });
      client.on('connectFailed', (cause: Error) => fail(new HandshakeFailure(0, cause.message, { cause })));
      client.on('httpResponse', (response: IncomingMessage) => {
        response.resume();
        fail(new HandshakeFailure(response.statusCode ?? 0, response.statusMessage ?? ''));
      });
      client.connect(`ws://${options.host}:${options.port}${options.target}`, undefined, undefined, {
        ...options.headers,
      });
    });
  }

  readonly #connection: WebSocketConnection;
  #listener: SidecarListener | undefined;
  /** What came before anybody listened: a container may send, and even close, in the same packet as its upgrade response. */
  readonly #early: ((listener: SidecarListener) => void)[] = [];
  #closeSent = false;
  #ended = false;

  /** Headers of the container's upgrade response, by lower-case name. */
  readonly responseHeaders: Readonly<Record<string, string | string[] | undefined>>;

  private constructor(connection: WebSocketConnection, client: WebSocketClient) {
    this.#connection = connection;
    this.responseHeaders = (client as unknown as { response: IncomingMessage }).response.headers;
    connection.on('frame', frame => this.#onFrame(frame));
    connection.on('pong', () => this.#listener?.onPong());
    connection.on('drain', () => this.#listener?.onDrain());
    connection.on('error', () => {}); // 'close' follows, with 1006
    connection.on('close', (code, reason) => this.#end({ code: code < 0 ? 1005 : code, reason }));
    connection.socket.on('data', () => this.#parseAll());
    connection.on('resume', () => this.#parseAll());
    connection.pause(); // until somebody listens
  }

  /** Whether more can be sent before the socket's buffer is full. */
  get isWritable(): boolean {
    return !this.#connection.outputBufferFull;
  }

  /** Begins to tell what the container sends. */
  listen(listener: SidecarListener): void {
    this.#listener = listener;
    for (const tell of this.#early.splice(0)) if (this.#listener) tell(listener);
    this.#connection.resume();
  }

  /**
   * Sends one data frame: one write.
   *
   * @returns false when the socket's buffer is full; {@link SidecarListener.onDrain} tells when it is not.
   */
  send({ opcode, fin, payload }: DataFrame): boolean {
    if (this.#closeSent || this.#ended) return true;
    this.#sendFrame(opcode, fin, payload);
    return this.isWritable;
  }

  ping(): void {
    if (!this.#ended && !this.#closeSent) this.#sendFrame(Opcode.PING, true, EMPTY);
  }

  /** Stops reading from the container, so that its writes stop in turn. */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /**
   * Sends a close frame and goes on reading until the container's: what it still has to say is heard.
   *
   * @param code close code. Default: 1000.
   */
  close(code = 1000): void {
    if (this.#closeSent || this.#ended) return;
    this.#closeSent = true;
    // Not connection.close(): it stops reading at once.
    this.#sendFrame(Opcode.CLOSE, true, EMPTY, code);
    this.#connection.waitingForCloseResponse = true;
  }

  /** Cuts the socket. With a code, a close frame goes out first. */
  destroy(code?: number): void {
    const { socket } = this.#connection;
    if (!this.#ended && !this.#closeSent && code !== undefined) this.#sendFrame(Opcode.CLOSE, true, EMPTY, code);
    this.#ended = true;
    this.#listener = undefined;
    socket.end(() => socket.destroy());
    socket.resume(); // what still comes is dropped, so that its end is seen
    setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  }

  #sendFrame(opcode: number, fin: boolean, payload: Uint8Array, closeStatus?: number): void {
    const connection = this.#connection;
    const frame = new Frame(connection.maskBytes, connection.frameHeader, connection.config);
    frame.opcode = opcode;
    frame.fin = fin;
    if (closeStatus !== undefined) frame.closeStatus = closeStatus;
    frame.binaryPayload = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    connection.sendFrame(frame);
  }

  /**
   * The library parses one frame a turn of the event loop and forgets the rest when the socket ends: a container that says much and
   * dies would not be heard out.
   */
  #parseAll(): void {
    const connection = this.#connection as WebSocketConnection & { processReceivedData(): void };
    const { bufferList } = connection;
    for (let before = -1; bufferList.length > 0 && bufferList.length !== before; ) {
      before = bufferList.length;
      connection.processReceivedData();
    }
  }

  #onFrame(frame: WebSocketFrame): void {
    if (this.#ended) return;
    if (frame.opcode === Opcode.CLOSE) {
      this.#end({ code: frame.closeStatus < 0 ? 1005 : frame.closeStatus, reason: frame.binaryPayload.toString() });
    } else if (frame.opcode < Opcode.CLOSE) {
      this.#tell(listener => listener.onFrame({ opcode: frame.opcode, fin: frame.fin, payload: frame.binaryPayload }));
    }
  }

  #end(end: WebSocketEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#tell(listener => listener.onEnd(end));
  }

  #tell(tell: (listener: SidecarListener) => void): void {
    if (this.#listener) tell(this.#listener);
    else this.#early.push(tell);
  }
}

const EMPTY = Buffer.alloc(0);
