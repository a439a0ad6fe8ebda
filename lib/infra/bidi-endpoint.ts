import { Lazy, Names, RemovalPolicy, Resource, Validations } from 'aws-cdk-lib';
import { Grant, type IGrantable, type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  CfnEndpoint,
  CfnEndpointConfig,
  CfnModel,
  type EndpointReference,
  type IEndpoint,
} from 'aws-cdk-lib/aws-sagemaker';
import type { Construct, IConstruct } from 'constructs';
import {
  CONTAINER_METADATA_KEY,
  DEFAULT_INSTANCE_TYPE,
  DEFAULT_VARIANT_NAME,
  endpointLogGroup,
  endpointNameFault,
  INSTANCE_NAMESPACE,
  NAME_LIMIT,
  STREAM_ACTION,
} from '../contract';
import type { BidiModel } from './bidi-model';
import { refuse } from './invalid-props-error';

/** What an endpoint hosts and on what. */
export interface BidiEndpointProps {
  /** The model to host. */
  readonly model: BidiModel;
  /**
   * Name of the endpoint. It stays the same across updates, so that they happen in place.
   *
   * @default - derived from the construct's path
   */
  readonly endpointName?: string;
  /**
   * Instance type, such as `ml.g6.2xlarge`.
   *
   * @default 'ml.g6.2xlarge'
   */
  readonly instanceType?: string;
  /**
   * Number of instances to begin with.
   *
   * @default 1
   */
  readonly instanceCount?: number;
}

/** A SageMaker endpoint that streams in both directions: model, configuration, endpoint, execution role and log group. */
export class BidiEndpoint extends Resource implements IEndpoint {
  readonly endpointName: string;
  readonly endpointArn: string;
  readonly endpointRef: EndpointReference;
  /** URI of the model's image, where it has one. */
  readonly imageUri?: string;
  /** Role that the platform takes to start the container. */
  readonly executionRole: IRole;
  /** Where the container's output goes, one stream an instance. */
  readonly logGroup: ILogGroup;

  constructor(scope: Construct, id: string, props: BidiEndpointProps) {
    super(scope, id, { physicalName: props.endpointName ?? Lazy.string({ produce: () => stableName(this) }) });
    const endpointName = props.endpointName ?? stableName(this);
    refuse(this, [endpointNameFault(endpointName)]);

    this.logGroup = new LogGroup(this, 'LogGroup', {
      logGroupName: endpointLogGroup(endpointName),
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'ExecutionRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
    this.executionRole = role;
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': INSTANCE_NAMESPACE } },
      }),
    );
    const { primaryContainer, enableNetworkIsolation, imageUri, container } = props.model.bind(this, role);
    this.imageUri = imageUri;
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'ecr:GetAuthorizationToken and cloudwatch:PutMetricData know no resources; the latter is held to one namespace.',
    });

    const model = new CfnModel(this, 'Model', {
      executionRoleArn: role.roleArn,
      enableNetworkIsolation,
      primaryContainer,
    });
    // The platform checks on creation that the role may pull the image, so the policy has to be there first.
    model.node.addDependency(role);
    model.addMetadata(CONTAINER_METADATA_KEY, container);
    const config = new CfnEndpointConfig(this, 'EndpointConfig', {
      productionVariants: [
        {
          variantName: DEFAULT_VARIANT_NAME,
          modelName: model.attrModelName,
          instanceType: props.instanceType ?? DEFAULT_INSTANCE_TYPE,
          initialInstanceCount: props.instanceCount ?? 1,
          initialVariantWeight: 1,
        },
      ],
    });
    const endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName,
      endpointConfigName: config.attrEndpointConfigName,
    });
    endpoint.node.addDependency(this.logGroup);
    this.endpointName = this.getResourceNameAttribute(endpoint.attrEndpointName);
    // The ARN as the platform writes it: it lower-cases the name.
    this.endpointArn = this.getResourceArnAttribute(endpoint.ref, {
      service: 'sagemaker',
      resource: 'endpoint',
      resourceName: this.physicalName,
    });
    this.endpointRef = endpoint.endpointRef;
  }

  /** Lets a principal open streams to this endpoint. */
  grantInvoke(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({ grantee, actions: [STREAM_ACTION], resourceArns: [this.endpointArn] });
  }
}

/** A name from the construct's path: the same on every synthesis, unique in an account and region as the path is. */
function stableName(construct: IConstruct): string {
  return Names.uniqueResourceName(construct, { maxLength: NAME_LIMIT, separator: '-' });
}
