import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import type { Configuration } from './configuration';
import { EchoSession } from './echo-session';
import type { Log } from './log';
import { PING_PATH, REQUEST_ID_HEADER } from './platform';

/** Close code "going away" (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001;

/** How long a caller may take to answer the close frame at the end, in milliseconds. */
const CLOSE_ANSWER_MS = 2_000;

/** The container's state, and with it what `/ping` says. */
type State = 'loading' | 'ready' | 'draining';

/** The container: one port for the health check and for the sessions. */
export class EchoServer {
  private readonly http: Server;
  // Compression off: audio does not shrink, and it would cost 300 KiB and a millisecond a session.
  private readonly webSockets: WebSocketServer;
  private readonly sessions = new Set<EchoSession>();
  private state: State = 'loading';
  private readonly lastSession = new EventEmitter();

  constructor(
    private readonly configuration: Configuration,
    private readonly log: Log,
  ) {
    this.http = createServer((request, response) => this.answer(request, response));
    this.http.on('upgrade', (request, stream, head) => this.upgrade(request, stream, head));
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: configuration.maxMessageBytes,
    });
  }

  /**
   * Listens, and becomes ready once loading is over. Resolves when it listens, with the port.
   *
   * @throws the error of `listen`, such as `EADDRINUSE`
   */
  async start(): Promise<number> {
    this.http.listen(this.configuration.port, this.configuration.host);
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
    for (const session of this.sessions) session.close(GOING_AWAY);
    await this.idle(CLOSE_ANSWER_MS);
    for (const session of this.sessions) session.terminate();
    await this.idle(CLOSE_ANSWER_MS);
    if (!this.http.listening) return;
    this.http.close();
    this.http.closeAllConnections();
    this.log('stopped');
  }

  /** A container with a model would read it from `/opt/ml/model` here. */
  private async load(): Promise<void> {
    if (this.configuration.loadingMs > 0) await delay(this.configuration.loadingMs, undefined, { ref: false });
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
    const path = pathOf(request);
    // A caller that sends a body with its ping is not waited for.
    request.resume();
    if (path === PING_PATH) {
      const allowed = request.method === 'GET' || request.method === 'POST';
      if (!allowed) response.setHeader('Allow', 'GET, POST');
      response.writeHead(allowed ? (this.state === 'ready' ? 200 : 503) : 405, { 'Content-Length': 0 }).end();
    } else if (this.configuration.paths.has(path)) {
      response.writeHead(426, { Connection: 'Upgrade', Upgrade: 'websocket', 'Content-Length': 0 }).end();
    } else {
      response.writeHead(404, { 'Content-Length': 0 }).end();
    }
  }

  private upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const path = pathOf(request);
    if (!this.configuration.paths.has(path)) {
      refuse(stream, 404);
      return;
    }
    if (this.state !== 'ready') {
      refuse(stream, 503);
      return;
    }
    this.webSockets.handleUpgrade(request, stream, head, webSocket => {
      const id = request.headers[REQUEST_ID_HEADER.toLowerCase()]?.toString() ?? randomUUID();
      const session = new EchoSession(webSocket, stream, statistics => {
        this.sessions.delete(session);
        this.log('session', { id, path, ...statistics });
        if (this.sessions.size === 0) this.lastSession.emit('ended');
      });
      this.sessions.add(session);
    });
  }
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** Refuses an upgrade. The platform reports it to its caller as `ModelError`, 424. */
function refuse(stream: Duplex, status: number): void {
  stream.on('error', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    stream.destroy(),
  );
}
