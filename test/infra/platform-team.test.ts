import * as fs from 'node:fs';
import * as path from 'node:path';
import { Stack, Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PermissionsBoundary, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { CodePipeline, CodePipelineSource, ShellStep } from 'aws-cdk-lib/pipelines';
import type { Construct } from 'constructs';
import { BidiEndpoint, BidiImage, BidiModel, EchoBidiStack } from '../../lib/infra';
import { ACCOUNT, imageDirectory, imageModel, newApp, newStack } from './synthesis';

const ENV = { account: ACCOUNT, region: 'us-east-1' };
const endpointNamesOf = (stack: Stack) =>
  Object.values(Template.fromStack(stack).findResources('AWS::SageMaker::Endpoint')).map(
    ({ Properties }) => Properties.EndpointName as string,
  );

test('a VPC, a role and keys of their own', () => {
  const stack = newStack('us-east-1');
  const vpc = new Vpc(stack, 'Network', { maxAzs: 2 });
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  const key = new Key(stack, 'Key');
  const endpoint = new BidiEndpoint(stack, 'Speech', {
    model: imageModel(),
    instanceType: 'ml.c7i.xlarge',
    vpc,
    executionRole: role,
    volumeEncryptionKey: key,
    logEncryptionKey: key,
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::SageMaker::Model', {
    ExecutionRoleArn: stack.resolve(role.roleArn),
    VpcConfig: { Subnets: vpc.privateSubnets.map(subnet => stack.resolve(subnet.subnetId)) },
  });
  template.hasResourceProperties('AWS::SageMaker::EndpointConfig', { KmsKeyId: stack.resolve(key.keyArn) });
  template.hasResourceProperties('AWS::Logs::LogGroup', { KmsKeyId: stack.resolve(key.keyArn) });
  expect(Object.keys(template.findResources('AWS::IAM::Role')).filter(id => id.includes('Speech'))).toEqual([]);
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({ Principal: { Service: Match.anyValue() }, Action: Match.arrayWith(['kms:Decrypt*']) }),
      ]),
    },
  });
  expect(endpoint.connections.securityGroups).toHaveLength(1);
});

class Speech extends Stage {
  readonly stack: EchoBidiStack;
  constructor(scope: Construct, id: string, region = 'us-east-1') {
    super(scope, id, { env: { account: ACCOUNT, region } });
    this.stack = new EchoBidiStack(this, 'Echo');
  }
}

test('two stages in one account do not collide', () => {
  const app = newApp();
  const names = ['Beta', 'Production'].flatMap(id => endpointNamesOf(new Speech(app, id).stack));
  expect(new Set(names).size).toBe(2);
  expect(names[0]).toMatch(/^BetaEcho-/);
});

test('a pipeline deploys the stack and publishes its image', () => {
  const app = newApp();
  const stack = new Stack(app, 'Delivery', { env: ENV });
  const pipeline = new CodePipeline(stack, 'Pipeline', {
    synth: new ShellStep('Synth', {
      input: CodePipelineSource.s3(Bucket.fromBucketName(stack, 'Source', 'source'), 'app.zip'),
      commands: ['npm ci', 'npx cdk synth'],
    }),
  });
  pipeline.addStage(new Speech(app, 'Production'));
  pipeline.buildPipeline();
  const stages = Object.values(Template.fromStack(stack).findResources('AWS::CodePipeline::Pipeline'))[0]!.Properties
    .Stages as { Name: string; Actions: { Name: string }[] }[];
  expect(stages.map(({ Name }) => Name)).toEqual(['Source', 'Build', 'UpdatePipeline', 'Assets', 'Production']);
  expect(stages[3]!.Actions).not.toEqual([]);
});

test('an imported endpoint is granted to a function, by its own ARN alone', () => {
  const stack = newStack('us-east-1');
  const caller = new LambdaFunction(stack, 'Caller', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {};'),
  });
  BidiEndpoint.fromEndpointName(stack, 'Speech', 'Speech-Production').grantInvoke(caller);
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sagemaker:InvokeEndpointWithBidirectionalStream',
          Resource: `arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/speech-production`,
        },
      ],
    },
  });
});

test('an alarm of another stack needs neither an export nor the endpoint to be there', () => {
  const app = newApp();
  const speech = new EchoBidiStack(app, 'Speech', { env: ENV });
  const operations = new Stack(app, 'Operations', { env: ENV });
  speech.endpoint.metricMidStreamErrors().createAlarm(operations, 'Broken', { threshold: 5, evaluationPeriods: 1 });
  const template = Template.fromStack(operations);
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Dimensions: Match.arrayWith([{ Name: 'EndpointName', Value: endpointNamesOf(speech)[0] }]),
  });
  expect(JSON.stringify(template.toJSON())).not.toContain('Fn::ImportValue');
  expect(operations.dependencies).toEqual([]);
});

test('a permissions boundary reaches every role', () => {
  const app = newApp();
  const stack = new EchoBidiStack(app, 'Speech', { env: ENV });
  PermissionsBoundary.of(app).apply(ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'developers'));
  const roles = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role'));
  expect(roles.length).toBeGreaterThan(0);
  for (const { Properties } of roles)
    expect(JSON.stringify(Properties.PermissionsBoundary)).toContain('policy/developers');
});

test('several regions: one name, and the runtime of each region', () => {
  const app = newApp();
  const stacks = ['us-east-1', 'eu-central-1'].map(
    region => new EchoBidiStack(app, `Speech-${region}`, { env: { account: ACCOUNT, region }, endpointName: 'speech' }),
  );
  expect(stacks.map(({ endpoint }) => endpoint.runtimeUri)).toEqual([
    'https://runtime.sagemaker.us-east-1.amazonaws.com:8443',
    'https://runtime.sagemaker.eu-central-1.amazonaws.com:8443',
  ]);
  expect(stacks.flatMap(endpointNamesOf)).toEqual(['speech', 'speech']);
});

test('another image changes the model and nothing that names, watches or grants the endpoint', () => {
  const templateOf = (content: string) => {
    const stack = newStack('us-east-1');
    const directory = imageDirectory();
    fs.writeFileSync(path.join(directory, 'model.bin'), content);
    new BidiEndpoint(stack, 'Speech', { model: BidiModel.fromImage(BidiImage.fromDirectory(directory)) });
    fs.rmSync(directory, { recursive: true });
    const { Resources } = Template.fromStack(stack).toJSON() as {
      Resources: Record<string, { Type: string; Metadata?: unknown }>;
    };
    for (const resource of Object.values(Resources)) delete resource.Metadata;
    return Resources;
  };
  const [before, after] = [templateOf('one'), templateOf('two')];
  expect(Object.keys(after)).toEqual(Object.keys(before));
  const changed = Object.keys(before).filter(id => JSON.stringify(before[id]) !== JSON.stringify(after[id]));
  expect(changed.map(id => before[id]!.Type)).toEqual(['AWS::SageMaker::Model']);
});
