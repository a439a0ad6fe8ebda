import type { IConstruct } from 'constructs';
import { ExplainedError } from '../../lib/contract';
import type {
  BidiStackProps,
  ContainerStackProps,
  DeepgramStackProps,
  GatewayStackProps,
  RolloutName,
} from '../../lib/infra';
import { type ContextValues, isKey, meantKey, type NagPackName, PARSERS, placeOf, readerOf } from './context-keys';
import { editDistance } from './edit-distance';
import { scalingViolations } from './scaling-context';
import { NotUnderstood } from './value-parsers';

/** Values in the app's context that mean something to this kit and are not what they must be, or keys that are misspelt. */
export class InvalidContextError extends ExplainedError {
  override readonly code = 'ERR_BIDI_INVALID_CONTEXT';
  /** One sentence a violation. */
  readonly violations: readonly string[];

  constructor(violations: readonly string[]) {
    super({
      what: `The app's context cannot be used:${violations.map(violation => `\n  - ${violation}`).join('')}`,
      why: 'Context comes from -c key=value, from cdk.json and from cdk.context.json; these entries were not understood.',
      next: 'Correct every line above. The keys and their values are listed in docs/constructs.md.',
    });
    this.violations = violations;
  }
}

/** The context of one stack. */
export interface StackContext extends Omit<BidiStackProps, keyof import('aws-cdk-lib').StackProps> {
  /**
   * Directory of the Dockerfile; of the stack of a container only.
   *
   * @default - the app has no such stack
   */
  readonly imageDirectory?: ContainerStackProps['imageDirectory'];
  /**
   * Command that starts the container as a process of this machine; of the stack of a container only.
   *
   * @default - runs on this machine need a container engine
   */
  readonly localCommand?: ContainerStackProps['localCommand'];
  /**
   * How an update moves streams to the new instances; of the stacks of an image only.
   *
   * @default 'all-at-once'
   */
  readonly rollout?: RolloutName;
  /**
   * ARN of the model package in the stack's region; of the stacks of a model package only.
   *
   * @default - a CloudFormation parameter, without which the stack cannot be deployed
   */
  readonly modelPackageArn?: DeepgramStackProps['modelPackageArn'];
  /**
   * The product that the package holds; of the Deepgram stack only.
   *
   * @default 'nova3'
   */
  readonly product?: DeepgramStackProps['product'];
  /**
   * Query with which clients should open streams: at most 2048 characters, percent-encoded; of the Deepgram stack only.
   *
   * @default - an example that works for the product
   */
  readonly query?: DeepgramStackProps['query'];
}

/** The context of the app. */
export interface AppContext {
  /** cdk-nag packs to check the app with. */
  readonly nagPacks: readonly NagPackName[];
  /** Repository under which to publish images, instead of the bootstrap's. */
  readonly imageRepository?: string;
  /** The context of a stack: `-c key=value` for all, `-c STACK:key=value` for one, which counts more. */
  forStack(stackId: string): StackContext;
  /** The same for a stack that runs a gateway. */
  forGateway(stackId: string): GatewayContext;
}

/** The context of the stack of a gateway. */
export type GatewayContext = Omit<GatewayStackProps, keyof import('aws-cdk-lib').StackProps>;

/**
 * Reads the app's context.
 *
 * @param stackIds ids of the stacks that `STACK:key` may name.
 * @throws InvalidContextError with every violation: values that are empty or not allowed, scaling that is half described, keys that
 * are almost ones of ours or stand where nothing reads them.
 */
export function readAppContext(app: IConstruct, stackIds: readonly string[]): AppContext {
  const reader = new ContextReader(stackIds);
  for (const [path, value] of Object.entries(app.node.getAllContext() as Record<string, unknown>)) {
    reader.read(path, value);
  }
  return reader.close();
}

class ContextReader {
  private readonly violations: string[] = [];
  private readonly given = new Set<string>();
  private readonly shared: ContextValues = {};
  private readonly own: ReadonlyMap<string, ContextValues>;

  constructor(private readonly stackIds: readonly string[]) {
    this.own = new Map(stackIds.map(id => [id, {}]));
  }

  read(path: string, value: unknown): void {
    const [stackId, key] = this.split(path);
    if (!isKey(key)) {
      this.violations.push(...this.misspelt(path, stackId, key));
      return;
    }
    const place = placeOf(key, stackId);
    if (place !== path) {
      this.violations.push(
        `"${path}" would change nothing: ${key} is for ${readerOf(key)}; write "${place}", or leave it out.`,
      );
      return;
    }
    this.given.add(path);
    const values: Record<string, unknown> = stackId === undefined ? this.shared : this.own.get(stackId)!;
    // A value that cannot be parsed for one stack must not fall back to the value for all stacks.
    values[key] = undefined;
    if (typeof value === 'string' && value.trim() === '') {
      this.violations.push(`${path} is empty; perhaps a shell variable is not set.`);
      return;
    }
    try {
      values[key] = PARSERS[key](value);
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      this.violations.push(`${path} is ${JSON.stringify(value)}; it ${error.message}.`);
    }
  }

  close(): AppContext {
    const valuesOf = (stackId: string) => ({ ...this.shared, ...this.own.get(stackId) });
    this.violations.push(...scalingViolations(this.stackIds, this.given, valuesOf));
    if (this.violations.length > 0) throw new InvalidContextError(this.violations);
    return {
      nagPacks: this.shared.nagPacks ?? ['AwsSolutions'],
      imageRepository: this.shared.imageRepository,
      forStack: stackId => stackContext(valuesOf(stackId)),
      forGateway: stackId => gatewayContext(valuesOf(stackId)),
    };
  }

  private split(path: string): [stackId: string | undefined, key: string] {
    const stackId = this.stackIds.find(id => path.startsWith(`${id}:`));
    return [stackId, stackId === undefined ? path : path.slice(stackId.length + 1)];
  }

  /** Keys of the CDK and of others pass; a key of this kit under an unknown stack, or a name close to a key, does not. */
  private misspelt(path: string, stackId: string | undefined, key: string): string[] {
    const [, unknownStack, keyOfStack] = /^([^:]+):([^:]+)$/.exec(path) ?? [];
    if (stackId === undefined && unknownStack !== undefined && isKey(keyOfStack!)) {
      const nearest = this.stackIds.toSorted(
        (a, b) =>
          editDistance(a.toLowerCase(), unknownStack.toLowerCase()) -
          editDistance(b.toLowerCase(), unknownStack.toLowerCase()),
      )[0]!;
      return [
        `"${path}" would change nothing: no stack is called ${unknownStack} (there are ${this.stackIds.join(', ')}); did you mean "${placeOf(keyOfStack!, nearest)}"?`,
      ];
    }
    const meant = meantKey(key, stackId !== undefined);
    return meant ? [`"${path}" is no key; did you mean "${placeOf(meant, stackId)}"?`] : [];
  }
}

function stackContext(values: ContextValues): StackContext {
  const {
    minCapacity,
    maxCapacity,
    targetConcurrency,
    scalingPaused,
    logRetentionDays,
    nagPacks,
    imageRepository,
    ...rest
  } = values;
  return {
    ...rest,
    logRetention: logRetentionDays,
    scaling:
      maxCapacity !== undefined && targetConcurrency !== undefined
        ? { minCapacity, maxCapacity, targetConcurrency, paused: scalingPaused }
        : undefined,
  };
}

function gatewayContext(values: ContextValues): GatewayContext {
  return {
    endpointName: values.endpointName,
    publicLoadBalancer: values.publicLoadBalancer,
    certificateArn: values.certificateArn,
    domainName: values.domainName,
    hostedZoneId: values.hostedZoneId,
    tokenSecret: values.tokenSecret,
    allowedOrigins: values.allowedOrigins,
    minTasks: values.minTasks,
    maxTasks: values.maxTasks,
    sessionsPerTask: values.sessionsPerTask,
    dialect: values.dialect,
    // Of the model that VllmStack deploys, which is one of the gateway's only in this dialect.
    ...(values.dialect === 'openai' && { servedModelName: values.servedModelName, maxModelLen: values.maxModelLen }),
    vpcId: values.vpcId,
    alarmTopicArn: values.alarmTopicArn,
    logRetention: values.logRetentionDays,
  };
}
