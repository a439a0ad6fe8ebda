import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { type IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { BidiEndpoint, type BidiEndpointProps, BidiImage, BidiModel, ExecutionRole, ModelData } from '../../lib/infra';
import { ACCOUNT, imageModel, newStack } from './synthesis';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function statementsIn(template: Template): Statement[] {
  return Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    policy => policy.Properties.PolicyDocument.Statement,
  );
}

function actionsIn(template: Template): string[] {
  return [...new Set(statementsIn(template).flatMap(({ Action }) => Action))].sort();
}

const CONTAINER_ACTIONS = [
  'cloudwatch:PutMetricData',
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:GetAuthorizationToken',
  'ecr:GetDownloadUrlForLayer',
  'logs:CreateLogGroup',
  'logs:CreateLogStream',
  'logs:DescribeLogStreams',
  'logs:PutLogEvents',
];

/** An endpoint that needs everything that a role can be asked for. */
function demandingEndpoint(stack: Stack, executionRole?: IRole, props: Partial<BidiEndpointProps> = {}): BidiEndpoint {
  const repository = new Repository(stack, 'Images');
  const modelData = ModelData.fromPrefix(new Bucket(stack, 'Models'), 'nova/');
  const endpoint = new BidiEndpoint(stack, 'Speech', {
    model: BidiModel.fromImage(BidiImage.fromRepository(repository, 'v1'), { modelData }),
    endpointName: 'speech',
    vpc: new Vpc(stack, 'Vpc', { natGateways: 0, subnetConfiguration: [ISOLATED] }),
    vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    executionRole,
    ...props,
  });
  endpoint.addRollbackAlarms(
    endpoint.metricModelErrors().createAlarm(stack, 'Alarm', { threshold: 1, evaluationPeriods: 1 }),
  );
  return endpoint;
}

const ISOLATED = { name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED };

test.each<[title: string, role: (stack: Stack) => IRole | undefined]>([
  ['the role that the endpoint makes', () => undefined],
  ['an ExecutionRole from elsewhere', stack => new ExecutionRole(stack, 'Own')],
  [
    'a role of the user',
    stack => new Role(stack, 'Own', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') }),
  ],
  ['an imported role', stack => Role.fromRoleArn(stack, 'Own', `arn:aws:iam::${ACCOUNT}:role/hosting`)],
])('%s gets logs, metrics, network interfaces, image, model files and alarms', (_, role) => {
  const stack = newStack('us-east-1');
  demandingEndpoint(stack, role(stack));
  const template = Template.fromStack(stack);
  expect(actionsIn(template)).toEqual(
    expect.arrayContaining([
      ...CONTAINER_ACTIONS,
      'cloudwatch:DescribeAlarms',
      'ec2:CreateNetworkInterface',
      's3:GetObject',
      's3:ListBucket',
    ]),
  );
  const policies = Object.keys(template.findResources('AWS::IAM::Policy'));
  template.hasResource('AWS::SageMaker::Model', { DependsOn: Match.arrayWith(policies) });
});

test('only the alarms that roll back may be read', () => {
  const stack = newStack('us-east-1');
  demandingEndpoint(stack);
  const template = Template.fromStack(stack);
  const [alarm] = Object.keys(template.findResources('AWS::CloudWatch::Alarm'));
  const described = statementsIn(template).filter(({ Action }) => Action === 'cloudwatch:DescribeAlarms');
  expect(described).toEqual([expect.objectContaining({ Resource: { 'Fn::GetAtt': [alarm, 'Arn'] } })]);
});

test('a role that cannot be changed stays as it is', () => {
  const stack = newStack('us-east-1');
  const role = Role.fromRoleArn(stack, 'Own', `arn:aws:iam::${ACCOUNT}:role/hosting`, { mutable: false });
  demandingEndpoint(stack, role);
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::IAM::Policy', 0);
  template.hasResourceProperties('AWS::SageMaker::Model', { ExecutionRoleArn: role.roleArn });
});

test('a role of another stack, shared by two endpoints: its stack waits for neither', () => {
  const app = new App();
  const roles = new Stack(app, 'Roles');
  const role = new ExecutionRole(roles, 'Hosting');
  const stack = new Stack(app, 'Speech');
  for (const id of ['One', 'Two']) new BidiEndpoint(stack, id, { model: imageModel(), executionRole: role });
  app.synth();
  expect(roles.dependencies).toEqual([]);
  const logGroups = statementsIn(Template.fromStack(stack)).filter(({ Action }) =>
    Action.includes('logs:PutLogEvents'),
  );
  expect(new Set(logGroups.map(({ Resource }) => JSON.stringify(Resource))).size).toBe(2);
});

test('trusts SageMaker for resources of this account and region only', () => {
  const stack = newStack('us-east-1');
  new ExecutionRole(stack, 'Role');
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { Service: 'sagemaker.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': ACCOUNT },
            ArnLike: { 'aws:SourceArn': `arn:aws:sagemaker:us-east-1:${ACCOUNT}:*` },
          },
        },
      ],
    },
  });
});

test('a grant to the endpoint is one to its role, and the model waits for it', () => {
  const stack = newStack('us-east-1');
  const bucket = new Bucket(stack, 'Vocabulary');
  const endpoint = new BidiEndpoint(stack, 'Speech', { model: imageModel() });
  bucket.grantRead(endpoint);
  const template = Template.fromStack(stack);
  expect(statementsIn(template)).toContainEqual(
    expect.objectContaining({ Action: expect.arrayContaining(['s3:GetObject*']) }),
  );
  const policies = Object.keys(template.findResources('AWS::IAM::Policy'));
  template.hasResource('AWS::SageMaker::Model', { DependsOn: Match.arrayWith(policies) });
});
