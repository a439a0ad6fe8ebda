import type { Explanation, ServedModel } from '../../contract';

/** Variables and endpoints that the page shows, and what it can change. */
export interface Guide {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Variables that have to be unset. */
  readonly unset: readonly string[];
  readonly endpoints: readonly GuideEndpoint[];
  /** Whether the page can open streams of its own. */
  readonly canTry: boolean;
  /** The faults that can be injected. */
  readonly faults: Readonly<Record<string, FaultChoice>>;
}

/** An endpoint as the page knows it. */
export interface GuideEndpoint {
  readonly name: string;
  readonly stack?: string;
  readonly serves?: ServedModel;
}

/** A kind of fault as the page offers it. */
export interface FaultChoice {
  readonly summary: string;
  /** The first is the default. */
  readonly phases: readonly string[];
  readonly value?: { readonly meaning: string; readonly default: number };
}

/** What a page changes in the running local SageMaker. */
export interface Controls {
  /** How many times faster than real time the long waits pass on streams that open from now on. @throws ExplainedError when not above 0 */
  clockScale: number;
  /** Faults of the streams that open from now on, each as `--fault` takes it. @throws ExplainedError when one is set that is none */
  faults: readonly string[];
  /** Injects a fault into an open stream. @returns what was wrong, or undefined */
  inject(requestId: string, fault: string): Explanation | undefined;
}
