import { App, aws_ec2 as ec2, Stack } from 'aws-cdk-lib';
import { readEndpointPlans, readPrivateAccessPlans, type Template, TemplateReader } from '../../lib/assembly';

const CONTEXT = {
  stackName: 'Echo',
  accountId: '123456789012',
  region: 'eu-west-1',
  partition: 'aws',
  dnsSuffix: 'amazonaws.com',
};

function reader(template: Template, context: Partial<typeof CONTEXT> = CONTEXT) {
  return new TemplateReader(template, { stackName: 'Echo', ...context });
}

describe('what a value comes to', () => {
  const template: Template = {
    Parameters: {
      Size: { Type: 'String', Default: 'large' },
      Ssm: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/x' },
    },
    Resources: {
      Model: { Type: 'AWS::SageMaker::Model', Properties: { ModelName: 'my-model' } },
      Role: { Type: 'AWS::IAM::Role' },
    },
  };
  const sub = '${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${Size}${!Literal}';
  test.each([
    ['text', 'text'],
    [2, '2'],
    [{ Ref: 'AWS::Region' }, 'eu-west-1'],
    [{ Ref: 'AWS::Partition' }, 'aws'],
    [{ Ref: 'AWS::StackName' }, 'Echo'],
    [{ Ref: 'Size' }, 'large'],
    [{ Ref: 'Ssm' }, undefined],
    [{ Ref: 'Role' }, undefined],
    [{ 'Fn::GetAtt': ['Model', 'ModelName'] }, 'my-model'],
    [{ 'Fn::GetAtt': 'Model.ModelName' }, 'my-model'],
    [{ 'Fn::GetAtt': ['Role', 'Arn'] }, undefined],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Size' }]] }, 'a-large'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Role' }]] }, undefined],
    [{ 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b'] }] }, 'b'],
    [{ 'Fn::Sub': sub }, '123456789012.dkr.ecr.eu-west-1.amazonaws.com/large${Literal}'],
    [{ 'Fn::Sub': ['${Name}-x', { Name: { Ref: 'Size' } }] }, 'large-x'],
    [{ 'Fn::Sub': '${Model.ModelName}-${Role}' }, undefined],
    [{ 'Fn::ImportValue': 'x' }, undefined],
    [undefined, undefined],
  ])('%j is %s', (value, text) => {
    expect(reader(template).text(value)).toBe(text);
  });

  test('is unknown while the account is unknown', () => {
    expect(reader(template, {}).text({ 'Fn::Sub': sub })).toBeUndefined();
  });

  test('points to a resource of the template, or to none', () => {
    expect(reader(template).target({ Ref: 'Role' })).toBe('Role');
    expect(reader(template).target({ 'Fn::GetAtt': ['Role', 'Arn'] })).toBe('Role');
    expect(reader(template).target({ Ref: 'AWS::Region' })).toBeUndefined();
    expect(reader(template).target('arn:aws:iam::1:role/x')).toBeUndefined();
  });
});

test('the endpoint of EchoBidiStack is read with its model and role', () => {
  const { EchoBidiStack } = require('../../lib/infra') as typeof import('../../lib/infra');
  const app = new App();
  new EchoBidiStack(app, 'Echo');
  const template = app.synth().getStackByName('Echo').template as Template;
  const [plan, ...others] = readEndpointPlans(reader(template));
  expect(others).toEqual([]);
  expect(plan).toMatchObject({
    endpointName: expect.any(String),
    variants: [{ name: 'AllTraffic', instanceTypes: ['ml.g6.2xlarge'], instanceCount: 1 }],
    hasVolumeKey: false,
    model: {
      imageUri: expect.stringMatching(
        /^123456789012\.dkr\.ecr\.eu-west-1\.amazonaws\.com\/cdk-hnb659fds-container-assets-123456789012-eu-west-1:[0-9a-f]{64}$/,
      ),
      modelPackageArn: undefined,
      networkIsolation: false,
      role: { trustedServices: ['sagemaker.amazonaws.com'], actions: expect.arrayContaining(['ecr:BatchGetImage']) },
    },
  });
});

test('a pool is read in the order of its priorities, with the most that scaling may start', () => {
  const [plan] = readEndpointPlans(
    reader({
      Resources: {
        Endpoint: {
          Type: 'AWS::SageMaker::Endpoint',
          Properties: {
            EndpointName: 'stt',
            EndpointConfigName: { 'Fn::GetAtt': ['Config', 'EndpointConfigName'] },
            DeploymentConfig: { RollingUpdatePolicy: {} },
          },
        },
        Config: {
          Type: 'AWS::SageMaker::EndpointConfig',
          Properties: {
            KmsKeyId: 'key',
            ProductionVariants: [
              {
                VariantName: 'AllTraffic',
                ModelName: { 'Fn::GetAtt': ['Model', 'ModelName'] },
                InitialInstanceCount: 2,
                InferenceAmiVersion: 'ami',
                InstancePools: [
                  { InstanceType: 'ml.g5.2xlarge', Priority: 2 },
                  { InstanceType: 'ml.g6.2xlarge', Priority: 1 },
                ],
              },
            ],
          },
        },
        Model: {
          Type: 'AWS::SageMaker::Model',
          Properties: {
            EnableNetworkIsolation: true,
            ExecutionRoleArn: 'arn:aws:iam::123456789012:role/mine',
            PrimaryContainer: {
              ModelPackageName: 'arn:aws:sagemaker:eu-west-1:123456789012:model-package/stt',
              Environment: { DEEPGRAM_X: 'y' },
            },
          },
        },
        Target: {
          Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
          Properties: { ServiceNamespace: 'sagemaker', MaxCapacity: 6, MinCapacity: 1 },
        },
      },
    }),
  );
  expect(plan).toMatchObject({
    endpointName: 'stt',
    hasVolumeKey: true,
    updatesSideBySide: false,
    variants: [
      { instanceTypes: ['ml.g6.2xlarge', 'ml.g5.2xlarge'], instanceCount: 2, inferenceAmi: 'ami', maxCapacity: 6 },
    ],
    model: { networkIsolation: true, environmentNames: ['DEEPGRAM_X'], role: undefined },
  });
});

test('private access is read with the ports that its security group opens', () => {
  const app = new App();
  const stack = new Stack(app, 'Private', { env: { account: '123456789012', region: 'eu-west-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    natGateways: 0,
    subnetConfiguration: [{ name: 'a', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
  const group = new ec2.SecurityGroup(stack, 'Group', { vpc });
  group.addIngressRule(ec2.Peer.ipv4(vpc.vpcCidrBlock), ec2.Port.tcp(443));
  vpc.addInterfaceEndpoint('Runtime', {
    service: ec2.InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
    securityGroups: [group],
    open: false,
  });
  vpc.addInterfaceEndpoint('Other', { service: ec2.InterfaceVpcEndpointAwsService.ECR });
  const template = app.synth().getStackByName('Private').template as Template;
  expect(readPrivateAccessPlans(reader(template))).toEqual([
    { logicalId: expect.stringContaining('Runtime'), privateDns: true, openPorts: [[443, 443]] },
  ]);
});
