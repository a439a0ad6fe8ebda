import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { extname, join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { isLoopbackHost } from '../service/request-source';
import type { Controls, Guide } from './controls';
import { PageConnection } from './page-connection';
import { Recording } from './recording';
import type { OpenTrial, TrialTarget } from './trial';
import { TrialConnection } from './trial-connection';

const LOOPBACK = '127.0.0.1';
const PAGE = join(__dirname, 'page');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
};

interface PageFile {
  readonly file: string;
  readonly type: string;
}

/** The files of the page, by path below the token. Nothing else is read from disk. */
const FILES: ReadonlyMap<string, PageFile> = new Map(
  [
    ...readdirSync(PAGE).map(name => [name === 'index.html' ? '' : name, join(PAGE, name)] as const),
    ['uplot.mjs', require.resolve('uplot/dist/uPlot.esm.js')] as const,
    ['uplot.css', require.resolve('uplot/dist/uPlot.min.css')] as const,
  ].map(([path, file]) => [path, { file, type: TYPES[extname(path || file)]! }]),
);

/** Longest message of a page, in bytes, by the path below the token at which it connects a WebSocket. */
const MESSAGE_LIMIT_BYTES = {
  /** What the page is told of every stream, and asks for. */
  socket: 2 * 1_024,
  /** A stream of the page's own. */
  try: 64 * 1_024,
} as const;

type SocketPath = keyof typeof MESSAGE_LIMIT_BYTES;

/** WebSockets that may be open at once, of each path. */
const SOCKETS_LIMIT = 32;

/** What the inspector shows and controls beside the streams. */
export interface InspectorOptions {
  /** Called for each page that opens. */
  readonly guide: () => Guide;
  readonly controls: Controls;
  /** Opens the streams of the page's own; undefined where there are none. */
  readonly openTrial: OpenTrial | undefined;
  /** Where a stream of the page's own goes. */
  readonly trialTarget: (endpointName: string) => TrialTarget;
}

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
  private readonly webSockets: Readonly<Record<SocketPath, WebSocketServer>> = {
    socket: webSocketServer('socket'),
    try: webSocketServer('try'),
  };

  constructor(private readonly options: InspectorOptions) {
    this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', () => {});
      const path = this.socketPath(request);
      const status = this.refusal(request, true) ?? (path ? this.busy(path) : 404);
      if (path === undefined || status !== undefined) {
        const refused = status ?? 404;
        socket.end(`HTTP/1.1 ${refused} ${STATUS_CODES[refused]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      this.webSockets[path].handleUpgrade(request, socket, head, page => this.connect(path, page));
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
    for (const { clients } of Object.values(this.webSockets)) for (const page of clients) page.terminate();
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private connect(path: SocketPath, page: WebSocket): void {
    const { guide, controls, openTrial, trialTarget } = this.options;
    if (path === 'socket') new PageConnection(page, this.recording, controls, guide());
    else if (openTrial) new TrialConnection(page, request => openTrial(request, trialTarget(request.endpointName)));
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
    response.end(status === 200 && file ? readFileSync(file.file) : `${STATUS_CODES[status]}\n`);
  }

  /** The status that refuses a request of another host, another origin or without the token; undefined for one that is answered. */
  private refusal({ headers, url }: IncomingMessage, isWebSocket: boolean): number | undefined {
    const { host = '', origin } = headers;
    if (!isLoopbackHost(host)) return 421;
    // A browser names the origin of every WebSocket. Pages of other ports of this machine are strangers, too.
    if (origin === undefined ? isWebSocket : origin !== `http://${host}`) return 403;
    return this.hasToken(url) ? undefined : 403;
  }

  private socketPath(request: IncomingMessage): SocketPath | undefined {
    const path = this.pathBelowToken(request);
    if (path === 'try') return this.options.openTrial && path;
    return path === 'socket' ? path : undefined;
  }

  private busy(path: SocketPath): number | undefined {
    return this.webSockets[path].clients.size >= SOCKETS_LIMIT ? 503 : undefined;
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

function webSocketServer(path: SocketPath): WebSocketServer {
  return new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT_BYTES[path], perMessageDeflate: false });
}
