import { Annotations, ArnFormat, Lazy, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Connections, type IConnectable, type ISecurityGroup, type IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable, IPrincipal, IRole } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnEndpoint, CfnEndpointConfig, type CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import { Construct, type IConstruct } from 'constructs';
import { DEFAULT_VARIANT_NAME, endpointLogGroup, NAME_LIMIT, ROLLBACK_ALARM_LIMIT } from '../contract';
import { acknowledgeCompliance } from './acknowledgement';
import { BidiEndpointBase, findVariant, type IBidiEndpoint, onlyVariant } from './bidi-endpoint-base';
import type { BidiEndpointProps } from './bidi-endpoint-props';
import type { ConcurrencyScaling, ConcurrencyScalingProps } from './concurrency-scaling';
import { endpointArn } from './endpoint-arn';
import { endpointViolations, inferentiaTypesOf } from './endpoint-violations';
import { allowAlarms, allowHosting, ExecutionRole } from './execution-role';
import { instanceTypesOf } from './hosting-capacity';
import { type BidiEndpointAttributes, ImportedBidiEndpoint } from './imported-endpoint';
import { keepWithEndpoint } from './keep-with-endpoint';
import { NO_GUARDRAILS, nvmeTypesOf, ProductionVariant } from './production-variant';
import { regionViolation, warnOfUnknownRegion } from './region-check';
import { Rollout } from './rollout';
import { allowLogEncryption } from './service-access';
import { throwIfInvalid } from './violations';

/**
 * A SageMaker endpoint that streams in both directions: model, configuration, endpoint, execution role and log group.
 *
 * Model and configuration cannot be changed in AWS, so CloudFormation replaces them on every update; their names are left to
 * it. The endpoint keeps its name and moves from one to the next.
 */
@propertyInjectable
export class BidiEndpoint extends BidiEndpointBase implements IConnectable, IGrantable {
  /** Name under which an `IPropertyInjector` changes the defaults of this construct. */
  static get PROPERTY_INJECTION_ID(): string {
    return 'sagemaker-bidi-kit.BidiEndpoint';
  }

  /** An endpoint of this account and region by its name. */
  static fromEndpointName(scope: Construct, id: string, endpointName: string): IBidiEndpoint {
    return BidiEndpoint.fromEndpointAttributes(scope, id, { endpointName });
  }

  /**
   * An endpoint by its ARN. The platform writes the name in lower case there: for a name with capitals use
   * `fromEndpointName`, or its metrics and log group will not be found.
   *
   * @throws Error when it is not an ARN.
   */
  static fromEndpointArn(scope: Construct, id: string, endpointArn: string): IBidiEndpoint {
    return BidiEndpoint.fromEndpointAttributes(scope, id, { endpointArn });
  }

  /**
   * An endpoint by its name, its ARN or both.
   *
   * @throws InvalidPropsError with neither a name nor an ARN, without variant names, or with an ARN of another endpoint than the name's.
   */
  static fromEndpointAttributes(scope: Construct, id: string, attributes: BidiEndpointAttributes): IBidiEndpoint {
    return new ImportedBidiEndpoint(scope, id, attributes);
  }

  /** Name of the endpoint, as an attribute of the resource: resources that use it are deployed after the endpoint. */
  readonly endpointName: string;
  /** ARN of the endpoint. The platform writes the name in lower case there. */
  readonly endpointArn: string;
  /** Its production variants, in the order in which they were given. */
  readonly variants: readonly ProductionVariant[];
  /** Name of the log group of the containers: `/aws/sagemaker/Endpoints/<endpoint name>`. */
  readonly logGroupName: string;
  /** Where the containers' output goes, one stream an instance. It exists before the endpoint. */
  readonly logGroup: ILogGroup;
  /** Role that the platform takes to start the containers. */
  readonly executionRole: IRole;
  /** The execution role: `bucket.grantRead(endpoint)` lets the containers read. */
  readonly grantPrincipal: IPrincipal;
  /** L1 of the endpoint. */
  readonly cfnEndpoint: CfnEndpoint;
  /** L1 of its configuration. */
  readonly cfnEndpointConfig: CfnEndpointConfig;
  protected readonly knownName: string;
  private readonly props: BidiEndpointProps;
  private readonly permissions: IGrantable;
  private readonly rollbackAlarms: IAlarm[] = [];
  private readonly securityGroups?: readonly ISecurityGroup[];

  /** @throws InvalidPropsError with every violation in the properties, the variants and the models. */
  constructor(scope: Construct, id: string, props: BidiEndpointProps) {
    super(scope, id, { physicalName: props.endpointName ?? Lazy.string({ produce: () => stableName(this) }) });
    this.props = props;
    this.knownName = props.endpointName ?? stableName(this);
    throwIfInvalid(this.node.path, [
      props.model || props.variants
        ? undefined
        : 'Neither model nor variants is given; an endpoint hosts at least one model.',
      regionViolation(this),
      ...endpointViolations({ ...props, endpointName: this.knownName }),
    ]);
    warnOfUnknownRegion(this);

    this.logGroupName = endpointLogGroup(this.knownName);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.DESTROY;
    this.logGroup = props.logGroup ?? this.createLogGroup(removalPolicy);
    this.executionRole = props.executionRole ?? new ExecutionRole(this, 'ExecutionRole');
    this.grantPrincipal = this.executionRole.grantPrincipal;
    this.permissions = allowHosting(this, this.executionRole, {
      logGroup: this.logGroup,
      inVpc: props.vpc !== undefined,
    });
    this.securityGroups = props.vpc && (props.securityGroups ?? [this.createSecurityGroup(props.vpc)]);

    this.variants = this.createVariants(removalPolicy);
    this.cfnEndpointConfig = this.createConfig();
    const endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName: this.knownName,
      endpointConfigName: this.cfnEndpointConfig.attrEndpointConfigName,
      deploymentConfig: Lazy.any({ produce: () => this.renderDeployment() }),
      // Without it an update would set a scaled fleet back to its initial count while streams are open.
      retainAllVariantProperties: Lazy.any({ produce: () => (this.isScaled ? true : undefined) }),
      // But weights are the template's: with several variants, keeping them would ignore a change.
      excludeRetainedVariantProperties: Lazy.any({
        produce: () =>
          this.isScaled && this.variants.length > 1 ? [{ variantPropertyType: 'DesiredWeight' }] : undefined,
      }),
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

  /** URI of the image of the first variant's model, where it has one. */
  get imageUri(): string | undefined {
    return this.variants[0]!.imageUri;
  }

  /** L1 of the first variant's model. */
  get cfnModel(): CfnModel {
    return this.variants[0]!.cfnModel;
  }

  /**
   * One of its production variants.
   *
   * @throws InvalidPropsError when it has none of that name.
   */
  override variant(variantName: string): ProductionVariant {
    return findVariant(this, this.variants, variantName);
  }

  /**
   * Scales the number of instances of its one production variant with the number of open streams. Where it has several, each scales by
   * its own: `endpoint.variant('Blue').autoScaleConcurrency(...)`.
   *
   * @throws InvalidPropsError for a minimum below 1, a maximum below the minimum, a minimum below what the rollout needs, burstable
   * instance types, a second call, or several variants.
   */
  autoScaleConcurrency(props: ConcurrencyScalingProps): ConcurrencyScaling {
    return onlyVariant(this, this.variants, 'autoScaleConcurrency').autoScaleConcurrency(props);
  }

  /**
   * Rolls an update back when an alarm goes off while it is under way. At most 10. Not for model packages.
   */
  addRollbackAlarms(...alarms: readonly IAlarm[]): void {
    const count = this.rollbackAlarms.push(...alarms);
    throwIfInvalid(this.node.path, [
      this.hasModelPackage ? `addRollbackAlarms is not for model packages: ${NO_GUARDRAILS}` : undefined,
      count > ROLLBACK_ALARM_LIMIT
        ? `${count} alarms would roll a deployment back; at most ${ROLLBACK_ALARM_LIMIT} are allowed.`
        : undefined,
    ]);
    if (alarms.length > 0) allowAlarms(this.permissions, alarms);
  }

  private createLogGroup(removalPolicy: RemovalPolicy): LogGroup {
    const { logEncryptionKey, logRetention = RetentionDays.ONE_MONTH } = this.props;
    if (logEncryptionKey) allowLogEncryption(this, logEncryptionKey, this.logGroupName);
    return new LogGroup(this, 'LogGroup', {
      logGroupName: this.logGroupName,
      retention: logRetention,
      encryptionKey: logEncryptionKey,
      removalPolicy,
    });
  }

  private createSecurityGroup(vpc: IVpc): SecurityGroup {
    return new SecurityGroup(this, 'SecurityGroup', { vpc, description: `Containers of ${this.node.path}` });
  }

  private createVariants(removalPolicy: RemovalPolicy): ProductionVariant[] {
    const { vpc, vpcSubnets, variants, rollout } = this.props;
    const host = {
      endpoint: this,
      endpointName: this.knownName,
      executionRole: this.executionRole,
      permissions: this.permissions,
      vpcConfig: vpc && {
        subnets: vpc.selectSubnets(vpcSubnets).subnetIds,
        securityGroupIds: this.securityGroups!.map(group => group.securityGroupId),
      },
      rollout,
      removalPolicy,
    };
    if (variants === undefined) return [ProductionVariant._of(this, { ...this.props, model: this.props.model! }, host)];
    const scope = new Construct(this, 'Variants');
    return variants.map(variant => {
      return ProductionVariant._of(new Construct(scope, variant.variantName ?? DEFAULT_VARIANT_NAME), variant, host);
    });
  }

  private createConfig(): CfnEndpointConfig {
    const { props } = this;
    const config = new CfnEndpointConfig(this, 'EndpointConfig', {
      productionVariants: this.variants.map(variant => variant.render()),
      kmsKeyId: props.volumeEncryptionKey?.keyArn,
      metricsConfig: props.metrics && {
        enableEnhancedMetrics: props.metrics.enhanced,
        enableDetailedObservability: props.metrics.detailedObservability,
        metricPublishFrequencyInSeconds: props.metrics.frequency?.toSeconds(),
      },
    });
    const hosted = props.variants ?? [props];
    const nvme = [...new Set(hosted.flatMap(nvmeTypesOf))];
    if (props.volumeEncryptionKey && nvme.length > 0) {
      Annotations.of(this).addWarningV2(
        'sagemaker-bidi-kit:volumeKeyWithLocalStorage',
        `volumeEncryptionKey does not encrypt the local NVMe storage of ${nvme.join(', ')}: the host's hardware does, with a key of its own (CreateEndpointConfig, KmsKeyId).`,
      );
    } else if (hosted.every(variant => nvmeTypesOf(variant).length === instanceTypesOf(variant).length)) {
      acknowledgeCompliance(
        config,
        'SageMakerEndpointConfigurationKMSKeyConfigured',
        'These instance types keep their data on local NVMe storage, which the host encrypts in hardware; a key would not encrypt it.',
      );
    }
    return config;
  }

  private get isScaled(): boolean {
    return this.variants.some(variant => variant.isScaled);
  }

  private get hasModelPackage(): boolean {
    return this.variants.some(variant => variant.isModelPackage);
  }

  private renderDeployment(): CfnEndpoint.DeploymentConfigProperty | undefined {
    if (this.hasModelPackage || inferentiaTypesOf(this.props).length > 0) return undefined;
    return {
      ...(this.props.rollout ?? Rollout.allAtOnce()).render(),
      autoRollbackConfiguration:
        this.rollbackAlarms.length > 0
          ? { alarms: this.rollbackAlarms.map(({ alarmName }) => ({ alarmName })) }
          : undefined,
    };
  }
}

/** A name from the construct's path: the same on every synthesis, and as unique in an account and region as the path. */
function stableName(construct: IConstruct): string {
  return Names.uniqueResourceName(construct, { maxLength: NAME_LIMIT, separator: '-' });
}
