import {
  endpointNameViolation,
  invocationPathViolation,
  QUERY_STRING_PATTERN,
  queryStringViolation,
  variantNameViolation,
} from '../contract';

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
   * What replaces `path` in the path of the model's WebSocket: with `path` `/speech` and `rewritePath` `/`, `/speech/v1/listen` becomes
   * `v1/listen`.
   *
   * @default the path as it came
   */
  readonly rewritePath?: string;
}

/** The model's WebSocket that one of a client's goes to. */
export interface RoutedTarget {
  readonly endpointName: string;
  readonly targetVariant?: string;
  readonly modelInvocationPath?: string;
  readonly modelQueryString?: string;
}

/** The properties of a {@link Route}. */
const PROPERTIES: ReadonlySet<string> = new Set(['endpointName', 'path', 'host', 'targetVariant', 'rewritePath']);

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
    .filter(name => !PROPERTIES.has(name))
    .map(name => `has an unknown property "${name}"; known are ${[...PROPERTIES].join(', ')}.`);
  for (const [name, value] of Object.entries(route)) {
    if (PROPERTIES.has(name) && value !== undefined && typeof value !== 'string')
      violations.push(`has a "${name}" that is not a string.`);
  }
  if (violations.length > 0) return violations;
  const { endpointName, path, rewritePath, targetVariant } = route as unknown as Partial<Route>;
  if (endpointName === undefined) violations.push('names no endpoint: "endpointName" is missing.');
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

/**
 * The model's WebSocket for a client's.
 *
 * The route with the longest path wins; among equals one that names the host.
 *
 * @param host host name of the request, without a port
 * @param pathname path of the request, with its leading slash
 * @returns the target, or undefined when no route takes it
 */
export function findRoute(routes: readonly Route[], host: string, pathname: string): Route | undefined {
  return routes
    .filter(
      route => (route.host === undefined || route.host.toLowerCase() === host.toLowerCase()) && takes(route, pathname),
    )
    .sort((one, other) => prefixOf(other).length - prefixOf(one).length || rank(other) - rank(one))[0];
}

const rank = (route: Route): number => (route.host === undefined ? 0 : 1);

/** The path of a route without slashes at its ends. */
function prefixOf({ path = '/' }: Route): string {
  return path.replace(/^\/+|\/+$/g, '');
}

function takes(route: Route, pathname: string): boolean {
  const prefix = prefixOf(route);
  const path = pathname.slice(1);
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}

/**
 * Where a request goes by its route.
 *
 * @returns the target, or what is wrong with path or query as a sentence
 */
export function targetOf(route: Route, pathname: string, query: string): RoutedTarget | string {
  const rest = route.rewritePath === undefined ? pathname.slice(1) : rewrite(route, pathname);
  const normalized = normalizeQuery(query);
  const violation =
    (rest === '' ? undefined : invocationPathViolation(rest)) ??
    (normalized === '' ? undefined : queryStringViolation(normalized));
  if (violation) return violation;
  return {
    endpointName: route.endpointName,
    targetVariant: route.targetVariant,
    modelInvocationPath: rest || undefined,
    modelQueryString: normalized || undefined,
  };
}

function rewrite(route: Route, pathname: string): string {
  const rest = pathname.slice(1 + prefixOf(route).length).replace(/^\/+/, '');
  const prefix = route.rewritePath!.replace(/^\/+|\/+$/g, '');
  return [prefix, rest].filter(Boolean).join('/');
}

/**
 * The query as the platform's pattern has it: clients write a space as `+` and leave `:` and `,` as they are, which the service
 * refuses with HTTP 400. The values stay the same; only how they are written changes. A query that has the pattern is not touched.
 */
export function normalizeQuery(query: string): string {
  if (query === '' || QUERY_STRING_PATTERN.test(query)) return query;
  return [...new URLSearchParams(query)].map(([name, value]) => `${name}=${encode(value)}`).join('&');
}

/** Percent-encoded but for RFC 3986's unreserved characters without `!'()*`, which `encodeURIComponent` leaves. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
