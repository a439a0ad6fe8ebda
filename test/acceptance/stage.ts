import type { SageMakerRuntimeHTTP2ClientConfig } from '../../lib/client';
import type { FidelityRow } from '../../lib/contract';
import type { Cdk } from './cdk';
import type { Deployed } from './deployed';

/** The stack that the acceptance deploys, and its endpoint. */
export const STACK = 'EchoBidiStack';
export const ENDPOINT_NAME = 'echo-bidi';
export const VARIANT_NAME = 'AllTraffic';

/** Open streams at which an instance is full enough for another one; more than the capacity step opens. */
export const TARGET_CONCURRENCY = 8;

/** What the stack is deployed with beside the instance type. */
const STACK_CONTEXT = [
  `${STACK}:environment=GREETING=hello`,
  `${STACK}:maxCapacity=2`,
  `${STACK}:targetConcurrency=${TARGET_CONCURRENCY}`,
];

/** Every context value of the deployment. */
export function deploymentContext(instanceType: string): string[] {
  return [...STACK_CONTEXT, `${STACK}:instanceType=${instanceType}`];
}

/** How fast a backend moves. */
export interface Pace {
  /** Between two looks at something that changes, in milliseconds. */
  readonly pollMs: number;
  /** Between two messages of a session that is held open, in milliseconds. */
  readonly messageMs: number;
  /** Age, in milliseconds, up to which sessions are held through an update. */
  readonly holdToAgeMs: number;
  /** How `bidi capacity` loads the endpoint: its own words. */
  readonly load: readonly string[];
}

/** Where the script is played: AWS, or the emulator with the local SageMaker behind it. */
export interface Backend extends AsyncDisposable {
  readonly kind: 'aws' | 'emulated';
  readonly region: string;
  /** Instance types to try, the one to prefer first. */
  readonly instanceTypes: readonly string[];
  /** Root of the source tree that is deployed: a copy that the script may change. */
  readonly source: string;
  /** The CDK CLI and `bidi`. */
  readonly cdk: Cdk;
  /** The account, asked by its APIs. */
  readonly deployed: Deployed;
  readonly pace: Pace;
  /** What this backend does not do, with the reason. */
  readonly cannot: {
    readonly scale?: string;
    readonly evaluateAlarms?: string;
    readonly judgeCreation?: string;
  };
  /** Words of `bidi fidelity` that name the endpoint. */
  fidelityTarget(): readonly string[];
  /** What a client of the streams needs. */
  streams(): SageMakerRuntimeHTTP2ClientConfig;
  /** Called after each deployment: streams go to what is deployed from then on. */
  serveDeployed(abortSignal: AbortSignal): Promise<void>;
  /** Lines that the containers wrote when they were stopped, and perhaps others; oldest first, those of ended ones too. */
  containerLog(): Promise<readonly string[]>;
}

/** What the steps of one run share. */
export interface Stage {
  readonly backend: Backend;
  /** Whether `bidi fidelity` also plays what takes minutes. */
  readonly slow: boolean;
  /** The instance type that is deployed, once it is chosen. */
  instanceType: string;
  /** Whether there may be something to destroy. */
  isDeployed: boolean;
  /** Outputs of the newest deployment. */
  outputs: Readonly<Record<string, string>>;
  /** Rows of the fidelity record so far. */
  readonly fidelity: FidelityRow[];
  /** Says aloud what is not shown here, and why. */
  skip(what: string, why: string): void;
}

/** One step of the script. */
export interface Step {
  /** Name in kebab case. */
  readonly name: string;
  /** What holds when it has passed. */
  readonly title: string;
  /** Longest time that it may take in AWS, in minutes. */
  readonly boundMinutes: number;
  /** Instances that it adds to the one that is there, for as long as it takes in AWS. @default 0 */
  readonly addedInstances?: number;
  /**
   * Does it, until the signal ends it.
   *
   * @returns what was seen, as a phrase
   * @throws Error when it does not hold
   */
  readonly play: (stage: Stage, abortSignal: AbortSignal) => Promise<string>;
}
