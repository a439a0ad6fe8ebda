import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { BidiModel } from './bidi-model';
import type { ProductionVariantProps, VariantHostingProps } from './production-variant';
import type { Rollout } from './rollout';

/** Metrics that SageMaker publishes beyond the standard ones. */
export interface EndpointMetricsProps {
  /**
   * Whether utilisation and invocations are published per instance and container too.
   *
   * @default false
   */
  readonly enhanced?: boolean;
  /**
   * Whether per-GPU, host and container metrics are published too. The platform then scrapes the container's `/metrics` on port 8080
   * for metrics in the format of Prometheus; a container without them may answer 404.
   *
   * @default - the platform's: true for configurations that were created after 17 June 2026
   */
  readonly detailedObservability?: boolean;
  /**
   * How often: 10, 30, 60, 120, 180, 240 or 300 seconds.
   *
   * @default - every 60 seconds
   */
  readonly frequency?: Duration;
}

/** The model or the production variants that an endpoint hosts, and their instances. */
export interface BidiEndpointProps extends VariantHostingProps {
  /**
   * The model to host. Not together with `variants`.
   *
   * @default - the models of `variants`
   */
  readonly model?: BidiModel;
  /**
   * Production variants that share the endpoint's new streams by their weights, each with a model, instances, metrics and scaling of
   * its own: 1 to 10. The other properties that describe a variant then belong to each variant and not to the endpoint.
   *
   * @default - one, of `model`
   */
  readonly variants?: readonly ProductionVariantProps[];
  /**
   * Name of the endpoint. Letters, digits and inner hyphens, at most 63. It stays the same across updates, so that they happen
   * in place and log group, alarms and scaling keep their target. Changing it replaces the endpoint.
   *
   * @default - derived from the construct's path
   */
  readonly endpointName?: string;
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
   * Log group of the containers, which has to be named `/aws/sagemaker/Endpoints/<endpoint name>`. One of another stack outlives the
   * rollback of a first deployment, with the output that explains it. Not together with `logRetention` or `logEncryptionKey`.
   *
   * @default - a new one
   */
  readonly logGroup?: ILogGroup;
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
   * How an update moves streams to the new instances. Not for model packages, for which the platform knows one way only.
   *
   * @default - for images: all at once, with a drain of 30 minutes for open streams
   */
  readonly rollout?: Rollout;
  /**
   * Role that the platform takes to start the containers. The permissions that this endpoint needs are added to it, in a policy of this
   * stack. A role that cannot be changed (`mutable: false`, or another account's) has to hold it already: docs/constructs.md lists it.
   *
   * @default - a new one with the permissions that this endpoint needs and no others
   */
  readonly executionRole?: IRole;
  /**
   * Removal policy of the endpoint. `RETAIN` keeps it with all that it runs on (model, configuration,
   * role, security group, log group, scaling), and its costs.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}
