import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  CancelUpdateStackCommand,
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';

/** How to reach an account: for a real one its region alone. */
export interface AccountAddress {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: AwsCredentialIdentity;
}

/** What is in the account, asked of its APIs and not of anything that this kit remembers. */
export class Deployed {
  private readonly sageMaker: SageMakerClient;
  private readonly cloudFormation: CloudFormationClient;
  private readonly cloudWatch: CloudWatchClient;

  constructor(private readonly address: AccountAddress) {
    this.sageMaker = new SageMakerClient(address);
    this.cloudFormation = new CloudFormationClient(address);
    this.cloudWatch = new CloudWatchClient(address);
  }

  /** An endpoint with the configuration and the model behind its first variant. */
  async endpoint(name: string) {
    const endpoint = await this.sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }));
    const configName = { EndpointConfigName: endpoint.EndpointConfigName };
    const config = await this.sageMaker.send(new DescribeEndpointConfigCommand(configName));
    const modelName = { ModelName: config.ProductionVariants?.[0]?.ModelName };
    const model = await this.sageMaker.send(new DescribeModelCommand(modelName));
    return { endpoint, config, model };
  }

  /** Ids of the scalable targets, such as `endpoint/speech/variant/AllTraffic`. */
  async scalableTargets(): Promise<string[]> {
    const client = new ApplicationAutoScalingClient(this.address);
    const { ScalableTargets = [] } = await client.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }),
    );
    return ScalableTargets.map(({ ResourceId }) => ResourceId!);
  }

  /** Names of everything that SageMaker and CloudWatch Logs hold. */
  async leftovers(): Promise<string[]> {
    const endpoints = await this.sageMaker.send(new ListEndpointsCommand({}));
    const configs = await this.sageMaker.send(new ListEndpointConfigsCommand({}));
    const models = await this.sageMaker.send(new ListModelsCommand({}));
    const logs = await new CloudWatchLogsClient(this.address).send(new DescribeLogGroupsCommand({}));
    return [
      ...(endpoints.Endpoints ?? []).map(({ EndpointName }) => `endpoint ${EndpointName}`),
      ...(configs.EndpointConfigs ?? []).map(
        ({ EndpointConfigName }) => `endpoint configuration ${EndpointConfigName}`,
      ),
      ...(models.Models ?? []).map(({ ModelName }) => `model ${ModelName}`),
      ...(logs.logGroups ?? []).map(({ logGroupName }) => `log group ${logGroupName}`),
    ];
  }

  /** Types of the stack's resources that came into being. */
  async resourceTypes(stack: string): Promise<Set<string>> {
    const { StackResources } = await this.cloudFormation.send(new DescribeStackResourcesCommand({ StackName: stack }));
    return new Set(StackResources?.map(({ ResourceType }) => ResourceType!));
  }

  /** Names of the stacks that are there. */
  async stacks(): Promise<string[]> {
    const { Stacks } = await this.cloudFormation.send(new DescribeStacksCommand({}));
    return (Stacks ?? []).map(({ StackName }) => StackName!);
  }

  /** Status of a stack; undefined where there is none. */
  async stackStatus(stack: string): Promise<string | undefined> {
    try {
      const { Stacks } = await this.cloudFormation.send(new DescribeStacksCommand({ StackName: stack }));
      return Stacks?.[0]?.StackStatus;
    } catch (error) {
      if (/does not exist/.test((error as Error).message)) return undefined;
      throw error;
    }
  }

  /** Has CloudFormation roll an update of a stack back that is under way. */
  async cancelUpdate(stack: string): Promise<void> {
    await this.cloudFormation.send(new CancelUpdateStackCommand({ StackName: stack }));
  }

  /** State of each alarm of a stack, such as `OK`, by the alarm's name. */
  async alarms(stack: string): Promise<Map<string, string>> {
    const { StackResources = [] } = await this.cloudFormation.send(
      new DescribeStackResourcesCommand({ StackName: stack }),
    );
    const AlarmNames = StackResources.flatMap(({ ResourceType, PhysicalResourceId }) =>
      ResourceType === 'AWS::CloudWatch::Alarm' ? PhysicalResourceId! : [],
    );
    const { MetricAlarms = [] } = await this.cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames }));
    return new Map(MetricAlarms.map(({ AlarmName, StateValue }) => [AlarmName!, StateValue!]));
  }

  /** Puts an alarm into a state until it is evaluated next. */
  async setAlarm(name: string, state: 'ALARM' | 'OK'): Promise<void> {
    const why = { StateReason: 'The acceptance sets it: nothing evaluates alarms here.' };
    await this.cloudWatch.send(new SetAlarmStateCommand({ AlarmName: name, StateValue: state, ...why }));
  }

  /** Instances of a variant that are there now. */
  async instances(endpointName: string, variant: string): Promise<number> {
    const { ProductionVariants = [] } = await this.sageMaker.send(
      new DescribeEndpointCommand({ EndpointName: endpointName }),
    );
    return ProductionVariants.find(({ VariantName }) => VariantName === variant)?.CurrentInstanceCount ?? 0;
  }

  /** Lines of a log group that fit a pattern of CloudWatch Logs, oldest first. */
  async logLines(logGroupName: string, filterPattern: string): Promise<string[]> {
    const lines: string[] = [];
    const client = new CloudWatchLogsClient(this.address);
    for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName, filterPattern })) {
      lines.push(...events.map(({ message }) => message ?? ''));
    }
    return lines;
  }

  /** Id of the account. */
  async account(): Promise<string> {
    return (await new STSClient(this.address).send(new GetCallerIdentityCommand({}))).Account!;
  }

  /** Tags of the images in the bootstrap's repository. */
  async imageTags(): Promise<string[]> {
    const repositoryName = `cdk-hnb659fds-container-assets-${await this.account()}-${this.address.region}`;
    const { imageDetails } = await new ECRClient(this.address).send(new DescribeImagesCommand({ repositoryName }));
    return (imageDetails ?? []).flatMap(({ imageTags }) => imageTags ?? []);
  }
}
