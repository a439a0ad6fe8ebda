import { invocationPathViolation, QUERY_STRING_PATTERN, queryStringViolation, type Route } from '../contract';

/** The model's WebSocket that one of a client's goes to. */
export interface RoutedTarget {
  readonly endpointName: string;
  readonly targetVariant?: string;
  readonly modelInvocationPath?: string;
  readonly modelQueryString?: string;
  readonly dialect?: Route['dialect'];
  /** Name of the model, with a dialect that names it. */
  readonly model?: string;
  /** Tokens that vLLM holds, where they are known. */
  readonly maxModelLen?: number;
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
  if (route.dialect === 'openai') return openAiTarget(route, pathname);
  const rest = route.rewritePath === undefined ? pathname.slice(1) : rewrite(route, pathname);
  const normalized = normalizeQuery(query);
  const violation =
    (rest === '' ? undefined : invocationPathViolation(rest)) ??
    (normalized === '' ? undefined : queryStringViolation(normalized));
  if (violation) return violation;
  return {
    endpointName: route.endpointName,
    targetVariant: route.targetVariant,
    dialect: route.dialect,
    modelInvocationPath: rest || undefined,
    modelQueryString: normalized || undefined,
  };
}

/** Path that OpenAI's clients append to their base URL. */
const OPENAI_PATH = /\/realtime$/;

/** vLLM's name for weights that the platform has put there. */
const DEFAULT_MODEL = '/opt/ml/model';

function openAiTarget(
  { endpointName, targetVariant, dialect, model = DEFAULT_MODEL, maxModelLen }: Route,
  pathname: string,
): RoutedTarget | string {
  if (!OPENAI_PATH.test(pathname)) return "OpenAI's realtime protocol is at a path that ends in /realtime.";
  return { endpointName, targetVariant, dialect, model, maxModelLen };
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
