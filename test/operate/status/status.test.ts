import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStackEventsCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  SageMakerClient,
  SageMakerServiceException,
} from '@aws-sdk/client-sagemaker';
import { mockClient } from 'aws-sdk-client-mock';
import { ControlPlane } from '../../../lib/operate/aws';
import {
  followEndpoint,
  isServing,
  readStatus,
  renderProgress,
  renderStatus,
  StatusUnavailableError,
} from '../../../lib/operate/status';

const sageMaker = mockClient(SageMakerClient);
const cloudFormation = mockClient(CloudFormationClient);
const logs = mockClient(CloudWatchLogsClient);
const scaling = mockClient(ApplicationAutoScalingClient);
const plane = new ControlPlane({ region: 'us-east-1' });

function serviceError(name: string, message: string) {
  return new SageMakerServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400 } });
}

const noStack = (name: string) =>
  new CloudFormationServiceException({
    name: 'ValidationError',
    message: `Stack with id ${name} does not exist`,
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  });

const CREATED = new Date('2026-03-01T10:00:00Z');
const CHANGED = new Date('2026-03-01T10:09:30Z');

const IN_SERVICE = {
  EndpointName: 'echo',
  EndpointArn: 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo',
  EndpointConfigName: 'EchoConfig-1',
  EndpointStatus: 'InService' as const,
  CreationTime: CREATED,
  LastModifiedTime: CHANGED,
  ProductionVariants: [
    { VariantName: 'AllTraffic', CurrentInstanceCount: 2, DesiredInstanceCount: 2, CurrentWeight: 1 },
  ],
  LastDeploymentConfig: {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: { Type: 'CANARY' as const, WaitIntervalInSeconds: 300 },
      TerminationWaitInSeconds: 1800,
    },
    AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'EchoErrors' }] },
  },
};

const CONFIG = {
  EndpointConfigName: 'EchoConfig-1',
  EndpointConfigArn: 'arn',
  CreationTime: CREATED,
  ProductionVariants: [
    {
      VariantName: 'AllTraffic',
      ModelName: 'Model-1',
      InstanceType: 'ml.g6.2xlarge' as const,
      InitialInstanceCount: 1,
      ModelDataDownloadTimeoutInSeconds: 600,
      ContainerStartupHealthCheckTimeoutInSeconds: 900,
    },
  ],
};

beforeEach(() => {
  for (const mock of [sageMaker, cloudFormation, logs, scaling]) mock.reset();
  cloudFormation.on(ListStackResourcesCommand).callsFake(({ StackName }) => {
    if (StackName !== 'EchoBidiStack') throw noStack(StackName);
    return {
      StackResourceSummaries: [
        {
          ResourceType: 'AWS::SageMaker::Endpoint',
          PhysicalResourceId: IN_SERVICE.EndpointArn,
          ResourceStatus: 'CREATE_COMPLETE',
        },
        { ResourceType: 'AWS::SageMaker::Model', PhysicalResourceId: 'model', ResourceStatus: 'CREATE_COMPLETE' },
      ],
    };
  });
  cloudFormation.on(DescribeStackEventsCommand).resolves({ StackEvents: [] });
  sageMaker.on(DescribeEndpointCommand).resolves(IN_SERVICE);
  sageMaker.on(DescribeEndpointConfigCommand).resolves(CONFIG);
  scaling.on(DescribeScalableTargetsCommand).resolves({ ScalableTargets: [] });
  logs.on(DescribeLogStreamsCommand).resolves({ logStreams: [] });
});

const failed = (reason: string) =>
  sageMaker.on(DescribeEndpointCommand).resolves({ ...IN_SERVICE, EndpointStatus: 'Failed', FailureReason: reason });

function logHolds(...lines: string[]) {
  logs.on(DescribeLogStreamsCommand).resolves({
    logStreams: [
      {
        logStreamName: 'AllTraffic/i-1',
        firstEventTimestamp: CREATED.getTime(),
        lastEventTimestamp: CHANGED.getTime(),
      },
    ],
  });
  logs.on(GetLogEventsCommand).resolves({ events: lines.map(message => ({ message: `${message}\n` })) });
}

/** Lines that are not there to be copied stay within the terminal. */
function expectWithin(text: string, width: number) {
  for (const line of text.split('\n').filter(line => !/^ {4}(\$|\||\S+:)/.test(line))) {
    expect(line.length).toBeLessThanOrEqual(width);
  }
}

test('an endpoint in service, with scaling and rollout', async () => {
  scaling.on(DescribeScalableTargetsCommand).resolves({
    ScalableTargets: [
      {
        ResourceId: 'endpoint/echo/variant/AllTraffic',
        MinCapacity: 1,
        MaxCapacity: 4,
        ServiceNamespace: 'sagemaker',
        ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
        RoleARN: 'arn',
        CreationTime: CREATED,
      },
    ],
  });
  scaling.on(DescribeScalingPoliciesCommand).resolves({
    ScalingPolicies: [
      {
        PolicyName: 'concurrency',
        PolicyARN: 'arn',
        ServiceNamespace: 'sagemaker',
        ResourceId: 'r',
        ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
        PolicyType: 'TargetTrackingScaling',
        CreationTime: CREATED,
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 30,
          PredefinedMetricSpecification: {
            PredefinedMetricType: 'SageMakerVariantConcurrentRequestsPerModelHighResolution',
          },
        },
      },
    ],
  });
  scaling.on(DescribeScalingActivitiesCommand).resolves({
    ScalingActivities: [
      {
        ActivityId: '1',
        ServiceNamespace: 'sagemaker',
        ResourceId: 'r',
        ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
        Description: 'Setting desired instance count to 2.',
        Cause: 'alarm',
        StartTime: CHANGED,
        StatusCode: 'Successful',
      },
    ],
  });
  const report = await readStatus(plane, 'EchoBidiStack');
  expect(isServing(report)).toBe(true);
  expect(report.endpoints[0]!.state!.variants[0]).toMatchObject({
    currentInstances: 2,
    instanceTypes: [{ type: 'ml.g6.2xlarge' }],
    scaling: { minCapacity: 1, maxCapacity: 4, policies: [{ target: 30 }] },
  });
  const text = renderStatus(report);
  expect(text).toMatchSnapshot();
  expectWithin(text, 80);
});

test('an endpoint named by itself, with what may not be looked at', async () => {
  scaling.on(DescribeScalableTargetsCommand).rejects(serviceError('AccessDeniedException', 'no'));
  sageMaker.on(DescribeEndpointConfigCommand).rejects(serviceError('AccessDeniedException', 'no'));
  const report = await readStatus(plane, 'echo');
  expect(report.stackName).toBeUndefined();
  expect(report.endpoints[0]!.state!.unknown).toEqual([
    'Not allowed to look: sagemaker:DescribeEndpointConfig is denied.',
    'Not allowed to look: application-autoscaling:DescribeScalableTargets is denied.',
  ]);
  expect(renderStatus(report)).toMatchSnapshot();
});

test('an endpoint that is not there', async () => {
  sageMaker
    .on(DescribeEndpointCommand)
    .rejects(serviceError('ValidationException', 'Could not find endpoint "nowhere".'));
  const report = await readStatus(plane, 'nowhere');
  expect(isServing(report)).toBe(false);
  expect(renderStatus(report)).toContain('nowhere  does not exist');
});

test('a failure with a line in the log is explained by the line', async () => {
  failed('The primary container for production variant AllTraffic did not pass the ping health check.');
  logHolds('loading', '[cuda-preflight] set InferenceAmiVersion to al2023-ami-sagemaker-inference-gpu-4-1');
  const report = await readStatus(plane, 'echo');
  expect(report.endpoints[0]!.diagnosis).toMatchObject({
    logExists: true,
    causes: [{ name: 'driver' }, { name: 'health-check' }, { name: 'container-failed' }],
  });
  const text = renderStatus(report);
  expect(text).toMatchSnapshot();
  expectWithin(text, 80);
});

test.each([
  [
    'no log group',
    () =>
      logs
        .on(DescribeLogStreamsCommand)
        .rejects(serviceError('ResourceNotFoundException', 'The specified log group does not exist.')),
  ],
  [
    'a log group that the stack made, with no stream',
    () => logs.on(DescribeLogStreamsCommand).resolves({ logStreams: [] }),
  ],
  [
    'only streams of an earlier deployment',
    () =>
      logs.on(DescribeLogStreamsCommand).resolves({
        logStreams: [{ logStreamName: 'old', firstEventTimestamp: 1, lastEventTimestamp: CREATED.getTime() - 1 }],
      }),
  ],
])('%s: no container ever started', async (_, arrange) => {
  failed('Request to service failed. If failure persists after retry, contact customer support.');
  arrange();
  const { endpoints } = await readStatus(plane, 'echo');
  expect(endpoints[0]!.diagnosis).toMatchObject({ logExists: false, causes: [{ name: 'container-never-started' }] });
});

test('no log, and longer than the download may take', async () => {
  sageMaker.on(DescribeEndpointCommand).resolves({
    ...IN_SERVICE,
    EndpointStatus: 'Failed',
    FailureReason: 'Request to service failed.',
    LastModifiedTime: new Date(CREATED.getTime() + 900_000),
  });
  const { endpoints } = await readStatus(plane, 'echo');
  expect(endpoints[0]!.diagnosis!.causes.map(cause => cause.name)).toEqual([
    'download-timeout',
    'container-never-started',
  ]);
});

test('a log that may not be read proves nothing', async () => {
  failed('Request to service failed.');
  logs.on(DescribeLogStreamsCommand).rejects(serviceError('AccessDeniedException', 'no'));
  const { endpoints } = await readStatus(plane, 'echo');
  expect(endpoints[0]!.diagnosis).toMatchObject({ logExists: undefined, causes: [] });
});

test('the fix holds the names at hand', async () => {
  failed("The account-level service limit 'ml.g6.2xlarge for endpoint usage' is 0 Instances");
  const { endpoints } = await readStatus(plane, 'echo');
  const [cause] = endpoints[0]!.diagnosis!.causes;
  expect(cause!.name).toBe('quota');
  expect(cause!.fixes[0]!.command).toContain(
    "--region us-east-1 --query \"Quotas[?QuotaName=='ml.g6.2xlarge for endpoint usage']",
  );
});

test("the fix of a stack's endpoint names the stack", async () => {
  failed('The primary container did not pass the ping health check.');
  const { endpoints } = await readStatus(plane, 'EchoBidiStack');
  const commands = endpoints[0]!.diagnosis!.causes.flatMap(({ fixes }) => fixes.map(({ command }) => command ?? ''));
  expect(commands.filter(command => command.includes('<stack>'))).toEqual([]);
  expect(commands.some(command => command.includes('EchoBidiStack'))).toBe(true);
});

test('a stack that rolled back is explained by its events: the first failure, not its consequences', async () => {
  const event = (
    LogicalResourceId: string,
    ResourceType: string,
    ResourceStatus: string,
    ResourceStatusReason?: string,
  ) => ({
    StackId: 'stack-id',
    EventId: LogicalResourceId + ResourceStatus,
    StackName: 'EchoBidiStack',
    Timestamp: CHANGED,
    LogicalResourceId,
    ResourceType,
    PhysicalResourceId: ResourceType === 'AWS::CloudFormation::Stack' ? 'stack-id' : IN_SERVICE.EndpointArn,
    ResourceStatus: ResourceStatus as never,
    ResourceStatusReason,
  });
  sageMaker.on(DescribeEndpointCommand).rejects(serviceError('ValidationException', 'Could not find endpoint.'));
  logs.on(DescribeLogStreamsCommand).rejects(serviceError('ResourceNotFoundException', 'no such log group'));
  cloudFormation.on(DescribeStackEventsCommand).resolves({
    // Newest first, as CloudFormation gives them.
    StackEvents: [
      event('EchoBidiStack', 'AWS::CloudFormation::Stack', 'ROLLBACK_COMPLETE'),
      event('Echo', 'AWS::SageMaker::Endpoint', 'DELETE_COMPLETE'),
      event(
        'EchoBidiStack',
        'AWS::CloudFormation::Stack',
        'ROLLBACK_IN_PROGRESS',
        'The following resource(s) failed to create: [Echo].',
      ),
      event('Alarm', 'AWS::CloudWatch::Alarm', 'CREATE_FAILED', 'Resource creation cancelled'),
      event(
        'Echo',
        'AWS::SageMaker::Endpoint',
        'CREATE_FAILED',
        'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.',
      ),
      event('EchoBidiStack', 'AWS::CloudFormation::Stack', 'CREATE_IN_PROGRESS'),
      event('Echo', 'AWS::SageMaker::Endpoint', 'CREATE_FAILED', 'of an earlier deployment'),
    ],
  });
  const report = await readStatus(plane, 'EchoBidiStack');
  expect(report.stackFailure).toMatchObject({
    logicalId: 'Echo',
    reason: expect.stringContaining('InsufficientInstanceCapacity'),
  });
  expect(report.diagnosis!.causes.map(cause => cause.name)).toEqual(['capacity']);
  expect(isServing(report)).toBe(false);
  expect(renderStatus(report)).toMatchSnapshot();
});

test('what a container writes cannot drive the terminal', async () => {
  failed('Request to service failed.');
  logHolds('\u001b[2J\u0007red');
  expect(renderStatus(await readStatus(plane, 'echo'))).toContain('    | \\x1b[2J\\x07red');
});

test('an explanation that was asked for shows the log of an endpoint in service', async () => {
  logHolds('listening on 8080');
  const { endpoints } = await readStatus(plane, 'echo', { explain: true });
  expect(endpoints[0]).toMatchObject({ log: { groupExists: true, streams: 1, lines: ['listening on 8080'] } });
});

test.each([
  ['AccessDeniedException', 'Allow sagemaker:DescribeEndpoint.'],
  ['ExpiredTokenException', 'Try: aws sts get-caller-identity, then this command again.'],
])('where AWS cannot be asked (%s), the error says what to do', async (name, next) => {
  sageMaker.on(DescribeEndpointCommand).rejects(serviceError(name, 'no'));
  await expect(readStatus(plane, 'echo')).rejects.toMatchObject({ name: 'StatusUnavailableError', next });
});

describe('following', () => {
  const creating = { ...IN_SERVICE, EndpointStatus: 'Creating' as const, ProductionVariants: undefined };

  async function follow(pollIntervalMs = 1) {
    const lines: string[] = [];
    for await (const progress of followEndpoint(plane, 'echo', { pollIntervalMs })) {
      lines.push(renderProgress({ ...progress, elapsedMs: 65_000 }));
    }
    return lines;
  }

  test('from Creating to InService, with what takes that long', async () => {
    const now = Date.now();
    const at = (minutes: number) => ({ ...creating, CreationTime: new Date(now - minutes * 60_000) });
    sageMaker
      .on(DescribeEndpointCommand)
      .resolvesOnce(at(1))
      .resolvesOnce(at(10))
      .resolvesOnce(at(20))
      .resolvesOnce(at(20))
      .resolves(IN_SERVICE);
    logs
      .on(DescribeLogStreamsCommand)
      .resolvesOnce({ logStreams: [] })
      .resolvesOnce({ logStreams: [] })
      .resolvesOnce({ logStreams: [] })
      .resolves({ logStreams: [{ logStreamName: 's', firstEventTimestamp: now, lastEventTimestamp: now }] });
    logs.on(GetLogEventsCommand).resolves({ events: [] });
    expect(await follow()).toMatchSnapshot();
  });

  test('an update names its stage and the drain', async () => {
    sageMaker
      .on(DescribeEndpointCommand)
      .resolvesOnce({
        ...IN_SERVICE,
        EndpointStatus: 'Updating',
        ProductionVariants: [{ ...IN_SERVICE.ProductionVariants[0]!, VariantStatus: [{ Status: 'Baking' }] }],
      })
      .resolves(IN_SERVICE);
    expect((await follow())[0]).toContain('Baking. A new fleet starts');
  });

  test('an endpoint that vanishes ends it', async () => {
    sageMaker
      .on(DescribeEndpointCommand)
      .resolvesOnce(creating)
      .rejects(serviceError('ValidationException', 'Could not find endpoint "echo".'));
    expect(await follow()).toHaveLength(1);
  });

  test('a network that comes back is waited for; one that does not is an error', async () => {
    const offline = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    sageMaker.on(DescribeEndpointCommand).rejectsOnce(offline).rejectsOnce(offline).resolves(IN_SERVICE);
    expect(await follow()).toHaveLength(1);
    sageMaker.on(DescribeEndpointCommand).rejects(offline);
    await expect(follow()).rejects.toThrow(StatusUnavailableError);
  });

  test('it can be ended', async () => {
    sageMaker.on(DescribeEndpointCommand).resolves(creating);
    const abort = new AbortController();
    const following = (async () => {
      for await (const _ of followEndpoint(plane, 'echo', { pollIntervalMs: 60_000, abortSignal: abort.signal }))
        abort.abort();
    })();
    await expect(following).rejects.toMatchObject({ name: 'AbortError' });
  });
});
