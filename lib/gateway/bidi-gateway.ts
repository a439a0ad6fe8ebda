import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type BidiClient, SageMakerRuntimeHTTP2Client } from '../client';
import { ExplainedError } from '../contract';
import { FrameSocket } from '../wire/frame-socket';
import { acceptUpgrade, upgradeFault, WEBSOCKET_VERSION } from '../wire/upgrade';
import { type Admitted, admit, hostNameOf } from './admission';
import { type Close, CloseCode } from './close';
import type { GatewayEvent } from './gateway-event';
import { GatewayMetrics } from './gateway-metrics';
import { type BidiGatewayOptions, GatewayOptionsError, type ResolvedOptions, resolveOptions } from './gateway-options';
import { ClientLimiter } from './limits';
import { type Carrier, type OpenedModel, openModel } from './opened-model';
import { OperationsServer } from './operations-server';
import { type Refusal, refusal, refusalOf } from './refusal';
import { findRoute, type RoutedTarget, targetOf } from './route';

/** Time between two pings of a client, in milliseconds: below the idle timeout of load balancers, 60 s by default. */
const PING_MS = 25_000;

/** Connections that the system keeps for the gateway before it takes them: a burst of a thousand opens. */
const BACKLOG = 2_048;

/** A request with its path and query told apart. */
interface Opening {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  /** Path with its leading slash. */
  readonly pathname: string;
  readonly query: string;
}

/**
 * A WebSocket server in front of SageMaker's bidirectional streams: each WebSocket becomes one stream, so that a client of any language
 * streams to an endpoint by changing its URL. It signs with the credentials of the machine that it runs on.
 *
 * ```ts
 * await using gateway = await BidiGateway.start({ routes: [{ endpointName: 'speech' }] });
 * console.log(gateway.url); // ws://127.0.0.1:8080
 * ```
 */
export class BidiGateway implements AsyncDisposable {
  /**
   * Starts to listen. With `probe`, each endpoint is tried first.
   *
   * @throws GatewayOptionsError when the options do not fit together, or a port is taken
   * @throws SessionError when an endpoint cannot be streamed to for a reason that stays: name, region, credentials, permission
   */
  static async start(options: BidiGatewayOptions): Promise<BidiGateway> {
    const gateway = new BidiGateway(resolveOptions(options));
    try {
      await gateway.probe();
      await gateway.listen();
      return gateway;
    } catch (error) {
      await gateway.close(0);
      throw error;
    }
  }

  private readonly client: BidiClient;
  private readonly ownClient: SageMakerRuntimeHTTP2Client | undefined;
  private readonly server: Server;
  private readonly operations: OperationsServer;
  private readonly metrics = new GatewayMetrics();
  private readonly limiter: ClientLimiter;
  private readonly carriers = new Set<Carrier>();
  private readonly connections = new Set<Socket>();
  /** Ends opens that are under way when the gateway closes. */
  private readonly closing = new AbortController();
  private address: AddressInfo | undefined;
  private operationsAddress: number | undefined;
  private isDraining = false;
  private sessionNumber = 0;
  private emptied: (() => void) | undefined;

  private constructor(private readonly options: ResolvedOptions) {
    this.ownClient = options.client ? undefined : new SageMakerRuntimeHTTP2Client();
    this.client = options.client ?? this.ownClient!;
    this.limiter = new ClientLimiter(options.limits);
    const { tls } = options;
    this.server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }) : createServer();
    this.server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.on('close', () => this.connections.delete(socket));
    });
    this.server.on('request', (request, response) => {
      request.resume();
      response
        .writeHead(426, { upgrade: 'websocket', 'content-type': 'text/plain' })
        .end('This is a gateway for WebSockets.\n');
    });
    this.server.on('upgrade', (request, socket, head) => void this.onUpgrade(request, socket as Socket, head));
    this.operations = new OperationsServer({
      isReady: () => this.isReady,
      metrics: () => this.metrics.render(),
    });
  }

  /** URL of the gateway, such as `ws://127.0.0.1:8080`. */
  get url(): string {
    const host = this.options.host.includes(':') ? `[${this.options.host}]` : this.options.host;
    return `${this.options.tls ? 'wss' : 'ws'}://${host}:${this.address!.port}`;
  }

  /** Port of `/healthz`, `/readyz` and `/metrics`, or undefined without. */
  get operationsPort(): number | undefined {
    return this.operationsAddress;
  }

  /** Sessions that are open. */
  get sessions(): number {
    return this.carriers.size;
  }

  /** Whether new WebSockets are taken. */
  get isReady(): boolean {
    return this.address !== undefined && !this.isDraining;
  }

  /**
   * Refuses new WebSockets and waits for the open ones. `/readyz` answers 503 from here on.
   *
   * @param timeoutMs bound of the wait, in milliseconds; 0 does not wait. Default: 30 minutes, the longest that a stream can last.
   * @returns whether every session ended by itself
   */
  async drain(timeoutMs = this.options.sessionLimitMs): Promise<boolean> {
    this.isDraining = true;
    this.tell({ type: 'draining', sessions: this.carriers.size });
    if (this.carriers.size === 0) return true;
    const emptied = new Promise<boolean>(resolve => {
      this.emptied = () => resolve(true);
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>(resolve => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    try {
      return await Promise.race([emptied, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Ends the gateway: drains, then closes what is still open with the code 1012, which asks clients to connect again.
   *
   * @param drainMs bound of the drain, in milliseconds. Default: 0.
   */
  async close(drainMs = 0): Promise<void> {
    if (drainMs > 0) await this.drain(drainMs);
    this.isDraining = true;
    this.closing.abort();
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    this.server.close();
    const restart: Close = { code: CloseCode.SERVICE_RESTART, reason: 'The gateway ends; connect again.' };
    const emptied =
      this.carriers.size === 0
        ? undefined
        : new Promise<void>(resolve => {
            this.emptied = resolve;
          });
    for (const carrier of this.carriers) carrier.close(restart);
    await emptied;
    for (const connection of this.connections) connection.destroy();
    await closed;
    await this.operations.close();
    this.ownClient?.destroy();
  }

  /** {@link close} without a drain, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Tries each endpoint once: a container that refuses the default path has been reached, too. */
  private async probe(): Promise<void> {
    if (!this.options.probe) return;
    const names = [...new Set(this.options.routes.map(route => route.endpointName))];
    await Promise.all(names.map(endpointName => this.probeEndpoint(endpointName)));
  }

  private async probeEndpoint(endpointName: string): Promise<void> {
    try {
      const opened = await this.open({ endpointName }, this.closing.signal);
      opened.abort();
    } catch (error) {
      const code = error instanceof ExplainedError ? error.code : undefined;
      if (code === 'ERR_BIDI_MODEL_REFUSED') return;
      if (code !== 'ERR_BIDI_ENDPOINT_UNAVAILABLE' && code !== 'ERR_BIDI_THROTTLED') throw error;
      this.tell({ type: 'not-ready', endpointName, message: (error as ExplainedError).what });
    }
  }

  private async listen(): Promise<void> {
    const { host, port, operations } = this.options;
    try {
      this.server.listen({ host, port, backlog: BACKLOG });
      await once(this.server, 'listening');
      this.address = this.server.address() as AddressInfo;
      if (operations === false) return;
      this.operationsAddress = await this.operations.listen(operations.host ?? host, operations.port);
    } catch (cause) {
      throw cannotListen(cause as NodeJS.ErrnoException, host, port);
    }
  }

  private async onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => {}); // 'close' follows
    const [pathname = '', query = ''] = splitOnce(request.url ?? '/', '?');
    const opening = { request, socket, head, pathname, query };
    const admitted = this.judge(opening);
    if ('statusCode' in admitted) {
      this.refuse(opening, admitted);
      return;
    }
    const limit = this.limiter.admit(admitted.client);
    if (limit) {
      this.refuse(opening, overLimit(limit));
      return;
    }
    try {
      await this.serve(opening, admitted);
    } finally {
      this.limiter.release(admitted.client);
    }
  }

  private judge({ request, pathname, query }: Opening): (Admitted & { readonly target: RoutedTarget }) | Refusal {
    const fault = upgradeFault(request);
    if (fault) {
      const headers = fault.statusCode === 426 ? { 'sec-websocket-version': WEBSOCKET_VERSION } : undefined;
      const next = 'Use a WebSocket client of RFC 6455.';
      return refusal(fault.statusCode, [fault.message, 'The request is no WebSocket handshake.', next], headers);
    }
    if (this.isDraining) {
      const words = ['The gateway ends.', 'It was told to stop.', 'Connect again.'] as const;
      return refusal(503, words, { 'retry-after': '1' });
    }
    const { options } = this;
    const admitted = admit(request, query, {
      ...options,
      tokenParameter: options.tokenParameter,
      tls: options.tls !== undefined,
    });
    if ('statusCode' in admitted) return admitted;
    if (!pathname.startsWith('/')) {
      const why = 'The target of a WebSocket request is a path (RFC 6455, section 3).';
      return refusal(400, ['The request names no path.', why, 'Use a WebSocket client of RFC 6455.']);
    }
    const route = findRoute(options.routes, hostNameOf(request), pathname);
    if (!route) {
      const why = 'No route of this gateway takes that host and path.';
      return refusal(404, ['There is no model behind that URL.', why, 'Look at the path, or add a route.']);
    }
    const target = targetOf(route, pathname, admitted.query);
    if (typeof target === 'string') {
      const why = 'The service would refuse it by pattern.';
      return refusal(400, [target, why, 'Correct path or query of the URL.']);
    }
    return { ...admitted, target };
  }

  private async serve(opening: Opening, admitted: Admitted & { readonly target: RoutedTarget }): Promise<void> {
    const { request, socket, head, pathname } = opening;
    const { target, client, subprotocol } = admitted;
    const gone = new AbortController();
    const onGone = () => gone.abort(new Error('The client has gone.'));
    socket.once('close', onGone);
    const startedAt = performance.now();
    let opened: OpenedModel;
    try {
      opened = await this.open(target, AbortSignal.any([gone.signal, this.closing.signal]));
    } catch (error) {
      this.refuse(opening, refusalOf(error));
      return;
    } finally {
      socket.off('close', onGone);
    }
    if (socket.destroyed) {
      opened.abort();
      return;
    }
    acceptUpgrade(request, socket, subprotocol === undefined ? {} : { 'Sec-WebSocket-Protocol': subprotocol });
    const { messageBytes, idleMs } = this.options.limits;
    const webSocket = FrameSocket.accept(
      { socket, head, headers: request.headers },
      { payloadLimitBytes: messageBytes },
    );
    const limits = {
      messageBytes,
      idleMs,
      sessionMs: this.options.sessionLimitMs,
      drainMs: this.options.drainTimeoutMs,
      pingMs: PING_MS,
    };
    const carrier = opened.carry(webSocket, limits, lag => this.metrics.observeLag(lag));
    const session = {
      session: ++this.sessionNumber,
      endpointName: target.endpointName,
      path: pathname,
      client,
      openMs: performance.now() - startedAt,
    };
    this.tell({ type: 'session-opened', ...session });
    await this.carry(carrier, session);
  }

  private async carry(
    carrier: Carrier,
    session: Omit<Extract<GatewayEvent, { type: 'session-opened' }>, 'type'>,
  ): Promise<void> {
    const openedAt = performance.now();
    this.carriers.add(carrier);
    const { error, ...end } = await carrier.run();
    this.carriers.delete(carrier);
    const code = error instanceof ExplainedError ? error.code : error && 'ERR_BIDI_GATEWAY';
    const durationMs = performance.now() - openedAt;
    this.tell({ type: 'session-ended', ...session, ...end, durationMs, error: code as string | undefined });
    if (this.carriers.size === 0) this.emptied?.();
  }

  private open(target: RoutedTarget, signal: AbortSignal): Promise<OpenedModel> {
    const { openTimeoutMs, handOverAfterMs } = this.options;
    return openModel(target, {
      client: this.client,
      openTimeoutMs,
      handOverAfterMs,
      signal,
      closing: this.closing.signal,
    });
  }

  private refuse({ socket, pathname }: Opening, { statusCode, headers, ...explanation }: Refusal): void {
    this.tell({ type: 'refused', path: pathname, statusCode, code: explanation.code, message: explanation.what });
    if (!socket.writable) return;
    const { code, what, why, next } = explanation;
    const body = JSON.stringify({ error: { code, what, why, next } });
    const lines = [
      `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ];
    socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
    socket.resume(); // so that its end is seen
    socket.setTimeout(REFUSAL_TIMEOUT_MS, () => socket.destroy());
  }

  private tell(event: GatewayEvent): void {
    this.metrics.observe(event);
    this.options.observe?.(event);
  }
}

/** Time that a refused client has to read why, in milliseconds. */
const REFUSAL_TIMEOUT_MS = 5_000;

function overLimit(limit: 'sessions' | 'sessionsPerClient' | 'opensPerSecond'): Refusal {
  const retry = { 'retry-after': '1' };
  if (limit === 'sessions') {
    const why = 'Each session is billed, so their number is bounded.';
    return refusal(
      503,
      ['The gateway holds as many sessions as it may.', why, 'Try again, or raise the limit.'],
      retry,
    );
  }
  const what =
    limit === 'opensPerSecond'
      ? 'This client opens sessions too fast.'
      : 'This client holds as many sessions as it may.';
  return refusal(429, [what, 'The gateway bounds what one client may hold.', 'Try again, or raise the limit.'], retry);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): GatewayOptionsError {
  return new GatewayOptionsError(
    {
      what: `The gateway cannot listen on ${host}:${port}: ${cause.message}.`,
      why: cause.code === 'EADDRINUSE' ? 'Another program listens there.' : 'The system does not allow it.',
      next: 'Set another {port}, or 0 for any that is free.',
      settings: ['port'],
    },
    { cause },
  );
}
