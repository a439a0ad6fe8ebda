import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { isLoopbackHost } from '../service/request-source';
import { type ConnectionGuide, PageConnection } from './page-connection';
import { Recording } from './recording';

const LOOPBACK = '127.0.0.1';
const PAGE = join(__dirname, 'page');

/** The files of the page, by path below the token. Nothing else is read from disk. */
const FILES = new Map([
  ['', { file: 'index.html', type: 'text/html; charset=utf-8' }],
  ['inspector.css', { file: 'inspector.css', type: 'text/css; charset=utf-8' }],
  ...['inspector.mjs', 'element.mjs', 'virtual-list.mjs'].map(
    file => [file, { file, type: 'text/javascript; charset=utf-8' }] as const,
  ),
]);

/** Path below the token at which a page connects its WebSocket. */
const SOCKET_PATH = 'socket';

/** Longest message of a page, in bytes: it names one session. */
const MESSAGE_LIMIT_BYTES = 1_024;

/** Pages that may be open at once. */
const PAGES_LIMIT = 32;

/**
 * The inspector: a page that shows every stream of one local SageMaker, on a loopback port of its own. Its URL holds a random token of this
 * start; without it, or from another host or origin, nothing is answered.
 */
export class Inspector {
  readonly recording = new Recording();
  /** URL of the page, or undefined before {@link listen}. */
  url: string | undefined;

  private readonly token = randomBytes(24).toString('base64url');
  private readonly server = createServer((request, response) => this.answer(request, response));
  private readonly webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_LIMIT_BYTES,
    perMessageDeflate: false,
  });

  /** @param guide called for each page that opens. */
  constructor(private readonly guide: () => ConnectionGuide) {
    this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', () => {});
      const refusal = this.refusal(request, true);
      if (refusal !== undefined || this.pathBelowToken(request) !== SOCKET_PATH) {
        const status = refusal ?? 404;
        socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      this.webSockets.handleUpgrade(request, socket, head, page => {
        new PageConnection(page, this.recording, this.guide());
      });
    });
  }

  /** Begins to listen on a free port. @throws the error of the system. */
  async listen(): Promise<void> {
    this.server.listen(0, LOOPBACK);
    await once(this.server, 'listening');
    const { port } = this.server.address() as { port: number };
    this.url = `http://localhost:${port}/${this.token}/`;
  }

  /** Closes every page and stops listening. */
  async close(): Promise<void> {
    for (const page of this.webSockets.clients) page.terminate();
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.refusal(request, false);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const file = FILES.get(this.pathBelowToken(request) ?? '');
    const status = refusal ?? (isRead ? (file ? 200 : 404) : 405);
    response.writeHead(status, {
      ...this.protection(request),
      'content-type': status === 200 && file ? file.type : 'text/plain; charset=utf-8',
      ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
      ...(status === 200 ? {} : { connection: 'close' }),
    });
    response.end(status === 200 && file ? readFileSync(join(PAGE, file.file)) : `${STATUS_CODES[status]}\n`);
  }

  /** The status that refuses a request of another host, another origin or without the token; undefined for one that is answered. */
  private refusal({ headers, url }: IncomingMessage, isWebSocket: boolean): number | undefined {
    const { host = '', origin } = headers;
    if (!isLoopbackHost(host)) return 421;
    // A browser names the origin of every WebSocket. Pages of other ports of this machine are strangers, too.
    if (origin === undefined ? isWebSocket : origin !== `http://${host}`) return 403;
    if (!this.hasToken(url)) return 403;
    return isWebSocket && this.webSockets.clients.size >= PAGES_LIMIT ? 503 : undefined;
  }

  private hasToken(url = ''): boolean {
    const given = Buffer.from(url.split(/[/?]/, 2)[1] ?? '');
    const token = Buffer.from(this.token);
    return given.length === token.length && timingSafeEqual(given, token);
  }

  private pathBelowToken({ url = '' }: IncomingMessage): string | undefined {
    const prefix = `/${this.token}/`;
    return url.startsWith(prefix) ? url.slice(prefix.length).split('?', 1)[0] : undefined;
  }

  private protection({ headers }: IncomingMessage): Record<string, string> {
    const socket = isLoopbackHost(headers.host ?? '') ? ` ws://${headers.host}` : '';
    return {
      'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'${socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    };
  }
}
