import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { INVOCATION_TIMEOUT_MS } from '../../contract';
import type { Certificate } from './certificate';

/** One HTTP request, over HTTP/2 or HTTP/1.1. */
export interface ServiceRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** Headers by lower-case name; `host` included. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  /** The HTTP/2 stream, or undefined over HTTP/1.1. */
  readonly stream: ServerHttp2Stream | undefined;
  /** Resets the TCP connection that carries the request, and every other request on it. */
  cutConnection(): void;
  /** Sends the status and the headers; the body is written to what it returns. */
  respond(statusCode: number, headers: Record<string, string | number>): Writable;
}

const LOOPBACK = '127.0.0.1';

/**
 * Megabytes that Node.js holds for one HTTP/2 connection before it refuses new streams on it. Its own 10 are less than one event; here
 * flow control bounds every stream.
 */
const SESSION_MEMORY_MIB = 1_024;

/** How long a caller over HTTP/1.1 may take, in milliseconds of real time. */
export interface RequestTimeouts {
  /** For the headers of a request, and in cleartext for the first bytes of a connection. */
  readonly headersMs: number;
  /** For a whole request. */
  readonly requestMs: number;
}

const TIMEOUTS: RequestTimeouts = { headersMs: 20_000, requestMs: INVOCATION_TIMEOUT_MS };

/** How often Node.js looks for late requests, at most, in milliseconds. */
const CHECK_INTERVAL_MS = 1_000;

/** Milliseconds before a connection is reset. */
const RESET_DELAY_MS = 5;

const HTTP2_PREFACE = 'PRI * HTTP/2';

/**
 * The server: HTTP/2 and HTTP/1.1 on one port of the loopback interface. Over TLS the version is negotiated (ALPN); in cleartext the first
 * bytes decide (HTTP/2 with prior knowledge, RFC 9113, section 3.3).
 */
export class LoopbackServer {
  private readonly http2 = createHttp2Server({ maxSessionMemory: SESSION_MEMORY_MIB });
  private readonly http1: HttpServer;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(
    certificate: Certificate | undefined,
    onRequest: (request: ServiceRequest) => void,
    private readonly timeouts: RequestTimeouts = TIMEOUTS,
  ) {
    this.http1 = createHttpServer({
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, timeouts.headersMs),
    });
    // This server listens on no port itself. Node.js looks for late requests from the event `listening` on.
    this.http1.emit('listening');
    this.http2.on('stream', (stream, headers) =>
      onRequest(http2Request(stream, headers, () => this.reset(stream.session?.socket.remotePort))),
    );
    this.http2.on('sessionError', () => {}); // the streams get an error of their own
    this.http1.on('request', (request, response) =>
      onRequest(http1Request(request, response, () => this.reset(request.socket.remotePort))),
    );
    if (certificate) {
      const { key, certificate: cert } = certificate;
      this.server = createTlsServer({ key, cert, ALPNProtocols: ['h2', 'http/1.1'] }, socket => {
        (socket.alpnProtocol === 'h2' ? this.http2 : this.http1).emit('connection', socket);
      });
      this.server.on('tlsClientError', () => {}); // a client that does not trust the certificate
    } else {
      this.server = createTcpServer(socket => this.sniff(socket));
    }
    this.server.on('connection', (socket: Socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  /**
   * @param port port to listen on; 0 for any that is free.
   * @returns the port.
   * @throws the error of the system, `EADDRINUSE` among them.
   */
  async listen(port: number): Promise<number> {
    this.server.listen({ host: LOOPBACK, port, backlog: 2_048 });
    await once(this.server, 'listening');
    return (this.server.address() as { port: number }).port;
  }

  /** Stops listening and cuts what is open. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.http1.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Resets the connection from a port of this machine, below TLS. */
  private reset(remotePort: number | undefined): void {
    for (const socket of this.sockets) {
      // Behind what HTTP/2 is writing at this moment: with a write under way, the system ends the connection with FIN instead of RST.
      if (socket.remotePort === remotePort) setTimeout(() => socket.resetAndDestroy(), RESET_DELAY_MS);
    }
  }

  private sniff(socket: Socket): void {
    let seen = Buffer.alloc(0);
    const look = (): void => {
      const piece = socket.read() as Buffer | null;
      if (piece) seen = Buffer.concat([seen, piece]);
      const beginning = seen.toString('latin1', 0, HTTP2_PREFACE.length);
      const isUndecided = beginning.length < HTTP2_PREFACE.length && HTTP2_PREFACE.startsWith(beginning);
      if (isUndecided && !socket.readableEnded) return;
      socket.off('readable', look);
      clearTimeout(deadline);
      if (seen.length === 0) {
        socket.destroy();
        return;
      }
      socket.unshift(seen);
      (beginning === HTTP2_PREFACE ? this.http2 : this.http1).emit('connection', socket);
    };
    socket.on('readable', look);
    const deadline = setTimeout(() => socket.destroy(), this.timeouts.headersMs);
    socket.once('close', () => clearTimeout(deadline));
  }
}

function http2Request(
  stream: ServerHttp2Stream,
  received: IncomingHttpHeaders,
  cutConnection: () => void,
): ServiceRequest {
  const headers: Record<string, string> = {};
  for (const name in received) {
    if (!name.startsWith(':')) headers[name] = joined(received[name]);
  }
  // Clients sign the authority under either name: the AWS SDK for JavaScript as `:authority`, others as `host`.
  headers[':authority'] = received[':authority'] ?? headers.host ?? '';
  headers.host ??= headers[':authority'];
  stream.on('error', () => {}); // 'close' follows
  return {
    method: received[':method'] ?? '',
    target: received[':path'] ?? '',
    headers,
    body: stream,
    stream,
    cutConnection,
    respond(statusCode, responseHeaders) {
      if (!stream.destroyed) stream.respond({ ':status': statusCode, ...responseHeaders });
      return stream;
    },
  };
}

function http1Request(request: IncomingMessage, response: ServerResponse, cutConnection: () => void): ServiceRequest {
  const headers: Record<string, string> = {};
  for (const name in request.headers) headers[name] = joined(request.headers[name]);
  response.on('error', () => {});
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers,
    body: request,
    stream: undefined,
    cutConnection,
    respond: (statusCode, responseHeaders) => response.writeHead(statusCode, responseHeaders),
  };
}

function joined(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}
