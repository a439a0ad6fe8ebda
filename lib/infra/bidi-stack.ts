import { CfnCondition, CfnOutput, type Duration, Fn, Stack, type StackProps, Token } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { FIPS_REGIONS, StackOutput } from '../contract';
import { acknowledgeCompliance } from './acknowledgement';
import type { BidiEndpoint } from './bidi-endpoint';
import { BidiMonitoring } from './bidi-monitoring';
import { BidiPrivateAccess } from './bidi-private-access';
import type { ConcurrencyScalingProps } from './concurrency-scaling';
import { runtimeUri } from './runtime-uri';
import { throwIfInvalid } from './violations';
import { lookUpVpc, vpcIdViolation } from './vpc-lookup';

/** Properties of every stack of this kit. The app's context sets each of them. */
export interface BidiStackProps extends StackProps {
  /** Name of the endpoint. @default - derived from the path, so that two stages of an app do not collide */
  readonly endpointName?: string;
  /** Instance type. Not together with `instanceTypes`. @default - the model's recommended one */
  readonly instanceType?: string;
  /** One to five instance types, best first. @default - `instanceType` alone */
  readonly instanceTypes?: readonly string[];
  /** Number of instances to begin with. @default 1 */
  readonly instanceCount?: number;
  /** Image of the hosts, with its GPU driver. @default - the model's recommended one */
  readonly inferenceAmi?: string;
  /** Environment variables of the container. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
  /** How long image and model data may take to arrive: whole seconds, 60 s to 1 h. @default - the endpoint's own */
  readonly modelDownloadTimeout?: Duration;
  /** How long the container may take to answer `/ping`: whole seconds, 60 s to 1 h. @default - the endpoint's own */
  readonly startupHealthCheckTimeout?: Duration;
  /** How the number of instances follows the number of open streams. @default - it stays */
  readonly scaling?: ConcurrencyScalingProps;
  /** VPC into which the containers get network interfaces, found by its id. @default - none */
  readonly vpcId?: string;
  /** Whether the endpoint can be reached from that VPC without leaving it. @default false */
  readonly privateAccess?: boolean;
  /** ARN of an SNS topic that the alarms notify. @default - none */
  readonly alarmTopicArn?: string;
  /** How long the containers' output is kept. @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
  /** Whether to make a managed policy that lets an application open streams. @default false */
  readonly invokePolicy?: boolean;
}

/** The base of this kit's stacks: the endpoint's outputs, monitoring, scaling and access. */
export abstract class BidiStack extends Stack {
  /** The endpoint that the stack deploys. */
  abstract readonly endpoint: BidiEndpoint;

  /** The VPC of a `vpcId`. The CDK looks it up, so account and region of the stack have to be known. */
  protected lookUpVpc({ vpcId, privateAccess }: BidiStackProps): IVpc | undefined {
    throwIfInvalid(this.node.path, [
      privateAccess && !vpcId ? 'privateAccess needs a vpcId: the VPC from which the endpoint is reached.' : undefined,
      vpcIdViolation(this, vpcId),
    ]);
    return vpcId ? lookUpVpc(this, vpcId) : undefined;
  }

  /** Watches, scales and opens the endpoint as the properties say, and writes the outputs. */
  protected operate(endpoint: BidiEndpoint, props: BidiStackProps, tryIt: string, vpc?: IVpc): void {
    if (props.scaling) endpoint.autoScaleConcurrency(props.scaling);
    if (vpc && props.privateAccess) new BidiPrivateAccess(this, 'PrivateAccess', { endpoints: [endpoint], vpc });
    const monitoring = new BidiMonitoring(this, 'Monitoring', {
      endpoint,
      alarmTopic: props.alarmTopicArn ? Topic.fromTopicArn(this, 'AlarmTopic', props.alarmTopicArn) : undefined,
    });
    this.acknowledgeFindings(endpoint, monitoring, props);
    this.writeOutputs(endpoint, monitoring, props, tryIt);
    // The platform updates model packages without guardrails.
    if (!endpoint.variants.some(({ isModelPackage }) => isModelPackage)) {
      endpoint.addRollbackAlarms(...monitoring.rollbackAlarms);
    }
  }

  private acknowledgeFindings(endpoint: BidiEndpoint, monitoring: BidiMonitoring, props: BidiStackProps): void {
    acknowledgeCompliance(
      endpoint.logGroup,
      'CloudWatchLogGroupEncrypted',
      'CloudWatch Logs encrypts the group with a key of its own, and the containers log no payload; BidiEndpoint takes a logEncryptionKey where a key of the customer is demanded.',
    );
    if (!props.alarmTopicArn) {
      acknowledgeCompliance(
        monitoring,
        'CloudWatchAlarmAction',
        'No topic is given; the alarms show on the dashboard and roll back deployments. The context key alarmTopicArn names a topic.',
      );
    }
  }

  private writeOutputs(endpoint: BidiEndpoint, monitoring: BidiMonitoring, props: BidiStackProps, tryIt: string): void {
    this.output(StackOutput.RUNTIME_URI, endpoint.runtimeUri, 'Where streams are opened');
    this.outputFipsRuntimeUri();
    this.output(StackOutput.STREAM_URL, endpoint.streamUrl, 'Where streams to this endpoint are opened');
    this.output(StackOutput.ENDPOINT_NAME, endpoint.endpointName, 'Name of the endpoint');
    this.output(StackOutput.ENDPOINT_ARN, endpoint.endpointArn, 'ARN of the endpoint');
    if (endpoint.imageUri) this.output(StackOutput.IMAGE_URI, endpoint.imageUri, 'Image of the container');
    this.output(StackOutput.LOG_GROUP_NAME, endpoint.logGroupName, 'Log group of the containers');
    if (monitoring.dashboardUrl) this.output(StackOutput.DASHBOARD_URL, monitoring.dashboardUrl, 'The dashboard');
    if (props.invokePolicy) {
      this.output(
        StackOutput.INVOKE_POLICY_ARN,
        endpoint.invokePolicy().managedPolicyArn,
        'Managed policy that lets an application open streams',
      );
    }
    this.output(StackOutput.TRY_IT, tryIt, 'A first stream to this endpoint');
  }

  /** Where the region is known only at deployment, a condition decides whether it has a FIPS host. */
  private outputFipsRuntimeUri(): void {
    const unknown = Token.isUnresolved(this.region);
    if (!unknown && !FIPS_REGIONS.includes(this.region)) return;
    const condition = unknown
      ? new CfnCondition(this, 'HasFipsRuntime', {
          expression: Fn.conditionOr(...FIPS_REGIONS.map(region => Fn.conditionEquals(this.region, region))),
        })
      : undefined;
    const uri = runtimeUri(this.region, this.urlSuffix, { fips: true });
    this.output(StackOutput.FIPS_RUNTIME_URI, uri, 'The same at a FIPS 140 validated host', condition);
  }

  /** Writes an output under the key that the kit promises. */
  protected output(key: string, value: string, description: string, condition?: CfnCondition): void {
    new CfnOutput(this, key, { value, description, condition });
  }
}
