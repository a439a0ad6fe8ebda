import type { BidiClient } from '../client';
import { ExplainedError, originViolation, type Route, routeViolations, SESSION_LIMIT_MS } from '../contract';
import type { GatewayObserver } from './gateway-event';
import type { GatewayLimits } from './limits';

/** Options of {@link BidiGateway.start}. */
export interface BidiGatewayOptions {
  /** Which WebSockets go to which endpoint: at least one. */
  readonly routes: readonly Route[];
  /**
   * The client that sends the requests: the kit's `SageMakerRuntimeHTTP2Client`, the official one, or anything with its `send(command)`.
   * The gateway does not destroy it. Its credentials are renewed as the AWS SDK renews them.
   *
   * @default - a client of the gateway's own, made as the AWS SDK finds region, credentials and endpoint
   */
  readonly client?: BidiClient;
  /**
   * Address to listen on. Another than a loopback one needs `tokens` or `allowAnonymous`.
   *
   * @default 127.0.0.1
   */
  readonly host?: string;
  /**
   * TCP port to listen on; 0 for any that is free.
   *
   * @default 8080
   */
  readonly port?: number;
  /**
   * Certificate chain and private key, as PEM, to speak TLS (`wss:`).
   *
   * @default - none: `ws:`, for this machine or behind a load balancer that ends TLS
   */
  readonly tls?: {
    /** Certificate chain, as PEM. */
    readonly certificate: string;
    /** Private key, as PEM. */
    readonly key: string;
  };
  /**
   * Tokens of clients: `Authorization: Bearer TOKEN`, `Authorization: Token TOKEN`, or the subprotocols `['token', TOKEN]`.
   *
   * @default - none: every client that reaches the port may stream
   */
  readonly tokens?: readonly string[];
  /**
   * Name of a query parameter that may hold the token. Queries are written into the logs of proxies: prefer a header.
   *
   * @default - none
   */
  readonly tokenParameter?: string;
  /**
   * Listen on another address than a loopback one without a token. Every session is billed to the gateway's account.
   *
   * @default false
   */
  readonly allowAnonymous?: boolean;
  /**
   * Origins of the web pages that may stream, such as `https://app.example.com`; `same-origin` is the gateway's own.
   *
   * @default - none: no web page, only programs
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Host names, without port, that a request may ask for.
   *
   * @default - on a loopback address its names; else any, since a token is asked for
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Believe the X-Forwarded-Proto and X-Forwarded-For of a proxy. Only where every request comes through one.
   *
   * @default false
   */
  readonly trustProxy?: boolean;
  /**
   * Bounds of the gateway and of each client.
   *
   * @default - see each
   */
  readonly limits?: GatewayLimits;
  /**
   * Address and port of `/healthz`, `/readyz` and `/metrics`, or `false` for none.
   *
   * @default - a port that is free, on the address of `host`
   */
  readonly operations?:
    | {
        /** Address to listen on. */
        readonly host?: string;
        /** TCP port to listen on; 0 for any that is free. */
        readonly port: number;
      }
    | false;
  /**
   * Bound of an open, retries included, in milliseconds: a client waits that long for its upgrade.
   *
   * @default 15000
   */
  readonly openTimeoutMs?: number;
  /**
   * Age at which a session is closed with the code 1012, in milliseconds: before the platform ends the stream in mid-word.
   *
   * @default 1785000 (29 minutes and 45 seconds)
   */
  readonly sessionLimitMs?: number;
  /**
   * Age at which a stream hands over to another at the next pause of the speaker, in milliseconds, where the dialect of the route allows it.
   *
   * @default 1620000 (27 minutes)
   */
  readonly handOverAfterMs?: number;
  /**
   * Time that the model has to finish after a client has closed, in milliseconds.
   *
   * @default 15000
   */
  readonly drainTimeoutMs?: number;
  /**
   * Opens one stream to each endpoint at the start, and ends it at once, so that a wrong name, a wrong region or a missing permission is an
   * error of the start.
   *
   * @default true
   */
  readonly probe?: boolean;
  /**
   * Called with every event of the gateway.
   *
   * @default - events are dropped
   */
  readonly observe?: GatewayObserver;
}

/** The options of a gateway do not fit together, or cannot be used. */
export class GatewayOptionsError extends ExplainedError {
  override readonly code = 'ERR_BIDI_GATEWAY_OPTIONS';
}

/** Names of this machine for itself. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]', '::1'];

/** Characters of a token: those of a header's token (RFC 9110, section 5.6.2) that a subprotocol may hold too. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{16,}$/;

/** Time that is left before the platform's limit, in milliseconds. */
const SESSION_LIMIT_MARGIN_MS = 15_000;

/** Time before the platform's limit in which a pause is waited for, in milliseconds. */
const HAND_OVER_MARGIN_MS = 3 * 60_000;

/** The options with every default in its place. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

/** @throws GatewayOptionsError that names everything that is wrong */
export function resolveOptions(options: BidiGatewayOptions) {
  const { host = '127.0.0.1', limits = {} } = options;
  throwIfInvalid(options, host);
  return {
    ...options,
    host,
    port: options.port ?? 8080,
    tokens: options.tokens ?? [],
    allowedOrigins: options.allowedOrigins ?? [],
    allowedHosts: options.allowedHosts ?? (LOOPBACK_HOSTS.includes(host) ? LOOPBACK_HOSTS : undefined),
    trustProxy: options.trustProxy ?? false,
    limits: {
      sessions: limits.sessions ?? 1_000,
      sessionsPerClient: limits.sessionsPerClient ?? 1_000,
      opensPerSecond: limits.opensPerSecond ?? 100,
      messageBytes: limits.messageBytes ?? 24 * 1024 * 1024,
      idleMs: limits.idleMs ?? 5 * 60_000,
    },
    operations: options.operations ?? { port: 0 },
    openTimeoutMs: options.openTimeoutMs ?? 15_000,
    sessionLimitMs: options.sessionLimitMs ?? SESSION_LIMIT_MS - SESSION_LIMIT_MARGIN_MS,
    handOverAfterMs: options.handOverAfterMs ?? SESSION_LIMIT_MS - HAND_OVER_MARGIN_MS,
    drainTimeoutMs: options.drainTimeoutMs ?? 15_000,
    probe: options.probe ?? true,
  };
}

function throwIfInvalid(options: BidiGatewayOptions, host: string): void {
  const { tokens = [], allowedOrigins = [], limits = {}, allowAnonymous = false } = options;
  const violations = routeViolations(options.routes);
  if (!LOOPBACK_HOSTS.includes(host) && tokens.length === 0 && !allowAnonymous) {
    violations.push(
      `It would listen on ${host}, beyond this machine, and serve every client that reaches it at your cost: give {tokens}, or say {allowAnonymous}.`,
    );
  }
  const servesAnyHost = !LOOPBACK_HOSTS.includes(host) && options.allowedHosts === undefined && tokens.length === 0;
  if (servesAnyHost && allowedOrigins.includes('same-origin')) {
    violations.push(
      'The origin "same-origin" keeps no page out where any host is served and no token is asked for: a page picks its own name. Name the hosts: {allowedHosts}.',
    );
  }
  if (!tokens.every(token => TOKEN.test(token))) {
    violations.push('A token has fewer than 16 characters, or characters that a header or subprotocol cannot hold.');
  }
  for (const origin of allowedOrigins) {
    const violation = originViolation(origin);
    if (violation) violations.push(violation);
  }
  const { openTimeoutMs, sessionLimitMs, handOverAfterMs } = options;
  const numbers = { ...limits, openTimeoutMs, sessionLimitMs, handOverAfterMs };
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !(value > 0)) violations.push(`${name} is ${value}; it has to be above zero.`);
  }
  for (const [name, value] of Object.entries({ sessionLimitMs, handOverAfterMs })) {
    if ((value ?? 0) > SESSION_LIMIT_MS) violations.push(`${name} is beyond the 30 minutes that the platform allows.`);
  }
  if (violations.length === 0) return;
  throw new GatewayOptionsError({
    what: 'The gateway cannot be started.',
    why: violations.join(' '),
    next: 'Correct what is named; nothing was started.',
    settings: ['tokens', 'allowAnonymous', 'allowedHosts'],
  });
}
