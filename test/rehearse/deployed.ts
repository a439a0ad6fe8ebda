import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
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
import type { Emulator } from './emulator';
import { ACCOUNT, REGION } from './rehearsal-account';

/** What is in the rehearsal's account, asked of its APIs and not of anything that this kit remembers. */
export class Deployed {
  readonly #configuration: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  readonly #sageMaker: SageMakerClient;

  constructor(emulator: Emulator) {
    this.#configuration = {
      endpoint: emulator.url,
      region: REGION,
      credentials: {
        accessKeyId: emulator.environment.AWS_ACCESS_KEY_ID!,
        secretAccessKey: emulator.environment.AWS_SECRET_ACCESS_KEY!,
      },
    };
    this.#sageMaker = new SageMakerClient(this.#configuration);
  }

  /** An endpoint with the configuration and the model behind its first variant. */
  async endpoint(name: string) {
    const endpoint = await this.#sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }));
    const configName = { EndpointConfigName: endpoint.EndpointConfigName };
    const config = await this.#sageMaker.send(new DescribeEndpointConfigCommand(configName));
    const modelName = { ModelName: config.ProductionVariants?.[0]?.ModelName };
    const model = await this.#sageMaker.send(new DescribeModelCommand(modelName));
    return { endpoint, config, model };
  }

  /** Ids of the scalable targets, such as `endpoint/speech/variant/AllTraffic`. */
  async scalableTargets(): Promise<string[]> {
    const client = new ApplicationAutoScalingClient(this.#configuration);
    const { ScalableTargets = [] } = await client.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }),
    );
    return ScalableTargets.map(({ ResourceId }) => ResourceId!);
  }

  /** Names of everything that SageMaker and CloudWatch Logs hold. */
  async leftovers(): Promise<string[]> {
    const endpoints = await this.#sageMaker.send(new ListEndpointsCommand({}));
    const configs = await this.#sageMaker.send(new ListEndpointConfigsCommand({}));
    const models = await this.#sageMaker.send(new ListModelsCommand({}));
    const logs = await new CloudWatchLogsClient(this.#configuration).send(new DescribeLogGroupsCommand({}));
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
    const client = new CloudFormationClient(this.#configuration);
    const { StackResources } = await client.send(new DescribeStackResourcesCommand({ StackName: stack }));
    return new Set(StackResources?.map(({ ResourceType }) => ResourceType!));
  }

  /** Names of the stacks that are there. */
  async stacks(): Promise<string[]> {
    const { Stacks } = await new CloudFormationClient(this.#configuration).send(new DescribeStacksCommand({}));
    return (Stacks ?? []).map(({ StackName }) => StackName!);
  }

  /** Tags of the images in the bootstrap's repository. */
  async imageTags(): Promise<string[]> {
    const repositoryName = `cdk-hnb659fds-container-assets-${ACCOUNT}-${REGION}`;
    const { imageDetails } = await new ECRClient(this.#configuration).send(
      new DescribeImagesCommand({ repositoryName }),
    );
    return (imageDetails ?? []).flatMap(({ imageTags }) => imageTags ?? []);
  }
}
