import {
  Annotations,
  ArnFormat,
  CfnResource,
  type Duration,
  Lazy,
  Names,
  RemovalPolicy,
  Stack,
  Token,
} from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import {
  Connections,
  type IConnectable,
  type ISecurityGroup,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import type { IGrantable, IPrincipal, IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct, IConstruct } from 'constructs';
import {
  CONTAINER_METADATA_KEY,
  DEFAULT_VARIANT_NAME,
  endpointLogGroup,
  endpointNameViolation,
  INFERENCE_AMI_VERSIONS,
  instanceFamily,
  METRIC_FREQUENCIES_SECONDS,
  MODEL_DOWNLOAD_TIMEOUT_SECONDS,
  NAME_LIMIT,
  NVME_INSTANCE_FAMILIES,
  ROLLBACK_ALARM_LIMIT,
  STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
  variantNameViolation,
} from '../contract';
import { acknowledgeCompliance } from './acknowledgement';
import { BidiEndpointBase, type IBidiEndpoint } from './bidi-endpoint-base';
import type { BidiModel, BidiModelConfig } from './bidi-model';
import { ConcurrencyScaling, type ConcurrencyScalingProps } from './concurrency-scaling';
import { endpointArn } from './endpoint-arn';
import { allowAlarms, allowHosting, ExecutionRole } from './execution-role';
import {
  capacityViolations,
  type HostingCapacityProps,
  hostingPlatform,
  instanceTypesOf,
  renderCapacity,
} from './hosting-capacity';
import { type BidiEndpointAttributes, ImportedBidiEndpoint } from './imported-endpoint';
import { Rollout } from './rollout';
import { allowLogEncryption } from './service-access';
import { durationViolation, throwIfInvalid, type Violation } from './violations';

/** What the platform tells of an endpoint beyond its standard metrics. */
export interface EndpointMetricsProps {
  /**
   * Whether utilisation and invocations are told per instance and container too.
   *
   * @default false
   */
  readonly enhanced?: boolean;
  /**
   * Whether per-GPU, host and container metrics are published too.
   *
   * @default false
   */
  readonly detailedObservability?: boolean;
  /**
   * How often: 10, 30, 60, 120, 180, 240 or 300 seconds.
   *
   * @default - every 60 seconds
   */
  readonly frequency?: Duration;
}

/** What an endpoint hosts and on what. */
export interface BidiEndpointProps extends HostingCapacityProps {
  /** The model to host. */
  readonly model: BidiModel;
  /**
   * Name of the endpoint. Letters, digits and inner hyphens, at most 63. It stays the same across updates, so that they happen
   * in place and log group, alarms and scaling keep their target. Changing it replaces the endpoint.
   *
   * @default - derived from the construct's path
   */
  readonly endpointName?: string;
  /**
   * Name of the production variant. It has to stay the same for an update in place.
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
   * VPC into which the containers get network interfaces.
   *
   * @default - none; the containers reach the internet through the platform's network, unless they are isolated
   */
  readonly vpc?: IVpc;
  /**
   * Subnets of the VPC.
   *
   * @default - the VPC's private subnets
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * Security groups of the containers' network interfaces.
   *
   * @default - a new one that lets everything out and nothing in: streams come through the platform, not through the VPC
   */
  readonly securityGroups?: readonly ISecurityGroup[];
  /**
   * Key that encrypts the instances' storage volumes. Its policy has to let the execution role use it. It does not encrypt the
   * local NVMe storage that some instance types have (g4dn, g5, g6 …): their hardware does that with a key of its own.
   *
   * @default - a key that AWS holds
   */
  readonly volumeEncryptionKey?: IKey;
  /**
   * Metrics beyond the standard ones. They cost extra.
   *
   * @default - none
   */
  readonly metrics?: EndpointMetricsProps;
  /**
   * How long the containers' output is kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Key that encrypts the containers' output. CloudWatch Logs is allowed to use a key of this app; the policy of an imported one
   * has to allow it already, and a warning shows the statement.
   *
   * @default - a key that AWS holds
   */
  readonly logEncryptionKey?: IKey;
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
  /**
   * How an update gets to the new instances. Not for model packages, for which the platform knows one way only.
   *
   * @default - for images: all at once, with a drain of 30 minutes for open streams
   */
  readonly rollout?: Rollout;
  /**
   * Role that the platform takes to start the containers. What this endpoint needs is added to it, in a policy of this stack. A
   * role that cannot be changed (`mutable: false`, or another account's) has to hold it already: docs/constructs.md lists it.
   *
   * @default - a new one with what this endpoint needs and nothing else
   */
  readonly executionRole?: IRole;
  /**
   * What happens to the endpoint when it leaves the stack. `RETAIN` keeps it with all that it runs on (model, configuration,
   * role, security group, log group, scaling), and its costs.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A SageMaker endpoint that streams in both directions: model, configuration, endpoint, execution role and log group.
 *
 * Model and configuration cannot be changed in AWS, so CloudFormation replaces them on every update; their names are left to
 * it. The endpoint keeps its name and moves from one to the next.
 */
export class BidiEndpoint extends BidiEndpointBase implements IConnectable, IGrantable {
  /** An endpoint of this account and region by its name. */
  static fromEndpointName(scope: Construct, id: string, endpointName: string): IBidiEndpoint {
    return BidiEndpoint.fromEndpointAttributes(scope, id, { endpointName });
  }

  /**
   * An endpoint by its ARN. The platform writes the name in lower case there: for a name with capitals use
   * `fromEndpointName`, or its metrics and log group will not be found.
   */
  static fromEndpointArn(scope: Construct, id: string, endpointArn: string): IBidiEndpoint {
    return BidiEndpoint.fromEndpointAttributes(scope, id, { endpointArn });
  }

  /**
   * An endpoint by what is known of it.
   *
   * @throws InvalidPropsError with neither a name nor an ARN, or with an ARN of another endpoint than the name's.
   */
  static fromEndpointAttributes(scope: Construct, id: string, attributes: BidiEndpointAttributes): IBidiEndpoint {
    return new ImportedBidiEndpoint(scope, id, attributes);
  }

  /** Name of the endpoint, as an attribute of the resource: what uses it is deployed after the endpoint. */
  readonly endpointName: string;
  /** ARN of the endpoint. The platform writes the name in lower case there. */
  readonly endpointArn: string;
  /** Name of the one production variant. */
  readonly variantName: string;
  /** Name of the log group of the containers: `/aws/sagemaker/Endpoints/<endpoint name>`. */
  readonly logGroupName: string;
  /** Where the containers' output goes, one stream an instance. It exists before the endpoint. */
  readonly logGroup: ILogGroup;
  /** Role that the platform takes to start the containers. */
  readonly executionRole: IRole;
  /** The execution role: `bucket.grantRead(endpoint)` lets the containers read. */
  readonly grantPrincipal: IPrincipal;
  /** URI of the model's image, where it has one. */
  readonly imageUri?: string;
  /** L1 of the endpoint. */
  readonly cfnEndpoint: CfnEndpoint;
  /** L1 of its configuration. */
  readonly cfnEndpointConfig: CfnEndpointConfig;
  /** L1 of its model. */
  readonly cfnModel: CfnModel;
  protected readonly knownName: string;
  private readonly props: BidiEndpointProps;
  private readonly isModelPackage: boolean;
  private readonly permissions: IGrantable;
  private readonly rollbackAlarms: IAlarm[] = [];
  private readonly securityGroups?: readonly ISecurityGroup[];
  private scaling?: ConcurrencyScaling;

  constructor(scope: Construct, id: string, props: BidiEndpointProps) {
    super(scope, id, { physicalName: props.endpointName ?? Lazy.string({ produce: () => stableName(this) }) });
    this.props = props;
    this.variantName = props.variantName ?? DEFAULT_VARIANT_NAME;
    this.knownName = props.endpointName ?? stableName(this);
    throwIfInvalid(this.node.path, endpointViolations({ ...props, endpointName: this.knownName }));

    this.logGroupName = endpointLogGroup(this.knownName);
    if (props.logEncryptionKey) allowLogEncryption(this, props.logEncryptionKey, this.logGroupName);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.DESTROY;
    this.logGroup = new LogGroup(this, 'LogGroup', {
      logGroupName: this.logGroupName,
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      encryptionKey: props.logEncryptionKey,
      removalPolicy,
    });
    this.executionRole = props.executionRole ?? new ExecutionRole(this, 'ExecutionRole');
    this.grantPrincipal = this.executionRole.grantPrincipal;
    this.permissions = allowHosting(this, this.executionRole, {
      logGroup: this.logGroup,
      inVpc: props.vpc !== undefined,
    });
    this.securityGroups = props.vpc && (props.securityGroups ?? [this.createSecurityGroup(props.vpc)]);

    const binding = props.model.bind(this, this.executionRole, { platform: hostingPlatform(props) });
    throwIfInvalid(this.node.path, bindingViolations(props, binding));
    this.imageUri = binding.primaryContainer.image;
    this.isModelPackage = binding.isModelPackage;

    this.cfnModel = this.createModel(binding);
    this.cfnEndpointConfig = this.createConfig(this.cfnModel);
    const endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName: this.knownName,
      endpointConfigName: this.cfnEndpointConfig.attrEndpointConfigName,
      deploymentConfig: Lazy.any({ produce: () => this.renderDeployment() }),
      // Without it an update would set the fleet back to the count it began with, in the midst of its streams.
      retainAllVariantProperties: Lazy.any({ produce: () => (this.scaling ? true : undefined) }),
    });
    this.cfnEndpoint = endpoint;
    endpoint.applyRemovalPolicy(removalPolicy);
    keepWithEndpoint(this, removalPolicy);
    this.node.defaultChild = endpoint;
    // Else the platform would create the group itself, without retention or key.
    endpoint.node.addDependency(this.logGroup);

    this.endpointName = this.getResourceNameAttribute(endpoint.attrEndpointName);
    const stack = Stack.of(this);
    this.endpointArn = this.getResourceArnAttribute(
      endpoint.ref,
      stack.splitArn(endpointArn(stack, this.knownName), ArnFormat.SLASH_RESOURCE_NAME),
    );
  }

  /** Network access of the containers. Streams do not pass here: they come through the platform. */
  get connections(): Connections {
    throwIfInvalid(this.node.path, [
      this.securityGroups ? undefined : 'The endpoint is not in a VPC, so it has no connections; give it a vpc.',
    ]);
    return new Connections({ securityGroups: [...this.securityGroups!] });
  }

  /**
   * Scales the number of instances with the number of open streams.
   *
   * @throws InvalidPropsError for a minimum below 1, a maximum below the minimum, burstable instance types, or a second call.
   */
  autoScaleConcurrency(props: ConcurrencyScalingProps): ConcurrencyScaling {
    throwIfInvalid(this.node.path, [
      this.scaling ? 'autoScaleConcurrency has been called before; an endpoint scales by one policy.' : undefined,
    ]);
    this.scaling = new ConcurrencyScaling(this, 'Scaling', {
      ...props,
      endpoint: this,
      instanceTypes: instanceTypesOf(this.props),
      instanceCount: this.props.instanceCount,
      rollout: this.props.rollout,
    });
    keepWithEndpoint(this.scaling, this.props.removalPolicy);
    return this.scaling;
  }

  /**
   * Rolls an update back when an alarm goes off while it is under way. At most 10. Not for model packages.
   */
  addRollbackAlarms(...alarms: readonly IAlarm[]): void {
    const count = this.rollbackAlarms.push(...alarms);
    throwIfInvalid(this.node.path, [
      this.isModelPackage ? `addRollbackAlarms is not for model packages: ${NO_GUARDRAILS}` : undefined,
      count > ROLLBACK_ALARM_LIMIT
        ? `${count} alarms would roll a deployment back; at most ${ROLLBACK_ALARM_LIMIT} are allowed.`
        : undefined,
    ]);
    if (alarms.length > 0) allowAlarms(this.permissions, alarms);
  }

  private createSecurityGroup(vpc: IVpc): SecurityGroup {
    return new SecurityGroup(this, 'SecurityGroup', { vpc, description: `Containers of ${this.node.path}` });
  }

  private createModel(binding: BidiModelConfig): CfnModel {
    const { vpc, vpcSubnets } = this.props;
    const model = new CfnModel(this, 'Model', {
      executionRoleArn: this.executionRole.roleArn,
      enableNetworkIsolation: binding.enableNetworkIsolation,
      primaryContainer: binding.primaryContainer,
      vpcConfig: vpc && {
        subnets: vpc.selectSubnets(vpcSubnets).subnetIds,
        securityGroupIds: this.securityGroups!.map(group => group.securityGroupId),
      },
    });
    // The platform tries the role when the model is created, so its policy has to be there by then.
    model.node.addDependency(this.executionRole, this.permissions);
    model.addMetadata(CONTAINER_METADATA_KEY, binding.container);
    return model;
  }

  private createConfig(model: CfnModel): CfnEndpointConfig {
    const { props } = this;
    const config = new CfnEndpointConfig(this, 'EndpointConfig', {
      productionVariants: [
        {
          variantName: this.variantName,
          modelName: model.attrModelName,
          initialVariantWeight: 1,
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
        },
      ],
      kmsKeyId: props.volumeEncryptionKey?.keyArn,
      metricsConfig: props.metrics && {
        enableEnhancedMetrics: props.metrics.enhanced,
        enableDetailedObservability: props.metrics.detailedObservability,
        metricPublishFrequencyInSeconds: props.metrics.frequency?.toSeconds(),
      },
    });
    const nvme = nvmeTypes(props);
    if (props.volumeEncryptionKey && nvme.length > 0) {
      Annotations.of(this).addWarningV2(
        'sagemaker-bidi-kit:volumeKeyWithLocalStorage',
        `volumeEncryptionKey does not encrypt the local NVMe storage of ${nvme.join(', ')}: the host's hardware does, with a key of its own (CreateEndpointConfig, KmsKeyId).`,
      );
    } else if (nvme.length === instanceTypesOf(props).length) {
      acknowledgeCompliance(
        config,
        'SageMakerEndpointConfigurationKMSKeyConfigured',
        'These instance types keep their data on local NVMe storage, which the host encrypts in hardware; a key would not encrypt it.',
      );
    }
    return config;
  }

  private renderDeployment(): CfnEndpoint.DeploymentConfigProperty | undefined {
    if (this.isModelPackage) return undefined;
    return {
      ...(this.props.rollout ?? Rollout.allAtOnce()).render(),
      autoRollbackConfiguration:
        this.rollbackAlarms.length > 0
          ? { alarms: this.rollbackAlarms.map(({ alarmName }) => ({ alarmName })) }
          : undefined,
    };
  }
}

const NO_GUARDRAILS =
  'the platform updates them all at once, without steps, alarms or a wait. Let clients reconnect, or update when no stream is open.';

/** What is wrong with an endpoint's properties, as far as they can be judged without the model. */
export function endpointViolations(props: Omit<BidiEndpointProps, 'model'>): Violation[] {
  const { endpointName, variantName, inferenceAmi, metrics, vpc } = props;
  return [
    known(endpointName) ? endpointNameViolation(endpointName) : undefined,
    known(variantName) ? variantNameViolation(variantName) : undefined,
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
    metrics?.frequency &&
    !metrics.frequency.isUnresolved() &&
    !(METRIC_FREQUENCIES_SECONDS as readonly number[]).includes(metrics.frequency.toSeconds())
      ? `metrics.frequency is ${metrics.frequency.toSeconds()} s; allowed are ${METRIC_FREQUENCIES_SECONDS.join(', ')} s.`
      : undefined,
    props.removalPolicy === RemovalPolicy.SNAPSHOT
      ? 'removalPolicy SNAPSHOT means nothing for an endpoint, of which no snapshot can be taken; use RETAIN or DESTROY.'
      : undefined,
    !vpc && (props.vpcSubnets || props.securityGroups)
      ? 'vpcSubnets and securityGroups mean nothing without a vpc.'
      : undefined,
    props.securityGroups?.length === 0 ? 'securityGroups is empty; name at least one, or leave it out.' : undefined,
    ...(props.rollout?.violations() ?? []),
    props.rollout?.fleetViolation(props.instanceCount ?? 1),
  ];
}

/** What is wrong between an endpoint and its model. */
function bindingViolations(props: BidiEndpointProps, binding: BidiModelConfig): Violation[] {
  const { rollout, vpc } = props;
  const platform = hostingPlatform(props);
  return [
    binding.platform !== undefined && binding.platform !== platform
      ? `The image is for ${binding.platform} and ${instanceTypesOf(props).join(', ')} run ${platform}; choose other instance types, or an image for ${platform} (the platform option of BidiImage.fromRepository and fromRegistryUri says so).`
      : undefined,
    rollout && binding.isModelPackage ? `rollout is not for model packages: ${NO_GUARDRAILS}` : undefined,
    binding.pulledThroughVpc && !vpc
      ? `The image ${binding.primaryContainer.image} does not lie in Amazon ECR, so it is pulled through a VPC; give the endpoint a vpc with a way to the registry, or copy the image to ECR.`
      : undefined,
  ];
}

function nvmeTypes(props: HostingCapacityProps): string[] {
  return instanceTypesOf(props).filter(type => NVME_INSTANCE_FAMILIES.includes(instanceFamily(type) ?? ''));
}

/** Keeps what an endpoint runs on for as long as the endpoint. */
function keepWithEndpoint(scope: IConstruct, removalPolicy: RemovalPolicy = RemovalPolicy.DESTROY): void {
  if (removalPolicy === RemovalPolicy.DESTROY) return;
  for (const resource of scope.node.findAll().filter(CfnResource.isCfnResource)) {
    // Not when it is replaced: an update would leave the configuration and model of every version behind.
    resource.applyRemovalPolicy(removalPolicy, { applyToUpdateReplacePolicy: resource instanceof CfnEndpoint });
  }
}

function known(value: string | undefined): value is string {
  return value !== undefined && !Token.isUnresolved(value);
}

/** A name from the construct's path: the same on every synthesis, and as unique in an account and region as the path. */
function stableName(construct: IConstruct): string {
  return Names.uniqueResourceName(construct, { maxLength: NAME_LIMIT, separator: '-' });
}
