/**
 * Shared by the gateway, its image, and the service that runs it in AWS: the table of routes, its ports and its figures.
 */

import { endpointNameViolation, invocationPathViolation, variantNameViolation } from './names';

/** The protocols of clients that a gateway can know; see {@link Route.dialect}. */
export const GATEWAY_DIALECTS = ['openai', 'deepgram'] as const;

/** One of {@link GATEWAY_DIALECTS}. */
export type GatewayDialect = (typeof GATEWAY_DIALECTS)[number];

/** Which WebSockets go to which model. */
export interface Route {
  /** Name of the endpoint: 1 to 63 letters, digits and inner hyphens. */
  readonly endpointName: string;
  /**
   * Beginning of the WebSocket's path, by whole segments: `/speech` takes `/speech` and `/speech/v1/listen`, not `/speeches`.
   *
   * @default /
   */
  readonly path?: string;
  /**
   * Host name that the client asked for, without a port.
   *
   * @default any
   */
  readonly host?: string;
  /**
   * Production variant that is to answer.
   *
   * @default the endpoint's own choice, by weight
   */
  readonly targetVariant?: string;
  /**
   * The replacement of `path` in the path of the model's WebSocket: with `path` `/speech` and `rewritePath` `/`,
   * `/speech/v1/listen` becomes
   * `v1/listen`.
   *
   * @default the path as it came
   */
  readonly rewritePath?: string;
  /**
   * The protocol that the gateway knows its clients to speak: `openai` is OpenAI's realtime transcription in front of vLLM, at
   * `/v1/realtime` behind `path`; `deepgram` is Deepgram's own, whose transcriptions of bare samples outlive the platform's 30 minutes.
   *
   * @default any: every frame passes as it is, and a session ends before the 30 minutes
   */
  readonly dialect?: GatewayDialect;
  /**
   * Name under which vLLM serves the model, with `dialect` `openai`. The name that a client gives does not count.
   *
   * @default /opt/ml/model, vLLM's name for weights that the platform has put there
   */
  readonly model?: string;
  /**
   * vLLM's `--max-model-len`, in tokens of 80 ms of audio, with `dialect` `openai`: a turn that fills it goes on with another stream.
   *
   * @default - not known: vLLM completes such a turn by itself, and what follows is another item
   */
  readonly maxModelLen?: number;
}

/** The properties of a {@link Route}, and the type of each. */
const PROPERTIES: Readonly<Record<keyof Route, 'string' | 'number'>> = {
  endpointName: 'string',
  path: 'string',
  host: 'string',
  targetVariant: 'string',
  rewritePath: 'string',
  dialect: 'string',
  model: 'string',
  maxModelLen: 'number',
};

/** Everything that is wrong with a table of routes, as sentences that name the route. */
export function routeViolations(routes: unknown): string[] {
  if (!Array.isArray(routes)) return ['The routes have to be a list.'];
  if (routes.length === 0) return ['There is no route.'];
  const seen = new Map<string, number>();
  return routes.flatMap((route: unknown, index) => {
    if (typeof route !== 'object' || route === null) return [`Route ${index + 1} is not an object.`];
    const violations = violationsOf(route as Record<string, unknown>);
    const { host = '', path = '/' } = route as Route;
    const key = `${String(host).toLowerCase()} ${path}`;
    const twin = seen.get(key);
    if (twin !== undefined) violations.push(`has the path and host of route ${twin}.`);
    seen.set(key, index + 1);
    return violations.map(violation => `Route ${index + 1} ${violation}`);
  });
}

function violationsOf(route: Record<string, unknown>): string[] {
  const violations = Object.keys(route)
    .filter(name => !(name in PROPERTIES))
    .map(name => `has an unknown property "${name}"; known are ${Object.keys(PROPERTIES).join(', ')}.`);
  for (const [name, type] of Object.entries(PROPERTIES)) {
    const value = route[name];
    if (value !== undefined && typeof value !== type) violations.push(`has a "${name}" that is not a ${type}.`);
  }
  if (violations.length > 0) return violations;
  const { endpointName, path, rewritePath, targetVariant, dialect, model, maxModelLen } =
    route as unknown as Partial<Route>;
  if (endpointName === undefined) violations.push('names no endpoint: "endpointName" is missing.');
  if (dialect !== undefined && !GATEWAY_DIALECTS.includes(dialect))
    violations.push(`has an unknown dialect "${dialect}"; known are ${GATEWAY_DIALECTS.join(' and ')}.`);
  if (dialect !== 'openai' && model !== undefined)
    violations.push('has a "model" without the dialect openai: only there does the gateway name it.');
  if (dialect !== 'openai' && maxModelLen !== undefined)
    violations.push('has a "maxModelLen" without the dialect openai: only there does the gateway begin turns.');
  if (maxModelLen !== undefined && !(Number.isInteger(maxModelLen) && maxModelLen > 0))
    violations.push('has a "maxModelLen" that is not a whole number above zero.');
  if (dialect === 'openai' && rewritePath !== undefined)
    violations.push('has a "rewritePath" and the dialect openai, which has a path of its own.');
  const sentences = [
    endpointName === undefined ? undefined : endpointNameViolation(endpointName),
    targetVariant === undefined ? undefined : variantNameViolation(targetVariant),
    ...[path, rewritePath].map(prefix =>
      prefix === undefined || prefix === '/' || prefix === ''
        ? undefined
        : invocationPathViolation(prefix.replace(/^\//, '').replace(/\/$/, '')),
    ),
  ].filter(sentence => sentence !== undefined);
  return [...violations, ...sentences.map(sentence => `is invalid: ${sentence}`)];
}

/** Scheme and host of a web page, as browsers write an origin. */
const ORIGIN = /^https?:\/\/[^/\s]+$/;

/** What is wrong with an origin that may stream, as a sentence. `same-origin` is the gateway's own. */
export function originViolation(origin: string): string | undefined {
  if (origin === 'same-origin' || ORIGIN.test(origin)) return undefined;
  return `The origin "${origin}" is not one: write scheme and host without a path, such as https://app.example.com.`;
}

/** TCP port on which the gateway's image takes WebSockets. */
export const GATEWAY_PORT = 8080;

/** TCP port of the image's `/healthz`, `/readyz` and `/metrics`. */
export const GATEWAY_OPERATIONS_PORT = 8081;

/** Path that answers 200 while the gateway takes new WebSockets, on {@link GATEWAY_OPERATIONS_PORT}. */
export const GATEWAY_READY_PATH = '/readyz';

/** Environment variable with the gateway's tokens, one a line. */
export const GATEWAY_TOKEN_VARIABLE = 'BIDI_GATEWAY_TOKEN';

/** CloudWatch namespace of the gateway's figures. They have one dimension, {@link GATEWAY_DIMENSION}. */
export const GATEWAY_NAMESPACE = 'BidiGateway';

/** Dimension of the figures: the name that the gateway was given. */
export const GATEWAY_DIMENSION = 'Gateway';

/** Figures in {@link GATEWAY_NAMESPACE}; each instance of the gateway writes them once a minute. */
export const GatewayMetric = {
  /** Most sessions that one instance held at a time in the minute. */
  OPEN_SESSIONS: 'OpenSessions',
  /** Sessions that were opened. */
  OPENED_SESSIONS: 'OpenedSessions',
  /** Opens that were answered with HTTP 500 or above: the endpoint, the platform or the gateway could not serve them. */
  FAILED_OPENS: 'FailedOpens',
  /** Sessions that ended with an error. */
  BROKEN_SESSIONS: 'BrokenSessions',
} as const;

/** Outputs of the stack that runs a gateway, by their CloudFormation output key. */
export const GatewayStackOutput = {
  /** Where clients open WebSockets, such as `wss://speech.example.com`. */
  URL: 'GatewayUrl',
  /** DNS name of the load balancer, to which the domain name has to point. */
  LOAD_BALANCER_DNS_NAME: 'LoadBalancerDnsName',
  /** ARN of the secret that holds the clients' tokens. */
  TOKEN_SECRET_ARN: 'TokenSecretArn',
  /** CloudWatch log group of the gateway. */
  LOG_GROUP_NAME: 'LogGroupName',
  /** A command that opens a WebSocket. */
  TRY_IT: 'TryIt',
} as const;
