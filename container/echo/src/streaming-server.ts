import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log, LogFields } from './log';
import { PING_PATH, REQUEST_ID_HEADER } from './platform';

/** Close code "going away" (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001;

/** How long a caller may take to answer the close frame at the end, in milliseconds. */
const CLOSE_ANSWER_MS = 2_000;

/**
 * Unsent bytes of one WebSocket, in bytes, above which a session stops reading (`webSocket.pause()`), so that a slow reader
 * does not grow memory. The server resumes the WebSocket when everything is handed over to the kernel.
 */
export const HIGH_WATER_BYTES = 1024 * 1024;

/** One session, on an open WebSocket. */
export interface Session {
  /** What it did, for its log line. Counts and names only, never payload. */
  readonly statistics: LogFields;
}

/** Begins a session; listens to `message` and, where it has something to give up, to `close`. */
export type Open = (webSocket: WebSocket) => Session;

/** A path's answer to an upgrade: take it, or refuse it. */
export type Admission =
  | {
      readonly open: Open;
      /** Header lines of the upgrade response beside the handshake's own. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      /** HTTP status of the refusal. The platform reports every refusal to its caller as `ModelError`, 424. */
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** For the log, the only place where the refusal's cause can be read behind the platform. */
      readonly reason?: string;
    };

/** What makes one container different from another. */
export interface StreamingServerOptions {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Address to listen on; undefined listens on all, which is what the platform needs. */
  readonly host: string | undefined;
  /** Longest message, in bytes, all its fragments together. A longer one is answered with close code 1009. */
  readonly maxMessageBytes: number;
  /** Makes the container ready: `/ping` answers 503 until this resolves. A rejection ends the process. */
  readonly load: () => Promise<void>;
  /** The answer to an upgrade, or undefined when there is no such path. */
  readonly admit: (request: { path: string; query: URLSearchParams; id: string }) => Admission | undefined;
}

/** A container for streaming in both directions: one port for the health check and for the sessions. */
export class StreamingServer {
  private readonly http: Server;
  // Compression off: audio does not shrink, and every session would pay for it in memory and time.
  private readonly webSockets: WebSocketServer;
  private readonly sessions = new Set<WebSocket>();
  private readonly lastSession = new EventEmitter();
  private readonly upgradeHeaders = new WeakMap<IncomingMessage, Readonly<Record<string, string>>>();
  private state: 'loading' | 'ready' | 'draining' = 'loading';

  constructor(
    private readonly options: StreamingServerOptions,
    private readonly log: Log,
  ) {
    this.http = createServer((request, response) => this.answer(request, response));
    this.http.on('upgrade', (request, stream, head) => this.upgrade(request, stream, head));
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes,
    });
    this.webSockets.on('headers', (lines, request) => {
      for (const [name, value] of Object.entries(this.upgradeHeaders.get(request) ?? {}))
        lines.push(`${name}: ${value}`);
    });
  }

  /**
   * Listens, and becomes ready once loading is over. Resolves when it listens, with the port.
   *
   * @throws the error of `listen`, such as `EADDRINUSE`
   */
  async start(): Promise<number> {
    this.http.listen(this.options.port, this.options.host);
    await once(this.http, 'listening');
    const { port } = this.http.address() as AddressInfo;
    this.log('listening', { port });
    void this.load();
    return port;
  }

  /**
   * Ends the container: `/ping` turns 503, new sessions are refused, open ones may finish, then they are closed with 1001.
   * Resolves when nothing is open any more. A second call may shorten the first one's time.
   *
   * @param graceMs how long open sessions may take, in milliseconds
   */
  async drain(graceMs: number): Promise<void> {
    if (this.state !== 'draining') {
      this.state = 'draining';
      this.log('draining', { sessions: this.sessions.size, graceMs });
    }
    await this.idle(graceMs);
    for (const webSocket of this.sessions) {
      // A paused WebSocket would not read the answer to its close frame.
      webSocket.resume();
      webSocket.close(GOING_AWAY);
    }
    await this.idle(CLOSE_ANSWER_MS);
    for (const webSocket of this.sessions) webSocket.terminate();
    await this.idle(CLOSE_ANSWER_MS);
    if (!this.http.listening) return;
    this.http.close();
    this.http.closeAllConnections();
    this.log('stopped');
  }

  private async load(): Promise<void> {
    await this.options.load();
    if (this.state !== 'loading') return;
    this.state = 'ready';
    this.log('ready');
  }

  /** Resolves when no session is open, or after the time given. */
  private async idle(waitMs: number): Promise<void> {
    if (this.sessions.size === 0) return;
    await once(this.lastSession, 'ended', { signal: AbortSignal.timeout(waitMs) }).catch(() => undefined);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    // A caller that sends a body with its ping is not waited for.
    request.resume();
    if (split(request).path !== PING_PATH) {
      response.writeHead(404, { 'Content-Length': 0 }).end();
    } else if (request.method !== 'GET' && request.method !== 'POST') {
      response.writeHead(405, { Allow: 'GET, POST', 'Content-Length': 0 }).end();
    } else {
      response.writeHead(this.state === 'ready' ? 200 : 503, { 'Content-Length': 0 }).end();
    }
  }

  private upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const { path, query } = split(request);
    const id = request.headers[REQUEST_ID_HEADER.toLowerCase()]?.toString() ?? randomUUID();
    const admission = this.options.admit({ path, query: new URLSearchParams(query), id }) ?? { status: 404 };
    if ('status' in admission) {
      refuse(stream, admission.status, admission.headers, admission.body);
      this.log('refused', { id, path, status: admission.status, reason: admission.reason });
    } else if (this.state !== 'ready') {
      refuse(stream, 503);
    } else {
      if (admission.headers) this.upgradeHeaders.set(request, admission.headers);
      this.webSockets.handleUpgrade(request, stream, head, webSocket =>
        this.run(webSocket, stream, id, path, admission.open),
      );
    }
  }

  private run(webSocket: WebSocket, stream: Duplex, id: string, path: string, open: Open) {
    const startedAt = performance.now();
    let fault: string | undefined;
    const failed = (error: NodeJS.ErrnoException): void => {
      fault ??= error.code ?? error.name;
    };
    this.sessions.add(webSocket);
    // `ws` reports what breaks the protocol, and keeps what breaks the connection to itself.
    webSocket.on('error', failed);
    stream.on('error', failed);
    // Everything is handed over to the kernel. Cheaper than a callback for each message.
    stream.on('drain', () => {
      if (webSocket.isPaused) webSocket.resume();
    });
    const session = open(webSocket);
    // The code is RFC 6455's, section 7.1.5: 1005 for a close frame without one, 1006 for no close frame.
    webSocket.on('close', closeCode => {
      this.sessions.delete(webSocket);
      const durationMs = Math.round(performance.now() - startedAt);
      this.log('session', { id, path, ...session.statistics, durationMs, closeCode, fault });
      if (this.sessions.size === 0) this.lastSession.emit('ended');
    });
  }
}

function split(request: IncomingMessage): { path: string; query: string } {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

function refuse(stream: Duplex, status: number, headers: Readonly<Record<string, string>> = {}, body = ''): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  stream.on('error', () => stream.destroy());
  stream.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => stream.destroy());
}
