// Generated from container/streaming/streaming-server.ts by "npm run containers:generate"; edit it there.
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log, LogFields } from './log';
import { METRICS_CONTENT_TYPE, Metrics } from './metrics';
import { isForeignOrigin } from './origin';
import { INVOCATIONS_PATH, METRICS_PATH, PING_PATH, REQUEST_ID_HEADER } from './platform';

/** Close code "going away" (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001;

/** How long a caller may take to answer the close frame at the end, in milliseconds. */
const CLOSE_ANSWER_MS = 2_000;

/**
 * Unsent bytes of one WebSocket above which the server stops reading from it, so that a slow reader does not grow memory.
 * The server reads on when everything is handed over to the kernel.
 */
export const HIGH_WATER_BYTES = 1024 * 1024;

/** Messages that are still read from a WebSocket whose answers the kernel no longer takes: each answer costs memory. */
const UNSENT_ANSWERS = 1024;

/** The answer to a plain invocation (`InvokeEndpoint`), where a container takes none. */
const STREAMS_ONLY =
  'This container serves bidirectional streams only. Call InvokeEndpointWithBidirectionalStream instead of InvokeEndpoint.';

/** One session, on an open WebSocket. */
export interface Session {
  /** Counts and names for its log line. Counts and names only, never payload. */
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

/** An upgrade request. */
export interface Upgrade {
  /** Path with its leading slash, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The platform's identifier of the session, or a new one. */
  readonly id: string;
  readonly request: IncomingMessage;
  /** The connection below the WebSocket. */
  readonly stream: Duplex;
}

/** The parts in which containers differ. */
export interface StreamingServerOptions {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Address to listen on; undefined listens on all, which is what the platform needs. */
  readonly host: string | undefined;
  /** Longest message, in bytes, all its fragments together. A longer one is answered with close code 1009. */
  readonly maxMessageBytes: number;
  /** Makes the container ready: `/ping` answers 503 until this resolves. A rejection ends the process. */
  readonly load: () => Promise<void>;
  /** The answer to an upgrade, or undefined when there is no such path. The platform waits 250 ms for it. */
  readonly admit: (upgrade: Upgrade) => Admission | undefined | Promise<Admission | undefined>;
  /**
   * The answer to `POST /invocations`, which the platform sends for `InvokeEndpoint`.
   *
   * @default - 404 with a sentence that names the streaming operation
   */
  readonly invoke?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A container for streaming in both directions: one port for the health check and for the sessions. */
export class StreamingServer {
  private readonly http: Server;
  // Compression off: audio does not shrink, and every session would pay for it in memory and time.
  private readonly webSockets: WebSocketServer;
  private readonly sessions = new Map<WebSocket, Session>();
  private readonly metrics = new Metrics();
  private readonly lastSession = new EventEmitter();
  private readonly upgradeHeaders = new WeakMap<IncomingMessage, Readonly<Record<string, string>>>();
  private state: 'loading' | 'ready' | 'draining' = 'loading';

  constructor(
    private readonly options: StreamingServerOptions,
    private readonly log: Log,
  ) {
    this.http = createServer((request, response) => this.answer(request, response));
    this.http.on('upgrade', (request, stream, head) => void this.upgrade(request, stream, head));
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
    for (const webSocket of this.sessions.keys()) {
      // A paused WebSocket would not read the answer to its close frame.
      webSocket.resume();
      webSocket.close(GOING_AWAY);
    }
    await this.idle(CLOSE_ANSWER_MS);
    for (const webSocket of this.sessions.keys()) webSocket.terminate();
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
    const { path } = split(request);
    if (path === INVOCATIONS_PATH && request.method === 'POST' && this.options.invoke) {
      this.options.invoke(request, response);
      return;
    }
    // The server does not wait for the body of a caller's ping.
    request.resume();
    if (path === PING_PATH) {
      if (!allows(request, response, ['GET', 'POST'])) return;
      response.writeHead(this.state === 'ready' ? 200 : 503, { 'Content-Length': 0 }).end();
    } else if (path === METRICS_PATH) {
      if (!allows(request, response, ['GET'])) return;
      const statistics = [...this.sessions.values()].map(session => session.statistics);
      const text = this.metrics.text(this.state === 'ready', statistics);
      response.writeHead(200, { 'Content-Type': METRICS_CONTENT_TYPE, 'Content-Length': Buffer.byteLength(text) });
      response.end(text);
    } else {
      const text = path === INVOCATIONS_PATH ? STREAMS_ONLY : '';
      response.writeHead(404, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) }).end(text);
    }
  }

  private async upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    // A connection can break before there is a WebSocket that reports it.
    stream.on('error', () => stream.destroy());
    const { path, query } = split(request);
    const id = request.headers[REQUEST_ID_HEADER.toLowerCase()]?.toString() ?? randomUUID();
    const admission = await this.admission({ path, query: new URLSearchParams(query), id, request, stream });
    if ('status' in admission) {
      refuse(stream, admission.status, admission.headers, admission.body);
      this.metrics.refuse(admission.status);
      this.log('refused', { id, path, status: admission.status, reason: admission.reason });
    } else {
      if (admission.headers) this.upgradeHeaders.set(request, admission.headers);
      this.webSockets.handleUpgrade(request, stream, head, webSocket =>
        this.run(webSocket, stream, id, path, admission.open),
      );
    }
  }

  private async admission(upgrade: Upgrade): Promise<Admission> {
    if (isForeignOrigin(upgrade.request.headers.origin)) {
      return { status: 403, reason: 'The Origin header names a web page of another host.' };
    }
    const admission = (await this.options.admit(upgrade)) ?? { status: 404 };
    if ('status' in admission || this.state === 'ready') return admission;
    return { status: 503, reason: `The container is ${this.state}.` };
  }

  private run(webSocket: WebSocket, stream: Duplex, id: string, path: string, open: Open): void {
    const startedAt = performance.now();
    let fault: string | undefined;
    const failed = (error: NodeJS.ErrnoException): void => {
      fault ??= error.code ?? error.name;
    };
    // `ws` reports a violation of the protocol, and does not report an error of the connection.
    webSocket.on('error', failed);
    stream.on('error', failed);
    const session = open(webSocket);
    this.sessions.set(webSocket, session);
    this.metrics.open();
    limitUnsentAnswers(webSocket, stream);
    // The code is RFC 6455's, section 7.1.5: 1005 for a close frame without one, 1006 for no close frame.
    webSocket.on('close', closeCode => {
      this.sessions.delete(webSocket);
      this.metrics.close(closeCode, session.statistics);
      const durationMs = Math.round(performance.now() - startedAt);
      this.log('session', { id, path, ...session.statistics, durationMs, closeCode, fault });
      if (this.sessions.size === 0) this.lastSession.emit('ended');
    });
  }
}

/**
 * Stops reading from a caller that does not read, because its answers would queue in memory. What one connection can hold is
 * {@link HIGH_WATER_BYTES}, or {@link UNSENT_ANSWERS} small answers beyond the socket's own buffer, and the answers to one
 * chunk of its socket (64 KiB). `ws` itself limits unsent pongs (`maxPendingAutoPongs`) and fragments (`maxFragments`).
 */
function limitUnsentAnswers(webSocket: WebSocket, stream: Duplex): void {
  let unsent = 0;
  // Registered after the session's own listeners: its answer is queued by now.
  webSocket.on('message', () => {
    if (!stream.writableNeedDrain) return;
    unsent += 1;
    if (unsent > UNSENT_ANSWERS || webSocket.bufferedAmount > HIGH_WATER_BYTES) webSocket.pause();
  });
  stream.on('drain', () => {
    unsent = 0;
    if (webSocket.isPaused) webSocket.resume();
  });
}

/** Answers 405 to any other method. */
function allows(request: IncomingMessage, response: ServerResponse, methods: readonly string[]): boolean {
  if (methods.includes(request.method!)) return true;
  response.writeHead(405, { Allow: methods.join(', '), 'Content-Length': 0 }).end();
  return false;
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
  stream.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => stream.destroy());
}
