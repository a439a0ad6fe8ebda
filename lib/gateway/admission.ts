import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Refusal, refusal } from './refusal';

/** Who may open a WebSocket. */
export interface AdmissionOptions {
  /** Tokens of the clients; empty where every client may stream. */
  readonly tokens: readonly string[];
  /** Name of the query parameter that may hold the token, or undefined where none may. */
  readonly tokenParameter: string | undefined;
  /** Origins of web pages, such as `https://app.example.com`; `same-origin` is the gateway's own. */
  readonly allowedOrigins: readonly string[];
  /** Host names that a request may name, without port; undefined where any may. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Whether X-Forwarded-Proto and X-Forwarded-For are believed. */
  readonly trustProxy: boolean;
  /** Whether the gateway itself speaks TLS. */
  readonly tls: boolean;
}

/** A request that may open a WebSocket. */
export interface Admitted {
  /** Key of the client for its limits: never the token itself. */
  readonly client: string;
  /** Subprotocol that the response has to name, or undefined. */
  readonly subprotocol: string | undefined;
  /** The query without the token. */
  readonly query: string;
}

/**
 * Subprotocols that announce a token as the one behind it, where browsers can send no header: `['token', TOKEN]` (Deepgram),
 * `['bearer', TOKEN]`.
 */
const ANNOUNCES_TOKEN = /^(token|bearer)$/i;

/** How OpenAI's clients carry a token as a subprotocol. */
const OPENAI_TOKEN_PREFIX = 'openai-insecure-api-key.';

/** Judges a request by its Host, its Origin and its token. @returns a refusal, or the admission */
export function admit(request: IncomingMessage, query: string, options: AdmissionOptions): Admitted | Refusal {
  const subprotocols = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(Boolean);
  const parameters = new URLSearchParams(query);
  const { tokenParameter } = options;
  const fromQuery = tokenParameter === undefined ? null : parameters.get(tokenParameter);
  if (fromQuery !== null) parameters.delete(tokenParameter!);
  const refused = refuseHost(request, options) ?? refuseOrigin(request, options);
  if (refused) return refused;
  const address = options.trustProxy ? forwardedFor(request) : undefined;
  const client = options.tokens.length === 0 ? (address ?? request.socket.remoteAddress ?? '') : undefined;
  const given = tokenOf(request, subprotocols) ?? fromQuery ?? undefined;
  const index = client === undefined ? indexOfToken(options.tokens, given) : undefined;
  if (client === undefined && index === undefined) {
    return refusal(
      401,
      given === undefined
        ? [
            'The request has no token.',
            'This gateway serves only clients with one.',
            'Send it as "Authorization: Bearer TOKEN", or in a browser as new WebSocket(url, ["token", TOKEN]).',
          ]
        : [
            'The token is not valid.',
            'It is none of those that this gateway was started with.',
            'Use the right token.',
          ],
      { 'www-authenticate': 'Bearer' },
    );
  }
  return {
    client: client ?? `token-${index! + 1}`,
    subprotocol: subprotocols.find(name => !isToken(name, given)),
    query: fromQuery === null ? query : parameters.toString(),
  };
}

function tokenOf({ headers }: IncomingMessage, subprotocols: readonly string[]): string | undefined {
  const [, fromHeader] = /^(?:Bearer|Token)\s+(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (fromHeader !== undefined) return fromHeader;
  const openai = subprotocols.find(name => name.startsWith(OPENAI_TOKEN_PREFIX));
  if (openai) return openai.slice(OPENAI_TOKEN_PREFIX.length);
  const announced = subprotocols.findIndex(name => ANNOUNCES_TOKEN.test(name));
  return announced < 0 ? undefined : subprotocols[announced + 1];
}

function isToken(subprotocol: string, token: string | undefined): boolean {
  return subprotocol === token || subprotocol.startsWith(OPENAI_TOKEN_PREFIX);
}

/** Compares digests, so that the time tells nothing of the token. */
function indexOfToken(tokens: readonly string[], given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const digest = sha256(given);
  const matches = tokens.map(token => timingSafeEqual(sha256(token), digest));
  const index = matches.indexOf(true);
  return index < 0 ? undefined : index;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Host name of a request, without its port. */
export function hostNameOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
}

function refuseHost(request: IncomingMessage, { allowedHosts }: AdmissionOptions): Refusal | undefined {
  const host = hostNameOf(request);
  if (allowedHosts === undefined || allowedHosts.some(allowed => allowed.toLowerCase() === host)) return undefined;
  return refusal(403, [
    `The request asks for the host "${printableHost(host)}".`,
    'A web page whose name was bound to this address anew (DNS rebinding) would ask like this.',
    'Ask for a host that the gateway allows, or add it to `allowedHosts`.',
  ]);
}

function refuseOrigin(request: IncomingMessage, options: AdmissionOptions): Refusal | undefined {
  const { origin } = request.headers;
  if (origin === undefined) return undefined; // no web page: only browsers send it, and pages cannot leave it out
  const { allowedOrigins } = options;
  const isAllowed =
    allowedOrigins.includes(origin) ||
    (allowedOrigins.includes('same-origin') && origin === ownOrigin(request, options));
  if (isAllowed) return undefined;
  return refusal(403, [
    'The web page that asks is of an origin that may not stream here.',
    'Browsers let any page open a WebSocket to any host; only the server can refuse it.',
    'Add the page to `allowedOrigins`, such as https://app.example.com.',
  ]);
}

/** The gateway's own origin as the browser sees it, behind a proxy that ends TLS too. */
function ownOrigin(request: IncomingMessage, { trustProxy, tls }: AdmissionOptions): string {
  const forwarded = trustProxy
    ? String(request.headers['x-forwarded-proto'] ?? '')
        .split(',')[0]!
        .trim()
    : '';
  return `${forwarded || (tls ? 'https' : 'http')}://${request.headers.host}`;
}

/** The address that the proxy nearest to the gateway saw. */
function forwardedFor({ headers }: IncomingMessage): string | undefined {
  return (
    String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim() || undefined
  );
}

function printableHost(host: string): string {
  return host.replace(/[^\x21-\x7e]/g, '?').slice(0, 100);
}
