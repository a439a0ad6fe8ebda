import { Duration, Token } from 'aws-cdk-lib';
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import type { Construct } from 'constructs';
import {
  DEEPGRAM_ENVIRONMENT_NAME_PATTERN,
  DEEPGRAM_ENVIRONMENT_VALUE_PATTERN,
  DEEPGRAM_INFERENCE_AMI,
  type DeepgramProduct,
  type DeepgramProductName,
  DeepgramProducts,
  deepgramParameterViolations,
  hasSeveralGpus,
  instanceFamily,
  MODEL_DOWNLOAD_TIMEOUT_SECONDS,
  mayHaveGpu,
  queryStringViolation,
  type ServedModel,
  STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
} from '../contract';
import { BidiEndpoint } from './bidi-endpoint';
import type { BidiEndpointProps } from './bidi-endpoint-props';
import { BidiModel, type BidiModelFromModelPackageProps, type ModelSimulator } from './bidi-model';
import { endpointViolations } from './endpoint-violations';
import { instanceTypesOf } from './hosting-capacity';
import { kitContainer } from './kit-container';
import { throwIfInvalid, type Violation } from './violations';

/** The product of Deepgram that an endpoint hosts, and its instances. */
export interface DeepgramEndpointProps
  extends Omit<BidiEndpointProps, 'model' | 'rollout' | 'variants'>,
    BidiModelFromModelPackageProps {
  /**
   * The product that the model package holds.
   *
   * @default 'nova3'
   */
  readonly product?: DeepgramProductName;
  /** ARN of the model package in the endpoint's region, from the subscription on AWS Marketplace. */
  readonly modelPackageArn: string;
  /**
   * Query with which clients should open streams, such as `model=nova-3&language=de`.
   *
   * @default - an example that works for the product
   */
  readonly query?: string;
  /**
   * Settings of the package, one a variable: `DEEPGRAM_API_<suffix>` or `DEEPGRAM_ENGINE_<suffix>`, each with
   * `<dotted.key>=<value>`. Only where the listing allows any.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Instance type. Not together with `instanceTypes`.
   *
   * @default - the first that Deepgram recommends for the product: `ml.g6.2xlarge` for speech-to-text, `ml.g6.12xlarge` for
   * Aura-2, `ml.g6e.2xlarge` for Flux text-to-speech
   */
  readonly instanceType?: string;
  /**
   * A container that can stand in for the package on this machine.
   *
   * @default - the simulator that this kit brings: it plays a script and makes tones
   */
  readonly simulator?: ModelSimulator;
  /**
   * Image of the hosts, with its GPU driver.
   *
   * @default 'al2023-ami-sagemaker-inference-gpu-4-1', without which older hosts boot a driver that the package refuses
   */
  readonly inferenceAmi?: string;
  /**
   * How long the container may take to answer `/ping` after its start: whole seconds, 60 s to 1 h.
   *
   * @default Duration.seconds(900)
   */
  readonly startupHealthCheckTimeout?: Duration;
  /**
   * How long image and model data may take to arrive: whole seconds, 60 s to 1 h. Large multilingual packages need 1800.
   *
   * @default Duration.seconds(600)
   */
  readonly modelDownloadTimeout?: Duration;
}

/** An endpoint for one of Deepgram's model packages, with the product's path, default query and rules. */
@propertyInjectable
export class DeepgramEndpoint extends BidiEndpoint {
  /** Name under which an `IPropertyInjector` changes the defaults of this construct. */
  static override get PROPERTY_INJECTION_ID(): string {
    return 'sagemaker-bidi-kit.DeepgramEndpoint';
  }

  /** The product that it hosts, with its path and rules. */
  readonly product: DeepgramProduct;
  /** `X-Amzn-SageMaker-Model-Invocation-Path` for this product, such as `v1/listen`. */
  readonly invocationPath: string;
  /** `X-Amzn-SageMaker-Model-Query-String` with which clients should open streams. */
  readonly query: string;

  /** @throws InvalidPropsError with every violation: the product's rules, its instance types, its query, the ARN of the package. */
  constructor(scope: Construct, id: string, props: DeepgramEndpointProps) {
    const {
      product: name = 'nova3',
      modelPackageArn,
      query,
      environment,
      simulator = kitContainer('speech-simulator'),
      ...endpointProps
    } = props;
    const product: DeepgramProduct = DeepgramProducts[name];
    const settings: BidiEndpointProps = {
      inferenceAmi: DEEPGRAM_INFERENCE_AMI,
      startupHealthCheckTimeout: Duration.seconds(STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS.recommended),
      modelDownloadTimeout: Duration.seconds(MODEL_DOWNLOAD_TIMEOUT_SECONDS.recommended),
      ...given(endpointProps),
      instanceType: props.instanceTypes ? props.instanceType : (props.instanceType ?? product.instanceTypes[0]),
    };
    throwIfInvalid(`${scope.node.path}/${id}`, [
      ...endpointViolations(settings),
      ...instanceViolations(product, instanceTypesOf(settings)),
      ...queryViolations(product, query),
      ...settingViolations(environment),
    ]);
    const modelName = new URLSearchParams(query ?? product.exampleQuery).get('model') ?? undefined;
    const serves: ServedModel = { protocol: 'deepgram', modelName };
    super(scope, id, {
      ...settings,
      model: BidiModel.fromModelPackage(modelPackageArn, { environment, simulator, serves }),
    });
    this.product = product;
    this.invocationPath = product.path;
    this.query = query ?? product.exampleQuery;
  }
}

/** Properties without those that are there but undefined, which would hide a default. */
function given<T extends object>(props: T): T {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined)) as T;
}

function instanceViolations(product: DeepgramProduct, types: readonly string[]): Violation[] {
  const recommended = product.instanceTypes.join(', ');
  return types.map(type => {
    const family = Token.isUnresolved(type) ? undefined : instanceFamily(type);
    if (family === undefined) return undefined;
    if (!mayHaveGpu(type)) {
      return `${type} cannot host ${product.title}, which needs a GPU; the families with one begin with g or p. Recommended: ${recommended}.`;
    }
    const refusal = product.refusedInstanceFamilies[family];
    if (refusal) return `${type} cannot host ${product.title}: ${refusal} Recommended: ${recommended}.`;
    if (product.multiGpu && !hasSeveralGpus(type)) {
      return `${type} cannot host ${product.title}, which needs several GPUs on one instance. Recommended: ${recommended}.`;
    }
    return undefined;
  });
}

function queryViolations(product: DeepgramProduct, query: string | undefined): Violation[] {
  if (query === undefined || Token.isUnresolved(query)) return [];
  const shape = queryStringViolation(query);
  if (shape) return [shape];
  const parameters = Object.fromEntries(new URLSearchParams(query));
  return deepgramParameterViolations(product, parameters).map(violation => `In the query "${query}", ${violation}`);
}

function settingViolations(environment: Readonly<Record<string, string>> = {}): Violation[] {
  return Object.entries(environment).flatMap(([name, value]) => [
    DEEPGRAM_ENVIRONMENT_NAME_PATTERN.test(name)
      ? undefined
      : `Environment variable "${name}" is none that Deepgram reads; they are DEEPGRAM_API_<suffix> and DEEPGRAM_ENGINE_<suffix>.`,
    Token.isUnresolved(value) || DEEPGRAM_ENVIRONMENT_VALUE_PATTERN.test(value)
      ? undefined
      : `The value of environment variable "${name}" must be <dotted.key>=<value>, such as max_active_requests=120.`,
  ]);
}
