import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { ControlPlane } from '../../../lib/operate/aws';
import { costClassOf, destroyCheck } from '../../../lib/operate/destroy-check';
import { renderTable } from '../../../lib/report';

const cloudFormation = mockClient(CloudFormationClient);
const sageMaker = mockClient(SageMakerClient);
const logs = mockClient(CloudWatchLogsClient);
const scaling = mockClient(ApplicationAutoScalingClient);
const ecr = mockClient(ECRClient);
const sts = mockClient(STSClient);
const plane = new ControlPlane({ region: 'us-east-1' });

const error = (name: string, message: string) =>
  new CloudFormationServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400 } });

const DELETED = new Date('2026-03-01T12:00:00Z');
const resource = (ResourceType: string, PhysicalResourceId: string, ResourceStatus = 'DELETE_COMPLETE') => ({
  LogicalResourceId: 'x',
  LastUpdatedTimestamp: DELETED,
  ResourceType,
  PhysicalResourceId,
  ResourceStatus: ResourceStatus as never,
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

beforeEach(() => {
  for (const mock of [cloudFormation, sageMaker, logs, scaling, ecr, sts]) mock.reset();
  sts.on(GetCallerIdentityCommand).resolves({ Account: '123456789012' });
  cloudFormation.on(DescribeStacksCommand).rejects(error('ValidationError', 'Stack with id Echo does not exist'));
  cloudFormation.on(ListStacksCommand).resolves({
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
  });
  cloudFormation.on(ListStackResourcesCommand, { StackName: 'newest' }).resolves({
    StackResourceSummaries: [
      resource('AWS::SageMaker::Endpoint', 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo'),
      resource('AWS::SageMaker::EndpointConfig', 'arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/config-1'),
      resource('AWS::SageMaker::Model', 'arn:aws:sagemaker:us-east-1:123456789012:model/model-1'),
      resource('AWS::Logs::LogGroup', '/aws/sagemaker/Endpoints/echo', 'DELETE_SKIPPED'),
      resource('AWS::IAM::Role', 'role'),
    ],
  });
  sageMaker.on(DescribeEndpointCommand).rejects(error('ValidationException', 'Could not find endpoint "echo".'));
  sageMaker
    .on(DescribeEndpointConfigCommand)
    .rejects(error('ValidationException', 'Could not find endpoint configuration.'));
  sageMaker.on(DescribeModelCommand).rejects(error('ValidationException', 'Could not find model.'));
  logs.on(DescribeLogGroupsCommand).resolves({ logGroups: [] });
  scaling.on(DescribeScalableTargetsCommand).resolves({ ScalableTargets: [] });
  ecr.on(DescribeImagesCommand).rejects(error('ImageNotFoundException', 'The image does not exist'));
});

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
  sageMaker.on(DescribeEndpointCommand).resolves({
    EndpointStatus: 'InService',
    ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: 2 }],
  });
  sageMaker.on(DescribeEndpointConfigCommand).resolves({});
  sageMaker.on(DescribeModelCommand).resolves({});
  logs.on(DescribeLogGroupsCommand).resolves({
    logGroups: [
      { logGroupName: '/aws/sagemaker/Endpoints/echo-2', storedBytes: 1 },
      { logGroupName: '/aws/sagemaker/Endpoints/echo', storedBytes: 3_000_000, retentionInDays: 30 },
    ],
  });
  scaling
    .on(DescribeScalableTargetsCommand)
    .resolvesOnce({ ScalableTargets: [], NextToken: 'more' })
    .resolves({
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
    });
  ecr.on(DescribeImagesCommand).resolves({ imageDetails: [{ imageSizeInBytes: 60_000_000 }] });
  cloudFormation.on(ListStackResourcesCommand, { StackName: 'newest' }).resolves({
    StackResourceSummaries: [
      resource('AWS::SageMaker::Endpoint', 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo', 'DELETE_SKIPPED'),
      resource('AWS::SageMaker::EndpointConfig', 'config-1'),
      resource('AWS::SageMaker::Model', 'model-1'),
      resource('AWS::EC2::VPCEndpoint', 'vpce-1', 'DELETE_SKIPPED'),
      resource('AWS::CloudWatch::Dashboard', 'echo', 'DELETE_SKIPPED'),
    ],
  });
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
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [{ StackName: 'Echo', StackStatus: 'DELETE_FAILED', CreationTime: DELETED }],
  });
  cloudFormation.on(ListStackResourcesCommand, { StackName: 'Echo' }).resolves({
    StackResourceSummaries: [
      resource('AWS::ECR::Repository', 'echo', 'DELETE_FAILED'),
      resource('AWS::IAM::Role', 'role'),
    ],
  });
  const { findings } = await destroyCheck(plane, 'Echo');
  expect(findings).toEqual([
    expect.objectContaining({ name: 'stack', verdict: 'warn', seen: 'The stack Echo is still there: DELETE_FAILED.' }),
    expect.objectContaining({ name: 'Repository', verdict: 'warn', costClass: 'storage' }),
  ]);
});

test('a name that no stack had is an endpoint', async () => {
  cloudFormation.on(ListStacksCommand).resolves({ StackSummaries: [] });
  sageMaker.on(DescribeEndpointCommand).resolves({ EndpointStatus: 'Failed', ProductionVariants: [] });
  const { findings } = await destroyCheck(plane, 'lonely');
  expect(findings.find(finding => finding.name === 'endpoint')).toMatchObject({
    verdict: 'warn',
    seen: 'Endpoint lonely is Failed with 0 instances; costs nothing.',
    next: 'aws sagemaker delete-endpoint --endpoint-name lonely --region us-east-1',
  });
  expect(findings.map(finding => finding.name)).toEqual(['stack', 'endpoint', 'log-group', 'scaling']);
});

test('what may not be looked at is a warning that names the action', async () => {
  logs.on(DescribeLogGroupsCommand).rejects(error('AccessDeniedException', 'no'));
  const { findings, online } = await destroyCheck(plane, 'Echo');
  expect(online).toBe(true);
  expect(findings.find(finding => finding.name === 'log-group')).toMatchObject({
    verdict: 'warn',
    seen: 'Not allowed to look: logs:DescribeLogGroups is denied.',
  });
});

test('offline, it says so', async () => {
  cloudFormation
    .on(DescribeStacksCommand)
    .rejects(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
  const report = await destroyCheck(plane, 'Echo');
  expect(report.online).toBe(false);
  expect(report.findings).toEqual([
    expect.objectContaining({ verdict: 'warn', seen: 'AWS did not answer: getaddrinfo ENOTFOUND' }),
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
