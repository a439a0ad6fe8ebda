import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

/** Where a WebSocket is opened, and how. */
export interface HandshakeOptions {
  readonly host: string;
  readonly port: number;
  /**
   * Whether it is opened over TLS, as `wss:`.
   *
   * @default false
   */
  readonly isSecure?: boolean;
  /** Path and query, with a leading slash. */
  readonly target: string;
  /**
   * Further headers of the request.
   *
   * @default - none
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time in which the server has to accept, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * Whether a violation of RFC 6455 by the server is accepted and left to the caller to judge: an extension or a subprotocol that
   * was not offered (section 4.1), masked frames (section 5.1).
   *
   * @default false
   */
  readonly acceptsBreaches?: boolean;
}

/** The server did not accept the WebSocket. */
export class HandshakeError extends Error {
  constructor(
    /** HTTP status of the server's answer, or 0 when it gave none. */
    readonly statusCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server gave no answer in time. */
export class HandshakeTimeoutError extends HandshakeError {
  constructor(
    /** The time it had, in milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(0, `No answer within ${timeoutMs} ms.`);
  }
}

/** An accepted WebSocket. */
export interface Upgraded {
  readonly socket: Socket;
  /** Bytes that came behind the response: a server may send, and even close, in the same packet. */
  readonly head: Buffer;
  /** Headers of the response, by lower-case name. */
  readonly headers: IncomingHttpHeaders;
}

/** Appended to the key before it is hashed (RFC 6455, section 1.3). */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The value of Sec-WebSocket-Accept for a key (RFC 6455, section 4.2.2). */
export function acceptKeyOf(key: string): string {
  return createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64');
}

/**
 * The opening handshake of a client (RFC 6455, section 4.1), without extensions and subprotocols.
 *
 * @throws HandshakeError when the server refuses, fails or delays it.
 */
export function openWebSocket(options: HandshakeOptions): Promise<Upgraded> {
  const key = randomBytes(16).toString('base64');
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (): boolean => {
      clearTimeout(deadline);
      const isFirst = !isSettled;
      isSettled = true;
      return isFirst;
    };
    const fail = (error: HandshakeError): void => {
      if (!settle()) return;
      request?.destroy();
      reject(error);
    };
    const deadline = setTimeout(() => {
      // One turn for the network first: an answer that waits behind this process's own busy event loop is not the server's delay.
      setImmediate(() => setImmediate(() => fail(new HandshakeTimeoutError(options.timeoutMs))));
    }, options.timeoutMs);
    const request = requestUpgrade(options, key, fail);
    request?.on('upgrade', (response: IncomingMessage, socket: Socket, head: Buffer) => {
      const fault = responseFault(response, key, options.acceptsBreaches === true);
      if (fault) {
        fail(new HandshakeError(0, fault));
        socket.destroy();
      } else if (settle()) {
        resolve({ socket, head, headers: response.headers });
      } else {
        socket.destroy();
      }
    });
    request?.on('response', response => {
      response.resume();
      fail(new HandshakeError(response.statusCode ?? 0, response.statusMessage ?? ''));
    });
    request?.on('error', cause => fail(new HandshakeError(0, cause.message, { cause })));
    request?.end();
  });
}

function requestUpgrade(
  { host, port, isSecure, target, headers }: HandshakeOptions,
  key: string,
  fail: (error: HandshakeError) => void,
) {
  try {
    return (isSecure ? httpsRequest : httpRequest)({
      host,
      port,
      path: target,
      agent: false,
      headers: {
        ...headers,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': key,
      },
    });
  } catch (cause) {
    fail(new HandshakeError(0, (cause as Error).message, { cause })); // a path or header that HTTP cannot carry
    return undefined;
  }
}

/** The violation in a response that switches protocols, or undefined. */
function responseFault({ headers }: IncomingMessage, key: string, acceptsBreaches: boolean): string | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'The response does not upgrade to "websocket".';
  if (headers['sec-websocket-accept']?.trim() !== acceptKeyOf(key))
    return 'The Sec-WebSocket-Accept of the response is wrong.';
  if (acceptsBreaches) return undefined;
  if (headers['sec-websocket-extensions']) return 'The response names an extension that was not offered.';
  if (headers['sec-websocket-protocol']) return 'The response names a subprotocol that was not offered.';
  return undefined;
}
