import type { BehaviourName } from '../contract';
import type { EndpointUnderTest } from './endpoint-under-test';

/** The container that a probe needs behind the endpoint: the echo container with its probe path, or Deepgram's. */
export type ProbeContainer = 'echo' | 'deepgram';

/** A part of the contract. */
export const PROBE_AREAS = {
  frames: 'Events and frames',
  sizes: 'Sizes and order',
  pings: 'Pings',
  opening: 'Opening a stream',
  closing: 'The end of a stream',
  refusals: 'Refused requests',
  patterns: 'Patterns of the API model',
  signatures: 'Signatures',
  invocations: 'Plain invocations',
  network: 'The network',
} as const;
export type ProbeArea = keyof typeof PROBE_AREAS;

/** One experiment with an endpoint. */
export interface Probe {
  /** Stable name in kebab case. */
  readonly name: string;
  readonly area: ProbeArea;
  /** What the contract says, as one sentence. */
  readonly rule: string;
  /** Where it says so. */
  readonly source: string;
  /** What the endpoint is to do; of an unsettled behaviour, the value that the kit takes. */
  readonly expected: string;
  /** The unsettled behaviour that it asks about: `play` then gives the name of a value, where the observation fits one. */
  readonly behaviour?: BehaviourName;
  /** Does it, and says what happened in the words of `expected`. Never payload, never an account. */
  readonly play: (endpoint: EndpointUnderTest) => Promise<string>;
  /** Time of the platform that it takes, in milliseconds; such a probe runs on request only. @default - seconds */
  readonly slowMs?: number;
  /** @default 'echo' */
  readonly container?: ProbeContainer;
}

/** A probe cannot be played against this endpoint, or from this machine. */
export class ProbeSkipped extends Error {}
