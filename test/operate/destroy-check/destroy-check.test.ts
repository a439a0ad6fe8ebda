import { ControlPlane } from '../../../lib/operate/aws';
import { costClassOf, destroyCheck } from '../../../lib/operate/destroy-check';
import { renderTable } from '../../../lib/report';
import { CALLER_IDENTITY, CONNECTION_RESET, FakeAws, ServiceError } from '../../fake-aws';

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

const DELETED = new Date('2026-03-01T12:00:00Z');
const resource = (ResourceType: string, PhysicalResourceId: string, ResourceStatus = 'DELETE_COMPLETE') => ({
  LogicalResourceId: 'x',
  LastUpdatedTimestamp: DELETED,
  ResourceType,
  PhysicalResourceId,
  ResourceStatus,
});

const TEMPLATE = {
  Resources: {
    Endpoint: {
      Type: 'AWS::SageMaker::Endpoint',
      Properties: { EndpointName: 'echo', EndpointConfigName: { Ref: 'Config' } },
    },
    Config: {
      Type: 'AWS::SageMaker::EndpointConfig',
      Properties: { ProductionVariants: [{ ModelName: { Ref: 'Model' }, InstanceType: 'ml.g6.2xlarge' }] },
    },
    Model: {
      Type: 'AWS::SageMaker::Model',
      Properties: { PrimaryContainer: { Image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:v1' } },
    },
  },
};

/** What the stack that was deleted last had. */
const resources = (...summaries: ReturnType<typeof resource>[]) => ({ StackResourceSummaries: summaries });

beforeEach(() =>
  aws.reset({
    GetCallerIdentity: CALLER_IDENTITY,
    DescribeStacks: new ServiceError('ValidationError', 'Stack with id Echo does not exist'),
    ListStacks: {
      StackSummaries: [
        { StackName: 'Other', StackId: 'other', CreationTime: DELETED, StackStatus: 'DELETE_COMPLETE' },
        {
          StackName: 'Echo',
          StackId: 'newest',
          DeletionTime: DELETED,
          CreationTime: DELETED,
          StackStatus: 'DELETE_COMPLETE',
        },
        { StackName: 'Echo', StackId: 'older', CreationTime: DELETED, StackStatus: 'DELETE_COMPLETE' },
      ],
    },
    ListStackResources: ({ StackName }) =>
      StackName === 'newest'
        ? resources(
            resource('AWS::SageMaker::Endpoint', 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo'),
            resource(
              'AWS::SageMaker::EndpointConfig',
              'arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/config-1',
            ),
            resource('AWS::SageMaker::Model', 'arn:aws:sagemaker:us-east-1:123456789012:model/model-1'),
            resource('AWS::Logs::LogGroup', '/aws/sagemaker/Endpoints/echo', 'DELETE_SKIPPED'),
            resource('AWS::IAM::Role', 'role'),
          )
        : new ServiceError('ValidationError', `Stack ${StackName} does not exist`),
    DescribeEndpoint: new ServiceError('ValidationException', 'Could not find endpoint "echo".'),
    DescribeEndpointConfig: new ServiceError('ValidationException', 'Could not find endpoint configuration.'),
    DescribeModel: new ServiceError('ValidationException', 'Could not find model.'),
    DescribeLogGroups: { logGroups: [] },
    DescribeScalableTargets: { ScalableTargets: [] },
    'ecr:DescribeImages': new ServiceError('ImageNotFoundException', 'The image does not exist'),
  }),
);

test('a stack that left nothing', async () => {
  const { findings } = await destroyCheck(plane, 'Echo', { name: 'Echo', template: TEMPLATE });
  expect(findings.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['stack', 'pass'],
    ['endpoint', 'pass'],
    ['endpoint-config', 'pass'],
    ['model', 'pass'],
    ['log-group', 'pass'],
    ['scaling', 'pass'],
    ['image', 'pass'],
  ]);
});

test('everything that a stack can leave, with its cost and the command that ends it', async () => {
  aws.on('DescribeEndpoint', {
    EndpointStatus: 'InService',
    ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: 2 }],
  });
  aws.on('DescribeEndpointConfig', {});
  aws.on('DescribeModel', {});
  aws.on('DescribeLogGroups', {
    logGroups: [
      { logGroupName: '/aws/sagemaker/Endpoints/echo-2', storedBytes: 1 },
      { logGroupName: '/aws/sagemaker/Endpoints/echo', storedBytes: 3_000_000, retentionInDays: 30 },
    ],
  });
  aws.on(
    'DescribeScalableTargets',
    { ScalableTargets: [], NextToken: 'more' },
    {
      ScalableTargets: [
        {
          ResourceId: 'endpoint/echo/variant/AllTraffic',
          ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
          ServiceNamespace: 'sagemaker',
          MinCapacity: 1,
          MaxCapacity: 2,
          RoleARN: 'arn',
          CreationTime: DELETED,
        },
      ],
    },
  );
  aws.on('ecr:DescribeImages', { imageDetails: [{ imageSizeInBytes: 60_000_000 }] });
  aws.on(
    'ListStackResources',
    resources(
      resource('AWS::SageMaker::Endpoint', 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo', 'DELETE_SKIPPED'),
      resource('AWS::SageMaker::EndpointConfig', 'config-1'),
      resource('AWS::SageMaker::Model', 'model-1'),
      resource('AWS::EC2::VPCEndpoint', 'vpce-1', 'DELETE_SKIPPED'),
      resource('AWS::CloudWatch::Dashboard', 'echo', 'DELETE_SKIPPED'),
    ),
  );
  const report = await destroyCheck(plane, 'Echo', { name: 'Echo', template: TEMPLATE });
  expect(report.findings.map(({ name, verdict, costClass }) => [name, verdict, costClass])).toEqual([
    ['stack', 'pass', 'none'],
    ['endpoint', 'fail', 'hourly'],
    ['endpoint-config', 'warn', 'none'],
    ['model', 'warn', 'none'],
    ['log-group', 'warn', 'storage'],
    ['scaling', 'warn', 'none'],
    ['image', 'warn', 'storage'],
    ['VPCEndpoint', 'fail', 'hourly'],
    ['Dashboard', 'warn', 'monthly'],
  ]);
  expect(renderTable(report)).toMatchSnapshot();
});

test('a stack that is still there', async () => {
  aws.on('DescribeStacks', {
    Stacks: [{ StackName: 'Echo', StackStatus: 'DELETE_FAILED', CreationTime: DELETED }],
  });
  aws.on(
    'ListStackResources',
    resources(resource('AWS::ECR::Repository', 'echo', 'DELETE_FAILED'), resource('AWS::IAM::Role', 'role')),
  );
  const { findings } = await destroyCheck(plane, 'Echo');
  expect(findings).toEqual([
    expect.objectContaining({ name: 'stack', verdict: 'warn', seen: 'The stack Echo still exists: DELETE_FAILED.' }),
    expect.objectContaining({ name: 'Repository', verdict: 'warn', costClass: 'storage' }),
  ]);
  expect(aws.inputsOf('ListStackResources')).toMatchObject([{ StackName: 'Echo' }]);
});

test('a name that no stack had is an endpoint', async () => {
  aws.on('ListStacks', { StackSummaries: [] });
  aws.on('DescribeEndpoint', { EndpointStatus: 'Failed', ProductionVariants: [] });
  const { findings } = await destroyCheck(plane, 'lonely');
  expect(findings.find(finding => finding.name === 'endpoint')).toMatchObject({
    verdict: 'warn',
    seen: 'Endpoint lonely is Failed with 0 instances; costs nothing.',
    next: 'aws sagemaker delete-endpoint --endpoint-name lonely --region us-east-1',
  });
  expect(findings.map(finding => finding.name)).toEqual(['stack', 'endpoint', 'log-group', 'scaling']);
});

test('what may not be looked at is a warning that names the action', async () => {
  aws.on('DescribeLogGroups', new ServiceError('AccessDeniedException', 'no'));
  const { findings, online } = await destroyCheck(plane, 'Echo');
  expect(online).toBe(true);
  expect(findings.find(finding => finding.name === 'log-group')).toMatchObject({
    verdict: 'warn',
    seen: 'Not allowed to look: logs:DescribeLogGroups is denied.',
  });
});

test('offline, it says so', async () => {
  aws.on('DescribeStacks', CONNECTION_RESET);
  const report = await destroyCheck(plane, 'Echo');
  expect(report.online).toBe(false);
  expect(report.findings).toEqual([
    expect.objectContaining({ verdict: 'warn', seen: expect.stringMatching(/^AWS did not answer: .*ECONNRESET/) }),
  ]);
});

test.each([
  ['AWS::SageMaker::Endpoint', 'hourly'],
  ['AWS::KMS::Key', 'monthly'],
  ['AWS::S3::Bucket', 'storage'],
  ['AWS::IAM::Role', 'none'],
])('%s is of the class %s', (type, costClass) => {
  expect(costClassOf(type)).toBe(costClass);
});
