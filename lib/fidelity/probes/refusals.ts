import { INVOCATION_PATH_LIMIT, NAME_LIMIT, QUERY_STRING_LIMIT } from '../../contract';
import type { Probe } from '../probe';

const API_MODEL = 'API model sagemaker-runtime-http2, 2025-10-01';

/** A name that fits its pattern and that no endpoint and no variant should have. */
const UNUSED_NAME = 'fidelity-no-such-name';

const PATTERNS_SOURCE = `${API_MODEL}: the patterns of the members`;

/** One value of a member that a pattern allows or not. */
export interface PatternEdge {
  readonly member: 'TargetVariant' | 'ModelInvocationPath' | 'ModelQueryString';
  /** What is at the edge. */
  readonly what: string;
  readonly value: string;
  readonly isAllowed: boolean;
}

/** Values at the edges of the patterns. A test holds each against the published model. */
export const PATTERN_EDGES: readonly PatternEdge[] = [
  edge('TargetVariant', 'leading-hyphen', '-a', false),
  edge('TargetVariant', 'underscore', '_', false),
  edge('TargetVariant', 'too-long', 'v'.repeat(NAME_LIMIT + 1), false),
  edge('ModelInvocationPath', 'longest', 'p'.repeat(INVOCATION_PATH_LIMIT), true),
  edge('ModelInvocationPath', 'too-long', 'p'.repeat(INVOCATION_PATH_LIMIT + 1), false),
  edge('ModelInvocationPath', 'all-characters', 'AZaz09-._/.', true),
  edge('ModelInvocationPath', 'leading-slash', '/v1', false),
  edge('ModelInvocationPath', 'trailing-slash', 'v1/', false),
  edge('ModelInvocationPath', 'double-slash', 'v1//listen', false),
  edge('ModelInvocationPath', 'space', 'v1 listen', false),
  edge('ModelInvocationPath', 'percent', 'v1%2Flisten', false),
  edge('ModelInvocationPath', 'query', 'v1?a=b', false),
  edge('ModelQueryString', 'longest', `a=${'b'.repeat(QUERY_STRING_LIMIT - 2)}`, true),
  edge('ModelQueryString', 'too-long', `a=${'b'.repeat(QUERY_STRING_LIMIT - 1)}`, false),
  edge('ModelQueryString', 'all-characters', 'aZ0_-=AZaz09._~-%2F&0=%fF', true),
  edge('ModelQueryString', 'no-value', 'a=', false),
  edge('ModelQueryString', 'no-equals', 'a', false),
  edge('ModelQueryString', 'leading-underscore', '_a=b', false),
  edge('ModelQueryString', 'dot-in-name', 'a.b=c', false),
  edge('ModelQueryString', 'half-escape', 'a=%4', false),
  edge('ModelQueryString', 'plus', 'a=b+c', false),
  edge('ModelQueryString', 'colon', 'a=b:c', false),
  edge('ModelQueryString', 'trailing-ampersand', 'a=b&', false),
  edge('ModelQueryString', 'question-mark', '?a=b', false),
];

/** Where a member stands in a request of a probe. */
const MEMBERS = {
  TargetVariant: { word: 'variant', target: (value: string) => ({ targetVariant: value }) },
  ModelInvocationPath: { word: 'path', target: (value: string) => ({ modelInvocationPath: value }) },
  ModelQueryString: { word: 'query', target: (value: string) => ({ modelQueryString: value }) },
} as const;

/** What the platform refuses before it asks a container. */
export const REFUSAL_PROBES: readonly Probe[] = [
  {
    name: 'unknown-endpoint',
    area: 'refusals',
    rule: 'An endpoint that does not exist is an InputValidationError.',
    source: API_MODEL,
    expected: 'HTTP 400 InputValidationError',
    play: async endpoint => (await endpoint.request({ endpointName: UNUSED_NAME })).end,
  },
  {
    name: 'unknown-variant',
    area: 'refusals',
    rule: 'A variant that does not exist is an InputValidationError.',
    source: API_MODEL,
    expected: 'HTTP 400 InputValidationError',
    play: async endpoint => (await endpoint.request({ targetVariant: UNUSED_NAME })).end,
  },
  {
    name: 'error-body',
    area: 'refusals',
    rule: 'The body of an error has the member Message.',
    source: API_MODEL,
    expected: 'Message',
    play: async endpoint => {
      const message = await endpoint.openSession({ targetVariant: UNUSED_NAME }).then(
        session => session.abort(),
        (error: { Message?: string }) => error.Message,
      );
      return message ? 'Message' : 'no Message';
    },
  },
  {
    name: 'model-error-body',
    area: 'refusals',
    rule: 'The body of a ModelError has the status of the container and the log stream.',
    source: API_MODEL,
    expected: 'OriginalStatusCode, OriginalMessage, LogStreamArn',
    play: async endpoint => {
      const refused = { modelInvocationPath: 'probe', modelQueryString: 'status=503' };
      const error = await endpoint.openSession(refused).then(
        session => session.abort(),
        (thrown: Readonly<Record<string, unknown>>) => thrown,
      );
      const members = ['OriginalStatusCode', 'OriginalMessage', 'LogStreamArn'] as const;
      return members.filter(member => error?.[member] !== undefined).join(', ') || 'none of them';
    },
  },
  ...PATTERN_EDGES.map(
    ({ member, what, value, isAllowed }): Probe => ({
      name: `${MEMBERS[member].word}-${what}`,
      area: 'patterns',
      rule: `${member} ${isAllowed ? 'may be' : 'may not be'} ${printed(value)}.`,
      source: PATTERNS_SOURCE,
      expected: isAllowed ? 'passed to the container' : 'HTTP 400 InputValidationError',
      play: async endpoint => {
        const { end, parts } = await endpoint.request(MEMBERS[member].target(value));
        // The container answers on the probe's path, and refuses other paths itself.
        return parts.length > 0 || end.startsWith('HTTP 424') ? 'passed to the container' : end;
      },
    }),
  ),
];

function edge(member: PatternEdge['member'], what: string, value: string, isAllowed: boolean): PatternEdge {
  return { member, what, value, isAllowed };
}

function printed(value: string): string {
  return value.length > 40 ? `${value.length} characters` : `\`${value}\``;
}
