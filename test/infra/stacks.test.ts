import { join } from 'node:path';
import { App, Aspects, Duration, type Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { FIPS_REGIONS, GatewayStackOutput, StackOutput } from '../../lib/contract';
import {
  ContainerStack,
  type ContainerStackProps,
  DeepgramStack,
  type DeepgramStackProps,
  EchoBidiStack,
  type EchoBidiStackProps,
  GatewayStack,
  type GatewayStackProps,
  ModelPackageStack,
  VllmStack,
  type VllmStackProps,
} from '../../lib/infra';
import { ACCOUNT, newApp, PACKAGE_ARN, snapshotOf, VPC_ID } from './synthesis';

const US_EAST_1 = { env: { account: ACCOUNT, region: 'us-east-1' } };
const TOPIC_ARN = `arn:aws:sns:us-east-1:${ACCOUNT}:alarms`;
const SCALING = { minCapacity: 2, maxCapacity: 6, targetConcurrency: 30 };

/** As this repository's app makes it. */
function echo(props?: EchoBidiStackProps): EchoBidiStack {
  return new EchoBidiStack(newApp(), 'EchoBidiStack', { endpointName: 'echo-bidi', ...props });
}

function container(props?: Partial<ContainerStackProps>): ContainerStack {
  return new ContainerStack(newApp(), 'ContainerStack', {
    endpointName: 'container-bidi',
    imageDirectory: join(__dirname, '..', '..', 'examples', 'python-container'),
    ...props,
  });
}

function deepgram(props?: DeepgramStackProps): DeepgramStack {
  return new DeepgramStack(newApp(), 'DeepgramStack', {
    endpointName: 'deepgram-bidi',
    modelPackageArn: PACKAGE_ARN,
    ...props,
  });
}

function vllm(props?: VllmStackProps): VllmStack {
  return new VllmStack(newApp(), 'VllmStack', {
    endpointName: 'vllm-bidi',
    modelData: 's3://weights/voxtral/',
    ...props,
  });
}

function gateway(props?: GatewayStackProps): GatewayStack {
  return new GatewayStack(newApp(), 'GatewayStack', props);
}

function outputsOf(stack: Stack): Record<string, unknown> {
  const outputs = Template.fromStack(stack).toJSON().Outputs as Record<string, { Value: unknown }>;
  return Object.fromEntries(Object.entries(outputs).map(([key, { Value }]) => [key, Value]));
}

describe('templates', () => {
  test.each<[title: string, create: () => Stack]>([
    ['EchoBidiStack, region unknown', () => echo()],
    ['EchoBidiStack in us-east-1', () => echo(US_EAST_1)],
    [
      'EchoBidiStack with everything',
      () =>
        echo({
          ...US_EAST_1,
          instanceTypes: ['ml.g6.xlarge', 'ml.g5.xlarge'],
          instanceCount: 2,
          environment: { ECHO_PATHS: 'v1/listen' },
          scaling: SCALING,
          vpcId: VPC_ID,
          privateAccess: true,
          alarmTopicArn: TOPIC_ARN,
          invokePolicy: true,
          rollout: 'canary',
        }),
    ],
    [
      'ContainerStack in us-east-1',
      () => container({ ...US_EAST_1, localCommand: ['python', 'server.py'], rollout: 'canary', instanceCount: 2 }),
    ],
    ['VllmStack in us-east-1', () => vllm(US_EAST_1)],
    ['GatewayStack, nothing said', () => gateway()],
    [
      'GatewayStack, public',
      () =>
        gateway({
          ...US_EAST_1,
          endpointName: 'speech',
          publicLoadBalancer: true,
          certificateArn: `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/speech`,
          domainName: 'speech.example.com',
        }),
    ],
    [
      'GatewayStack with everything',
      () =>
        gateway({
          ...US_EAST_1,
          endpointName: 'Speech',
          publicLoadBalancer: false,
          certificateArn: `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/speech`,
          domainName: 'speech.example.com',
          hostedZoneId: 'Z0123456789',
          tokenSecret: 'speech/tokens',
          allowedOrigins: ['https://app.example.com'],
          vpcId: VPC_ID,
          minTasks: 3,
          maxTasks: 6,
          sessionsPerTask: 100,
          alarmTopicArn: TOPIC_ARN,
        }),
    ],
    ['DeepgramStack in us-east-1', () => deepgram(US_EAST_1)],
    [
      'DeepgramStack with everything',
      () =>
        deepgram({
          ...US_EAST_1,
          product: 'flux',
          instanceTypes: ['ml.g6.2xlarge', 'ml.g6e.2xlarge'],
          environment: { DEEPGRAM_ENGINE_01: 'max_active_requests=120' },
          scaling: SCALING,
          vpcId: VPC_ID,
          privateAccess: true,
          alarmTopicArn: TOPIC_ARN,
          invokePolicy: true,
        }),
    ],
  ])('%s', (_, create) => {
    expect(snapshotOf(create())).toMatchSnapshot();
  });
});

test.each<[title: string, create: (props: EchoBidiStackProps) => Stack, own: [download?: number, startup?: number]]>([
  ['EchoBidiStack', echo, []],
  ['ContainerStack', container, []],
  ['DeepgramStack', deepgram, [600, 900]],
])('the timeouts of %s can be told; untold, they are its own', (_, create, [download, startup]) => {
  const timeouts = (props: EchoBidiStackProps) => {
    const configs = Template.fromStack(create({ ...US_EAST_1, ...props })).findResources(
      'AWS::SageMaker::EndpointConfig',
    );
    const [variant] = Object.values(configs)[0]!.Properties.ProductionVariants;
    return [variant.ModelDataDownloadTimeoutInSeconds, variant.ContainerStartupHealthCheckTimeoutInSeconds];
  };
  expect(timeouts({})).toEqual([download, startup]);
  expect(
    timeouts({ modelDownloadTimeout: Duration.seconds(1800), startupHealthCheckTimeout: Duration.seconds(1200) }),
  ).toEqual([1800, 1200]);
});

describe('outputs', () => {
  test('all that the contract promises', () => {
    const keysOf = (stack: Stack) => new Set(Object.keys(outputsOf(stack)));
    const without = (...keys: string[]) => new Set(Object.values(StackOutput).filter(key => !keys.includes(key)));
    const props = { ...US_EAST_1, invokePolicy: true };
    expect(keysOf(echo(props))).toEqual(without('Protocol', 'ModelName', 'MaxModelLen'));
    expect(keysOf(container(props))).toEqual(without('Protocol', 'ModelName', 'MaxModelLen'));
    expect(keysOf(deepgram(props))).toEqual(without('ImageUri', 'MaxModelLen'));
    expect(keysOf(vllm(props))).toEqual(without());
  });

  test.each([
    ['us-east-1', 'aws', 'amazonaws.com', 'console.aws.amazon.com'],
    ['eu-central-1', 'aws', 'amazonaws.com', 'console.aws.amazon.com'],
    ['cn-north-1', 'aws-cn', 'amazonaws.com.cn', 'console.amazonaws.cn'],
    ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com', 'console.amazonaws-us-gov.com'],
    ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov', undefined],
    ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov', undefined],
    ['us-isof-south-1', 'aws-iso-f', 'csp.hci.ic.gov', undefined],
    ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu', 'console.amazonaws-eusc.eu'],
  ])('in %s: URIs and ARNs of the partition %s', (region, partition, suffix, consoleHost) => {
    const stack = echo({ env: { account: ACCOUNT, region }, scaling: SCALING });
    const outputs = outputsOf(stack);
    const uri = `https://runtime.sagemaker.${region}.${suffix}:8443`;
    expect(outputs.RuntimeUri).toBe(uri);
    expect(outputs.StreamUrl).toBe(`${uri}/endpoints/echo-bidi/invocations-bidirectional-stream`);
    expect(outputs.FipsRuntimeUri).toBe(
      FIPS_REGIONS.includes(region) ? uri.replace('runtime', 'runtime-fips') : undefined,
    );
    expect(outputs.TryIt).toMatchObject({
      'Fn::Join': ['', Match.anyValue() && expect.arrayContaining([` --region ${region}`])],
    });
    if (consoleHost)
      expect(JSON.stringify(outputs.DashboardUrl)).toContain(`https://${region}.${consoleHost}/cloudwatch/`);
    else expect(outputs).not.toHaveProperty('DashboardUrl');

    const template = Template.fromStack(stack);
    const arns = JSON.stringify(template.toJSON()).match(/arn:[a-z-]+/g) ?? [];
    expect(new Set(arns)).toEqual(new Set([`arn:${partition}`]));
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      RoleARN: Match.stringLikeRegexp(`^arn:${partition}:iam::${ACCOUNT}:role/aws-service-role/`),
    });
  });

  test('where the region is known only at deployment, CloudFormation fills it in and decides about FIPS', () => {
    const template = Template.fromStack(echo());
    template.hasOutput('RuntimeUri', {
      Value: {
        'Fn::Join': [
          '',
          ['https://runtime.sagemaker.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }, ':8443'],
        ],
      },
    });
    template.hasOutput('FipsRuntimeUri', { Condition: 'HasFipsRuntime' });
    template.hasCondition('HasFipsRuntime', {
      'Fn::Or': FIPS_REGIONS.map(region => ({ 'Fn::Equals': [{ Ref: 'AWS::Region' }, region] })),
    });
  });

  test.each<[title: string, create: () => Stack]>([
    ['echo', () => echo(US_EAST_1)],
    ['container', () => container(US_EAST_1)],
    ['nova3', () => deepgram(US_EAST_1)],
    ['flux', () => deepgram({ ...US_EAST_1, product: 'flux' })],
    ['aura2', () => deepgram({ ...US_EAST_1, product: 'aura2' })],
  ])('TryIt of %s is a command of this kit, with options that it knows', (_, create) => {
    const tryIt = JSON.stringify(outputsOf(create()).TryIt);
    // By its full name: beside it lies bidi.js, which the module search would find first.
    const { program } = require('../../bin/program') as typeof import('../../bin/program');
    const [, name] = /npx bidi (\w+)/.exec(tryIt)!;
    const command = program().commands.find(candidate => candidate.name() === name)!;
    const known = command.options.map(option => option.long);
    expect(known).toEqual(expect.arrayContaining(tryIt.match(/--\w+/g)!));
  });
});

describe('ContainerStack', () => {
  test.each([
    ['a folder that is not there', { imageDirectory: 'nowhere' }, 'There is no Dockerfile at'],
    ['a canary with one instance', { rollout: 'canary' as const }, 'instance'],
  ])('refuses %s', (_, props, message) => {
    expect(() => container({ ...US_EAST_1, ...props })).toThrow(message);
  });

  test('names the folder and the command with which it runs on this machine', () => {
    Template.fromStack(container({ localCommand: ['python', 'server.py'] })).hasResource('AWS::SageMaker::Model', {
      Metadata: {
        'sagemaker-bidi-kit:container': {
          directory: Match.stringLikeRegexp('examples/python-container$'),
          command: ['python', 'server.py'],
        },
      },
    });
  });
});

describe('GatewayStack', () => {
  test('with nothing said, it asks at deployment for the endpoint and for who may reach it', () => {
    const stack = gateway();
    const template = Template.fromStack(stack);
    template.hasParameter('EndpointName', { Default: Match.absent() });
    template.hasParameter('LoadBalancerScheme', { Default: Match.absent(), AllowedValues: ['internal'] });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Scheme: { Ref: 'LoadBalancerScheme' },
    });
    Annotations.fromStack(stack).hasWarning('/GatewayStack', Match.stringLikeRegexp('-c endpointName=NAME'));
  });

  test('its outputs are those that the contract promises, and none holds the token', () => {
    const stack = gateway({ ...US_EAST_1, endpointName: 'speech', publicLoadBalancer: false });
    const outputs = outputsOf(stack);
    expect(new Set(Object.keys(outputs))).toEqual(new Set(Object.values(GatewayStackOutput)));
    expect(JSON.stringify(outputs.GatewayUrl)).toContain('ws://');
    expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toContain('resolve:secretsmanager');
  });

  test('passes the dialect, servedModelName and maxModelLen to the route of its tasks', () => {
    const stack = gateway({
      ...US_EAST_1,
      endpointName: 'speech',
      publicLoadBalancer: false,
      dialect: 'openai',
      servedModelName: 'voxtral',
      maxModelLen: 45_000,
    });
    const route = { endpointName: 'speech', dialect: 'openai', model: 'voxtral', maxModelLen: 45_000 };
    Template.fromStack(stack).hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [Match.objectLike({ Command: Match.arrayWith(['--routes', JSON.stringify([route])]) })],
    });
  });
});

describe('ModelPackageStack', () => {
  const stack = new ModelPackageStack(newApp(), 'Voice', {
    ...US_EAST_1,
    modelPackageArn: PACKAGE_ARN,
    instanceType: 'ml.g5.2xlarge',
  });

  test('hosts any package in network isolation, without guardrails and without a word about Deepgram', () => {
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::Model', {
      EnableNetworkIsolation: true,
      PrimaryContainer: { ModelPackageName: PACKAGE_ARN },
    });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [Match.objectLike({ InstanceType: 'ml.g5.2xlarge', InferenceAmiVersion: Match.absent() })],
    });
    template.hasResourceProperties('AWS::SageMaker::Endpoint', { DeploymentConfig: Match.absent() });
    expect(JSON.stringify(template.toJSON())).not.toMatch(/deepgram/i);
  });
});

describe('DeepgramStack', () => {
  test('without a model package: a parameter, and a warning that says where the ARN is found', () => {
    const stack = new DeepgramStack(newApp(), 'Speech');
    const template = Template.fromStack(stack);
    template.hasParameter('ModelPackageArn', { Type: 'String', Default: Match.absent() });
    template.hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: { ModelPackageName: { Ref: 'ModelPackageArn' } },
    });
    const pattern = new RegExp(template.findParameters('ModelPackageArn').ModelPackageArn!.AllowedPattern);
    expect(PACKAGE_ARN).toMatch(pattern);
    expect('arn:aws:sagemaker:us-east-1:123456789012:model/x').not.toMatch(pattern);
    Annotations.fromStack(stack).hasWarning(
      '/Speech',
      Match.stringLikeRegexp('AWS Marketplace.*npx cdk deploy Speech -c modelPackageArn=arn:aws:sagemaker:'),
    );
  });

  test('names the simulator that can stand in on this machine', () => {
    Template.fromStack(deepgram(US_EAST_1)).hasResource('AWS::SageMaker::Model', {
      Metadata: Match.objectLike({
        'sagemaker-bidi-kit:container': {
          modelPackageArn: PACKAGE_ARN,
          simulator: {
            directory: Match.stringLikeRegexp('container/speech-simulator$'),
            command: ['node', '--require', 'esbuild-register', 'src/server.ts'],
          },
        },
      }),
    });
  });
});

describe('a VPC', () => {
  test('can be looked up only in a known place', () => {
    expect(() => echo({ vpcId: VPC_ID })).toThrow('can only be looked up in a known account and region');
  });

  test('is needed for private access', () => {
    expect(() => echo({ ...US_EAST_1, privateAccess: true })).toThrow('privateAccess needs a vpcId');
  });
});

describe('rollouts by name', () => {
  test.each([
    ['all-at-once', { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE' } } }],
    ['canary', { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'CANARY' } } }],
    ['linear', { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'LINEAR' } } }],
    ['rolling', { RollingUpdatePolicy: Match.anyValue() }],
  ] as const)('%s, guarded by the alarms that a bad version sets off', (rollout, policy) => {
    const template = Template.fromStack(echo({ rollout, instanceCount: 2 }));
    template.hasResourceProperties('AWS::SageMaker::Endpoint', {
      DeploymentConfig: {
        ...policy,
        AutoRollbackConfiguration: { Alarms: Array(2).fill({ AlarmName: Match.anyValue() }) },
      },
    });
  });
});

test('aspects and apps of others work on the stacks', () => {
  const app = new App();
  const seen: string[] = [];
  Aspects.of(app).add({ visit: node => seen.push(node.node.id) });
  new EchoBidiStack(app, 'One');
  new EchoBidiStack(app, 'Two');
  app.synth();
  expect(seen).toEqual(expect.arrayContaining(['One', 'Two', 'Endpoint']));
});

test('two stages in one account: endpoints and log groups have names of their own', () => {
  const app = newApp();
  const names = ['Beta', 'Prod'].map(id => {
    const template = Template.fromStack(new EchoBidiStack(new Stage(app, id), 'EchoBidiStack', US_EAST_1));
    const [endpoint] = Object.values(template.findResources('AWS::SageMaker::Endpoint'));
    return endpoint!.Properties.EndpointName;
  });
  expect(names).toEqual([expect.stringMatching(/^Beta/), expect.stringMatching(/^Prod/)]);
});
