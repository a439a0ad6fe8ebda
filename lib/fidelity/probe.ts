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
  deployment: 'Deployments',
} as const;
export type ProbeArea = keyof typeof PROBE_AREAS;

/** A row of the contract: what an endpoint is to do. */
export interface ContractRow {
  /** Stable name in kebab case. */
  readonly name: string;
  readonly area: ProbeArea;
  /** The rule of the contract, as one sentence. */
  readonly rule: string;
  /** Source of the rule. */
  readonly source: string;
  /** Expected behaviour of the endpoint; for an unsettled behaviour, the value that the kit assumes. */
  readonly expected: string;
  /** The unsettled behaviour that the row is about. The observation is then the name of a value, if it fits one. */
  readonly behaviour?: BehaviourName;
}

/** One experiment with an endpoint. */
export interface Probe extends ContractRow {
  /** Plays the probe. @returns the observation in the words of `expected`, without payload or account */
  readonly play: (endpoint: EndpointUnderTest) => Promise<string>;
  /** Time of the platform that it takes, in milliseconds; such a probe runs on request only. @default - seconds */
  readonly slowMs?: number;
  /** @default 'echo' */
  readonly container?: ProbeContainer;
}

/** A probe cannot be played against this endpoint, or from this machine. */
export class ProbeSkipped extends Error {}
