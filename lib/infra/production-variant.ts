import { type Duration, type RemovalPolicy, Token } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { type CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct, IDependable } from 'constructs';
import {
  CONTAINER_METADATA_KEY,
  DEFAULT_VARIANT_NAME,
  INFERENCE_AMI_VERSIONS,
  instanceFamily,
  MODEL_DOWNLOAD_TIMEOUT_SECONDS,
  NVME_INSTANCE_FAMILIES,
  STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
  variantNameViolation,
} from '../contract';
import type { BidiModel, BidiModelConfig } from './bidi-model';
import { ConcurrencyScaling, type ConcurrencyScalingProps } from './concurrency-scaling';
import {
  capacityViolations,
  type HostingCapacityProps,
  hostingPlatform,
  instanceTypesOf,
  renderCapacity,
} from './hosting-capacity';
import { keepWithEndpoint } from './keep-with-endpoint';
import type { Rollout } from './rollout';
import { VariantMetrics } from './stream-metrics';
import { durationViolation, throwIfInvalid, type Violation } from './violations';

/** The instances of a production variant, and how its containers are started. */
export interface VariantHostingProps extends HostingCapacityProps {
  /**
   * Name of the production variant. It has to stay the same for an update in place. Needed where an endpoint has several.
   *
   * @default 'AllTraffic'
   */
  readonly variantName?: string;
  /**
   * Image of the hosts, with its GPU driver, such as `al2023-ami-sagemaker-inference-gpu-4-1`.
   *
   * @default - the platform's choice for the instance type
   */
  readonly inferenceAmi?: string;
  /**
   * How long the container may take to answer `/ping` after its start: whole seconds, 60 s to 1 h.
   *
   * @default - the platform's 8 minutes
   */
  readonly startupHealthCheckTimeout?: Duration;
  /**
   * How long image and model data may take to arrive: whole seconds, 60 s to 1 h.
   *
   * @default - the platform's own limit
   */
  readonly modelDownloadTimeout?: Duration;
  /**
   * How a new stream finds its instance. `RANDOM` is the platform's own default, under which long streams pile up by chance.
   *
   * @default 'LEAST_OUTSTANDING_REQUESTS'
   */
  readonly routingStrategy?: 'LEAST_OUTSTANDING_REQUESTS' | 'RANDOM';
  /**
   * ARN of a reservation (a training plan) from which alone the instances are taken.
   *
   * @default - on-demand instances
   */
  readonly capacityReservationArn?: string;
}

/** One of the production variants of an endpoint: a model, on instances of its own. */
export interface ProductionVariantProps extends VariantHostingProps {
  /** The model to host. */
  readonly model: BidiModel;
  /**
   * Share of the new streams, relative to the weights of the other variants. With 0 only clients reach it that name the variant.
   *
   * @default 1
   */
  readonly weight?: number;
}

/** The parts of an endpoint that each of its variants needs. */
interface Host {
  /** The endpoint; its name is an attribute of the resource. */
  readonly endpoint: Construct & { readonly endpointName: string };
  /** The endpoint's name as text, where it is known at synthesis. */
  readonly endpointName: string;
  readonly executionRole: IRole;
  /** Resources that have to exist before the platform tries the role. */
  readonly permissions: IDependable;
  readonly vpcConfig?: CfnModel.VpcConfigProperty;
  readonly rollout?: Rollout;
  readonly removalPolicy: RemovalPolicy;
}

/** A production variant of an endpoint of this app: its model, its metrics and its scaling. Made by `BidiEndpoint`. */
export class ProductionVariant extends VariantMetrics {
  /** L1 of its model. */
  readonly cfnModel: CfnModel;
  /** URI of its model's image, where it has one. */
  readonly imageUri?: string;
  /** Whether its model is a model package, to which the platform allows no rollout strategies. */
  readonly isModelPackage: boolean;
  private scaling?: ConcurrencyScaling;

  /**
   * A variant of an endpoint, with its resources in the construct.
   *
   * @internal
   *
   * @throws InvalidPropsError with every violation between the variant, its endpoint and its model.
   */
  static _of(construct: Construct, props: ProductionVariantProps, host: Host): ProductionVariant {
    return new ProductionVariant(construct, props, host);
  }

  /** @throws InvalidPropsError with every violation between the variant, its endpoint and its model. */
  private constructor(
    private readonly construct: Construct,
    private readonly props: ProductionVariantProps,
    private readonly host: Host,
  ) {
    super(host.endpoint, host.endpointName, props.variantName ?? DEFAULT_VARIANT_NAME);
    const binding = props.model.bind(construct, host.executionRole, { platform: hostingPlatform(props) });
    throwIfInvalid(construct.node.path, bindingViolations(props, host, binding));
    this.imageUri = binding.primaryContainer.image;
    this.isModelPackage = binding.isModelPackage;
    this.cfnModel = new CfnModel(construct, 'Model', {
      executionRoleArn: host.executionRole.roleArn,
      enableNetworkIsolation: binding.enableNetworkIsolation,
      primaryContainer: binding.primaryContainer,
      vpcConfig: host.vpcConfig,
    });
    // The platform tries the role when the model is created, so its policy has to be there by then.
    this.cfnModel.node.addDependency(host.executionRole, host.permissions);
    this.cfnModel.addMetadata(CONTAINER_METADATA_KEY, binding.container);
  }

  /** Whether the number of its instances is scaled. */
  get isScaled(): boolean {
    return this.scaling !== undefined;
  }

  /**
   * Scales the number of instances with the number of open streams.
   *
   * @throws InvalidPropsError for a minimum below 1, a maximum below the minimum, a minimum below what the rollout needs, burstable
   * instance types, or a second call.
   */
  autoScaleConcurrency(props: ConcurrencyScalingProps): ConcurrencyScaling {
    const { endpoint, rollout, removalPolicy } = this.host;
    throwIfInvalid(this.construct.node.path, [
      this.scaling
        ? 'autoScaleConcurrency has been called before; a production variant scales by one policy.'
        : undefined,
    ]);
    this.scaling = ConcurrencyScaling._of(this.construct, 'Scaling', {
      ...props,
      resourceId: `endpoint/${endpoint.endpointName}/variant/${this.variantName}`,
      instanceTypes: instanceTypesOf(this.props),
      instanceCount: this.props.instanceCount,
      rollout,
    });
    keepWithEndpoint(this.scaling, removalPolicy);
    return this.scaling;
  }

  /** The variant as an endpoint configuration takes it. */
  render(): CfnEndpointConfig.ProductionVariantProperty {
    const { props } = this;
    return {
      variantName: this.variantName,
      modelName: this.cfnModel.attrModelName,
      initialVariantWeight: props.weight ?? 1,
      ...renderCapacity(props),
      inferenceAmiVersion: props.inferenceAmi,
      containerStartupHealthCheckTimeoutInSeconds: props.startupHealthCheckTimeout?.toSeconds(),
      modelDataDownloadTimeoutInSeconds: props.modelDownloadTimeout?.toSeconds(),
      routingConfig: { routingStrategy: props.routingStrategy ?? 'LEAST_OUTSTANDING_REQUESTS' },
      capacityReservationConfig: props.capacityReservationArn
        ? {
            capacityReservationPreference: 'capacity-reservations-only',
            mlReservationArn: props.capacityReservationArn,
          }
        : undefined,
    };
  }
}

/** Why a model package has neither rollout nor rollback alarms. */
export const NO_GUARDRAILS =
  'the platform updates them all at once, without steps, alarms or a wait. Let clients reconnect, or update when no stream is open.';

/** The violations in the properties of a variant, as far as they can be judged without the model. */
export function variantViolations(props: Omit<ProductionVariantProps, 'model'>): Violation[] {
  const { variantName, inferenceAmi, weight } = props;
  return [
    known(variantName) ? variantNameViolation(variantName) : undefined,
    weight !== undefined && !Token.isUnresolved(weight) && !(weight >= 0 && Number.isFinite(weight))
      ? `weight is ${weight}; it must be a number of at least 0.`
      : undefined,
    ...capacityViolations(props),
    known(inferenceAmi) && !(INFERENCE_AMI_VERSIONS as readonly string[]).includes(inferenceAmi)
      ? `inferenceAmi "${inferenceAmi}" is unknown; known are ${INFERENCE_AMI_VERSIONS.join(', ')}.`
      : undefined,
    durationViolation(
      'startupHealthCheckTimeout',
      props.startupHealthCheckTimeout,
      STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
    ),
    durationViolation('modelDownloadTimeout', props.modelDownloadTimeout, MODEL_DOWNLOAD_TIMEOUT_SECONDS),
  ];
}

/** The violations between a variant, its endpoint and its model. */
function bindingViolations(
  props: ProductionVariantProps,
  { rollout, vpcConfig }: Host,
  { isModelPackage, platform, primaryContainer, pulledThroughVpc }: BidiModelConfig,
): Violation[] {
  const hosted = hostingPlatform(props);
  return [
    platform !== undefined && platform !== hosted
      ? `The image is for ${platform} and ${instanceTypesOf(props).join(', ')} run ${hosted}; choose other instance types, or an image for ${hosted} (the platform option of BidiImage.fromRepository and fromRegistryUri says so).`
      : undefined,
    rollout && isModelPackage ? `rollout is not for model packages: ${NO_GUARDRAILS}` : undefined,
    pulledThroughVpc && !vpcConfig
      ? `The image ${primaryContainer.image} does not lie in Amazon ECR, so it is pulled through a VPC; give the endpoint a vpc with a way to the registry, or copy the image to ECR.`
      : undefined,
  ];
}

/** Those of the instance types that keep data on local NVMe storage. */
export function nvmeTypesOf(props: HostingCapacityProps): string[] {
  return instanceTypesOf(props).filter(type => NVME_INSTANCE_FAMILIES.includes(instanceFamily(type) ?? ''));
}

function known(value: string | undefined): value is string {
  return value !== undefined && !Token.isUnresolved(value);
}
