import type { ServedModel } from '../contract';
import type { ExecutionRoleDefinition } from './execution-role';
import { AfterDeployment, localValue, type Value } from './value';

/** The model behind a production variant. */
export interface ModelDefinition {
  /** Name of the model; where CloudFormation makes it up, a stand-in of the same form. */
  readonly name: string;
  /** Environment variables of the container. */
  readonly environment: Readonly<Record<string, Value>>;
  /**
   * Directory of the Dockerfile, absolute.
   *
   * @default - none: the image has to come from a registry
   */
  readonly directory?: string;
  /**
   * Dockerfile, relative to the directory.
   *
   * @default 'Dockerfile'
   */
  readonly file?: string;
  /**
   * Stage of the Dockerfile to build.
   *
   * @default - the last
   */
  readonly target?: string;
  /**
   * Arguments of the build.
   *
   * @default - none
   */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /**
   * Command that starts the container as a process in its directory; `serve` is appended.
   *
   * @default - none: a container engine has to run it
   */
  readonly command?: readonly string[];
  /**
   * Image in a registry.
   *
   * @default - none
   */
  readonly imageUri?: Value;
  /**
   * Model package, which cannot run on this machine.
   *
   * @default - none
   */
  readonly modelPackageArn?: Value;
  /**
   * The model that the container serves, as its clients need to know it.
   *
   * @default - not known
   */
  readonly serves?: ServedModel;
  /**
   * The container that stands in for the model when a simulation is asked for.
   *
   * @default - none
   */
  readonly simulator?: {
    /** Directory of its Dockerfile, absolute. */
    readonly directory: string;
    /** Command that starts it as a process in its directory; `serve` is appended. */
    readonly command: readonly string[];
    /** Variables that it reads beside the model's own. */
    readonly environment?: Readonly<Record<string, string>>;
  };
  /**
   * Whether the container has no network of its own.
   *
   * @default false
   */
  readonly networkIsolation?: boolean;
  /**
   * Whether model files are read from S3.
   *
   * @default false
   */
  readonly hasModelData?: boolean;
  /**
   * Whether its instances have network interfaces in a VPC of the account.
   *
   * @default false
   */
  readonly isInVpc?: boolean;
  /**
   * The execution role.
   *
   * @default - outside this template
   */
  readonly executionRole?: ExecutionRoleDefinition;
  /**
   * Whether the template names the model only, so that nothing but its name is known.
   *
   * @default false
   */
  readonly isOutsideTemplate?: boolean;
}

/** One production variant of an endpoint. */
export interface VariantDefinition {
  /** Name of the variant: 1 to 63 letters, digits and inner hyphens. */
  readonly name: string;
  /** The model that its containers run. */
  readonly model: ModelDefinition;
  /**
   * Instances at the start. The local SageMaker runs as many containers, with requests spread over them.
   *
   * @default 1
   */
  readonly instanceCount?: Value<number>;
  /**
   * Share of the requests, relative to the other variants' weights.
   *
   * @default 1
   */
  readonly weight?: Value<number>;
  /**
   * Time from start to the first passing `/ping`, in seconds.
   *
   * @default 480 - the platform's
   */
  readonly startupHealthCheckTimeoutSeconds?: Value<number>;
  /**
   * The instance type, or the pool's in the order of their priorities.
   *
   * @default - none: this machine
   */
  readonly instanceTypes?: readonly Value[];
  /**
   * `InferenceAmiVersion`.
   *
   * @default - the platform's
   */
  readonly inferenceAmi?: Value;
  /**
   * Most instances that scaling may start.
   *
   * @default - no scaling
   */
  readonly maxCapacity?: Value<number>;
}

/**
 * One endpoint, as a template describes it: what the local SageMaker hosts, `preflight` judges, `check` runs and `destroy-check`
 * looks for.
 *
 * A plain value is known. One that is not is a `StandIn` or an `AfterDeployment`, and says why.
 */
export interface EndpointDefinition {
  /**
   * Name of the endpoint on this machine: 1 to 63 letters, digits and inner hyphens; no other endpoint of a local SageMaker has
   * it. Where CloudFormation makes the name up, a stand-in of the same form.
   */
  readonly name: string;
  /**
   * Name of the endpoint in AWS.
   *
   * @default - none: it is not read from a template
   */
  readonly deployedName?: Value;
  /**
   * Stack that it comes from.
   *
   * @default - none
   */
  readonly stack?: string;
  /**
   * Region that the stack is for.
   *
   * @default - any
   */
  readonly region?: string;
  /** Production variants over which requests are spread by weight; at least one. */
  readonly variants: readonly VariantDefinition[];
  /**
   * Whether the instances' storage is encrypted with a key of the account.
   *
   * @default false
   */
  readonly hasVolumeKey?: boolean;
  /**
   * Whether an update replaces the fleet in batches; otherwise two whole fleets run side by side.
   *
   * @default false
   */
  readonly isRolledOut?: boolean;
}

/** The models of an endpoint, each once. */
export function modelsOf({ variants }: EndpointDefinition): ModelDefinition[] {
  return [...new Map(variants.map(({ model }) => [model.name, model])).values()];
}

/**
 * A model's environment with the values that it runs with on this machine. Values that are known only after deployment are left
 * out: see {@link unknownHere}.
 */
export function localEnvironment({ environment }: ModelDefinition): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => {
      const text = localValue(value);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

/** The values that this machine needs to run an endpoint and that are known only after deployment, one sentence each. */
export function unknownHere(endpoint: EndpointDefinition): string[] {
  return endpoint.variants.flatMap(({ name, model, ...variant }) => {
    const needed: Record<string, Value<unknown> | undefined> = {
      ...Object.fromEntries(Object.entries(model.environment).map(([key, value]) => [`Environment.${key}`, value])),
      ...(model.directory === undefined ? { Image: model.imageUri } : {}),
      ...Object.fromEntries(Object.entries(variant).filter(([, value]) => !Array.isArray(value))),
    };
    return Object.entries(needed).flatMap(([property, value]) =>
      value instanceof AfterDeployment
        ? `${property} of variant ${name} of endpoint ${endpoint.name}: ${value.because}.`
        : [],
    );
  });
}

/** The model of an endpoint as its clients need to know it; undefined where that is not known, or the variants serve different ones. */
export function servedModel({ variants }: EndpointDefinition): ServedModel | undefined {
  const [first] = variants;
  const serves = first?.model.serves;
  const isOne = variants.every(({ model }) => JSON.stringify(model.serves) === JSON.stringify(serves));
  return isOne ? serves : undefined;
}
