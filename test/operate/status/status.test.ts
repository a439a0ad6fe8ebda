import { ControlPlane } from '../../../lib/operate/aws';
import {
  followEndpoint,
  isServing,
  readStatus,
  renderProgress,
  renderStatus,
  StatusUnavailableError,
} from '../../../lib/operate/status';
import { CONNECTION_RESET, FakeAws, ServiceError } from '../../fake-aws';

let aws: FakeAws;
let plane: ControlPlane;
beforeAll(async () => {
  aws = await FakeAws.start();
  plane = new ControlPlane(aws.options);
});
afterAll(async () => {
  plane[Symbol.dispose]();
  await aws[Symbol.asyncDispose]();
});

const CREATED = new Date('2026-03-01T10:00:00Z');
const CHANGED = new Date('2026-03-01T10:09:30Z');

const IN_SERVICE = {
  EndpointName: 'echo',
  EndpointArn: 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo',
  EndpointConfigName: 'EchoConfig-1',
  EndpointStatus: 'InService',
  CreationTime: CREATED,
  LastModifiedTime: CHANGED,
  ProductionVariants: [
    { VariantName: 'AllTraffic', CurrentInstanceCount: 2, DesiredInstanceCount: 2, CurrentWeight: 1 },
  ],
  LastDeploymentConfig: {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: { Type: 'CANARY', WaitIntervalInSeconds: 300 },
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
      InstanceType: 'ml.g6.2xlarge',
      InitialInstanceCount: 1,
      ModelDataDownloadTimeoutInSeconds: 600,
      ContainerStartupHealthCheckTimeoutInSeconds: 900,
    },
  ],
};

beforeEach(() =>
  aws.reset({
    ListStackResources: ({ StackName }) => {
      if (StackName !== 'EchoBidiStack')
        return new ServiceError('ValidationError', `Stack with id ${StackName} does not exist`);
      const created = { ResourceStatus: 'CREATE_COMPLETE' };
      return {
        StackResourceSummaries: [
          { ...created, ResourceType: 'AWS::SageMaker::Endpoint', PhysicalResourceId: IN_SERVICE.EndpointArn },
          { ...created, ResourceType: 'AWS::SageMaker::Model', PhysicalResourceId: 'model' },
        ],
      };
    },
    DescribeStackEvents: { StackEvents: [] },
    DescribeEndpoint: IN_SERVICE,
    DescribeEndpointConfig: CONFIG,
    DescribeScalableTargets: { ScalableTargets: [] },
    DescribeLogStreams: { logStreams: [] },
  }),
);

const failed = (reason: string) =>
  aws.on('DescribeEndpoint', { ...IN_SERVICE, EndpointStatus: 'Failed', FailureReason: reason });

function logHolds(...lines: string[]) {
  aws.on('DescribeLogStreams', {
    logStreams: [
      {
        logStreamName: 'AllTraffic/i-1',
        firstEventTimestamp: CREATED.getTime(),
        lastEventTimestamp: CHANGED.getTime(),
      },
    ],
  });
  aws.on('GetLogEvents', { events: lines.map(message => ({ message: `${message}\n` })) });
}

/** Lines that are not there to be copied stay within the terminal. */
function expectWithin(text: string, width: number) {
  for (const line of text.split('\n').filter(line => !/^ {4}(\$|\||\S+:)/.test(line))) {
    expect(line.length).toBeLessThanOrEqual(width);
  }
}

test('an endpoint in service, with scaling and rollout', async () => {
  aws.on('DescribeScalableTargets', {
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
  aws.on('DescribeScalingPolicies', {
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
  aws.on('DescribeScalingActivities', {
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
  aws.on('DescribeScalableTargets', new ServiceError('AccessDeniedException', 'no'));
  aws.on('DescribeEndpointConfig', new ServiceError('AccessDeniedException', 'no'));
  const report = await readStatus(plane, 'echo');
  expect(report.stackName).toBeUndefined();
  expect(report.endpoints[0]!.state!.unknown).toEqual([
    'Not allowed to look: sagemaker:DescribeEndpointConfig is denied.',
    'Not allowed to look: application-autoscaling:DescribeScalableTargets is denied.',
  ]);
  expect(renderStatus(report)).toMatchSnapshot();
});

test('an endpoint that is not there', async () => {
  aws.on('DescribeEndpoint', new ServiceError('ValidationException', 'Could not find endpoint "nowhere".'));
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
      aws.on(
        'DescribeLogStreams',
        new ServiceError('ResourceNotFoundException', 'The specified log group does not exist.'),
      ),
  ],
  ['a log group that the stack made, with no stream', () => aws.on('DescribeLogStreams', { logStreams: [] })],
  [
    'only streams of an earlier deployment',
    () =>
      aws.on('DescribeLogStreams', {
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
  aws.on('DescribeEndpoint', {
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
  aws.on('DescribeLogStreams', new ServiceError('AccessDeniedException', 'no'));
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
    ResourceStatus: ResourceStatus,
    ResourceStatusReason,
  });
  aws.on('DescribeEndpoint', new ServiceError('ValidationException', 'Could not find endpoint.'));
  aws.on('DescribeLogStreams', new ServiceError('ResourceNotFoundException', 'no such log group'));
  aws.on('DescribeStackEvents', {
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
  aws.on('DescribeEndpoint', new ServiceError(name, 'no'));
  await expect(readStatus(plane, 'echo')).rejects.toMatchObject({ name: 'StatusUnavailableError', next });
});

describe('following', () => {
  const creating = { ...IN_SERVICE, EndpointStatus: 'Creating', ProductionVariants: undefined };

  async function follow(asked = plane) {
    const lines: string[] = [];
    for await (const progress of followEndpoint(asked, 'echo', { pollIntervalMs: 1 })) {
      lines.push(renderProgress({ ...progress, elapsedMs: 65_000 }));
    }
    return lines;
  }

  test('from Creating to InService, with what takes that long', async () => {
    const now = Date.now();
    const at = (minutes: number) => ({ ...creating, CreationTime: new Date(now - minutes * 60_000) });
    aws.on('DescribeEndpoint', at(1), at(10), at(20), at(20), IN_SERVICE);
    aws.on(
      'DescribeLogStreams',
      { logStreams: [] },
      { logStreams: [] },
      { logStreams: [] },
      { logStreams: [{ logStreamName: 's', firstEventTimestamp: now, lastEventTimestamp: now }] },
    );
    aws.on('GetLogEvents', { events: [] });
    expect(await follow()).toMatchSnapshot();
  });

  test('an update names its stage and the drain', async () => {
    aws.on(
      'DescribeEndpoint',
      {
        ...IN_SERVICE,
        EndpointStatus: 'Updating',
        ProductionVariants: [{ ...IN_SERVICE.ProductionVariants[0]!, VariantStatus: [{ Status: 'Baking' }] }],
      },
      IN_SERVICE,
    );
    expect((await follow())[0]).toContain('Baking. A new fleet starts');
  });

  test('an endpoint that vanishes ends it', async () => {
    aws.on('DescribeEndpoint', creating, new ServiceError('ValidationException', 'Could not find endpoint "echo".'));
    expect(await follow()).toHaveLength(1);
  });

  test('a network that comes back is waited for; one that does not is an error', async () => {
    // One attempt a look, so that the SDK's own retries do not hide a lost connection from the follower.
    process.env.AWS_MAX_ATTEMPTS = '1';
    using impatient = new ControlPlane(aws.options);
    aws.on('DescribeEndpoint', CONNECTION_RESET, CONNECTION_RESET, IN_SERVICE);
    expect(await follow(impatient)).toHaveLength(1);
    expect(aws.inputsOf('DescribeEndpoint')).toHaveLength(3);
    aws.on('DescribeEndpoint', CONNECTION_RESET);
    await expect(follow(impatient)).rejects.toThrow(StatusUnavailableError);
    delete process.env.AWS_MAX_ATTEMPTS;
  });

  test('it can be ended', async () => {
    aws.on('DescribeEndpoint', creating);
    const abort = new AbortController();
    const following = (async () => {
      for await (const _ of followEndpoint(plane, 'echo', { pollIntervalMs: 60_000, abortSignal: abort.signal }))
        abort.abort();
    })();
    await expect(following).rejects.toMatchObject({ name: 'AbortError' });
  });
});
