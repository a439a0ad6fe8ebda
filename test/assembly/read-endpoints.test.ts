import { App, aws_ec2 as ec2, Stack } from 'aws-cdk-lib';
import {
  AfterDeployment,
  type EndpointSource,
  knownValue,
  modelsOf,
  readEndpoints,
  readPrivateAccess,
  type Template,
  unknownHere,
} from '../../lib/assembly';
import { EchoBidiStack } from '../../lib/infra';

const PLACED = { account: '123456789012', region: 'eu-west-1' };

function source(template: Template): EndpointSource {
  return { name: 'Echo', template, ...PLACED };
}

test('the endpoint of EchoBidiStack is read with its model and role', () => {
  const app = new App();
  new EchoBidiStack(app, 'Echo');
  const template = app.synth().getStackByName('Echo').template as Template;
  const [endpoint, ...others] = readEndpoints(source(template));
  expect(others).toEqual([]);
  expect(endpoint).toMatchObject({
    deployedName: expect.any(String),
    variants: [{ name: 'AllTraffic', instanceTypes: ['ml.g6.2xlarge'], instanceCount: 1 }],
    hasVolumeKey: false,
    isRolledOut: false,
  });
  expect(endpoint!.variants[0]!.model).toMatchObject({
    imageUri: expect.stringMatching(
      /^123456789012\.dkr\.ecr\.eu-west-1\.amazonaws\.com\/cdk-hnb659fds-container-assets-123456789012-eu-west-1:[0-9a-f]{64}$/,
    ),
    modelPackageArn: undefined,
    networkIsolation: false,
    executionRole: {
      trustedServices: ['sagemaker.amazonaws.com'],
      actions: expect.arrayContaining(['ecr:BatchGetImage']),
    },
  });
});

test('a pool is read in the order of its priorities, with the most that scaling may start', () => {
  const [endpoint] = readEndpoints(
    source({
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
          Properties: {
            ServiceNamespace: 'sagemaker',
            ResourceId: { 'Fn::Sub': 'endpoint/${Endpoint.EndpointName}/variant/AllTraffic' },
            MaxCapacity: 6,
            MinCapacity: 1,
          },
        },
      },
    }),
  );
  expect(endpoint).toMatchObject({
    name: 'stt',
    deployedName: 'stt',
    hasVolumeKey: true,
    isRolledOut: true,
    variants: [
      { instanceTypes: ['ml.g6.2xlarge', 'ml.g5.2xlarge'], instanceCount: 2, inferenceAmi: 'ami', maxCapacity: 6 },
    ],
  });
  expect(endpoint!.variants[0]!.model).toMatchObject({
    networkIsolation: true,
    environment: { DEEPGRAM_X: 'y' },
    executionRole: undefined,
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
  expect(readPrivateAccess(source(template))).toEqual([
    { logicalId: expect.stringContaining('Runtime'), privateDns: true, openPorts: [[443, 443]] },
  ]);
});

/** An endpoint with two variants, each with a model and a scalable target of its own. */
function twoVariants(changes: { config?: string; models?: Record<string, object> } = {}): Template {
  const model = (Image: unknown, Environment = {}) => ({
    Type: 'AWS::SageMaker::Model',
    Properties: { PrimaryContainer: { Image, Environment } },
  });
  const variant = (VariantName: string, logicalId: string, weight: number) => ({
    VariantName,
    ModelName: { 'Fn::GetAtt': [logicalId, 'ModelName'] },
    InitialVariantWeight: weight,
    InstanceType: 'ml.g6.2xlarge',
  });
  const target = (variantName: string, MaxCapacity: number) => ({
    Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
    Properties: {
      ServiceNamespace: 'sagemaker',
      ResourceId: {
        'Fn::Join': ['/', ['endpoint', { 'Fn::GetAtt': ['Endpoint', 'EndpointName'] }, 'variant', variantName]],
      },
      MaxCapacity,
    },
  });
  return {
    Resources: {
      Endpoint: {
        Type: 'AWS::SageMaker::Endpoint',
        Properties: { EndpointConfigName: changes.config ?? { 'Fn::GetAtt': ['Config', 'EndpointConfigName'] } },
      },
      Config: {
        Type: 'AWS::SageMaker::EndpointConfig',
        Properties: { ProductionVariants: [variant('Old', 'Stable', 9), variant('New', 'Candidate', 1)] },
      },
      Stable: model('registry.example/model:1', { MODE: 'stable' }),
      Candidate: model({ 'Fn::ImportValue': 'elsewhere' }, { KEY: { 'Fn::Transform': {} } }),
      OldTarget: target('Old', 4),
      NewTarget: target('New', 2),
    },
  };
}

test('several variants each have their own model, weight and most instances', () => {
  const [endpoint] = readEndpoints(source(twoVariants()));
  expect(endpoint!.variants).toMatchObject([
    { name: 'Old', weight: 9, maxCapacity: 4, model: { name: 'Echo-Stable', imageUri: 'registry.example/model:1' } },
    {
      name: 'New',
      weight: 1,
      maxCapacity: 2,
      model: { name: 'Echo-Candidate', imageUri: expect.any(AfterDeployment) },
    },
  ]);
  expect(modelsOf(endpoint!).map(({ name }) => name)).toEqual(['Echo-Stable', 'Echo-Candidate']);
});

test('a name that CloudFormation makes up is a stand-in here, and not known', () => {
  const [endpoint] = readEndpoints(source(twoVariants()));
  expect(endpoint!.name).toBe('Echo-Endpoint');
  expect(knownValue(endpoint!.deployedName)).toBeUndefined();
});

test('what a container needs and only a deployment tells is named, all of it', () => {
  const [endpoint] = readEndpoints(source(twoVariants()));
  expect(unknownHere(endpoint!)).toEqual([
    'Environment.KEY of variant New of endpoint Echo-Endpoint: Only CloudFormation resolves Fn::Transform.',
    expect.stringMatching(/^Image of variant New of endpoint Echo-Endpoint: The export elsewhere is in no stack/),
  ]);
});

test('a configuration outside the template leaves an endpoint without variants, and is told', () => {
  const told: unknown[] = [];
  const [endpoint] = readEndpoints(source(twoVariants({ config: 'another' })), dangling => told.push(dangling));
  expect(endpoint!.variants).toEqual([]);
  expect(told).toMatchObject([{ logicalId: 'Endpoint', property: 'EndpointConfigName' }]);
});
