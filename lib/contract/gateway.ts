/**
 * What is shared by the gateway, its image, and the service that runs it in AWS: the table of routes, its ports and its figures.
 */

import { endpointNameViolation, invocationPathViolation, variantNameViolation } from './names';

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
