import { Duration } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type Construct, RootConstruct } from 'constructs';
import { InvalidContextError, readAppContext } from '../../../bin/context/app-context';
import { PACKAGE_ARN } from '../../infra/synthesis';

const STACKS = ['EchoBidiStack', 'DeepgramStack'];

function read(context: Record<string, unknown>) {
  const app: Construct = new RootConstruct();
  for (const [key, value] of Object.entries(context)) app.node.setContext(key, value);
  return readAppContext(app, STACKS);
}

test('nothing said means nothing set, and AwsSolutions checked', () => {
  const context = read({});
  expect(context.nagPacks).toEqual(['AwsSolutions']);
  expect(context.imageRepository).toBeUndefined();
  expect(context.forStack('EchoBidiStack')).toEqual({});
});

test.each<[key: string, written: unknown, property: string, understood: unknown]>([
  ['endpointName', 'speech', 'endpointName', 'speech'],
  ['instanceType', 'ml.g6.2xlarge', 'instanceType', 'ml.g6.2xlarge'],
  ['instanceTypes', 'ml.g6.2xlarge, ml.g5.2xlarge', 'instanceTypes', ['ml.g6.2xlarge', 'ml.g5.2xlarge']],
  ['instanceTypes', ['ml.g6.2xlarge'], 'instanceTypes', ['ml.g6.2xlarge']],
  ['instanceCount', '3', 'instanceCount', 3],
  ['instanceCount', 3, 'instanceCount', 3],
  ['inferenceAmi', 'al2-ami-sagemaker-inference-gpu-2', 'inferenceAmi', 'al2-ami-sagemaker-inference-gpu-2'],
  ['environment', 'A=1,B=x=y, C=', 'environment', { A: '1', B: 'x=y', C: '' }],
  ['environment', '{"A":"1,2"}', 'environment', { A: '1,2' }],
  ['environment', { A: '1' }, 'environment', { A: '1' }],
  ['modelDownloadTimeout', '1800', 'modelDownloadTimeout', Duration.seconds(1800)],
  ['modelDownloadTimeout', 60, 'modelDownloadTimeout', Duration.seconds(60)],
  ['startupHealthCheckTimeout', '3600', 'startupHealthCheckTimeout', Duration.seconds(3600)],
  ['vpcId', 'vpc-0123456789abcdef0', 'vpcId', 'vpc-0123456789abcdef0'],
  ['privateAccess', 'true', 'privateAccess', true],
  ['privateAccess', false, 'privateAccess', false],
  [
    'alarmTopicArn',
    'arn:aws:sns:us-east-1:123456789012:alarms',
    'alarmTopicArn',
    'arn:aws:sns:us-east-1:123456789012:alarms',
  ],
  ['logRetentionDays', '7', 'logRetention', RetentionDays.ONE_WEEK],
  ['logRetentionDays', 365, 'logRetention', RetentionDays.ONE_YEAR],
  ['invokePolicy', 'true', 'invokePolicy', true],
  ['rollout', 'canary', 'rollout', 'canary'],
  ['modelPackageArn', PACKAGE_ARN, 'modelPackageArn', PACKAGE_ARN],
  ['product', 'aura2', 'product', 'aura2'],
  ['query', 'model=nova-3&language=de', 'query', 'model=nova-3&language=de'],
])('%s=%j', (key, written, property, understood) => {
  expect(read({ [key]: written }).forStack('EchoBidiStack')).toEqual({ [property]: understood });
});

test('scaling, from its three keys', () => {
  const scaling = read({ minCapacity: '2', maxCapacity: '4', targetConcurrency: '22.5' }).forStack(
    'DeepgramStack',
  ).scaling;
  expect(scaling).toEqual({ minCapacity: 2, maxCapacity: 4, targetConcurrency: 22.5 });
  const paused = read({ maxCapacity: 4, targetConcurrency: 1, 'EchoBidiStack:scalingPaused': 'true' });
  expect(STACKS.map(stack => paused.forStack(stack).scaling?.paused)).toEqual([true, undefined]);
  expect(read({ maxCapacity: 4, targetConcurrency: 1 }).forStack('DeepgramStack').scaling).toMatchObject({
    maxCapacity: 4,
  });
});

test('packs and the image repository belong to the app', () => {
  expect(read({ nagPacks: 'AwsSolutions,NIST80053R5' }).nagPacks).toEqual(['AwsSolutions', 'NIST80053R5']);
  expect(read({ nagPacks: 'none' }).nagPacks).toEqual([]);
  const context = read({ imageRepository: 'speech/echo' });
  expect(context.imageRepository).toBe('speech/echo');
  expect(context.forStack('EchoBidiStack')).toEqual({});
});

test('a key with a stack before it is for that stack, and counts more there', () => {
  const context = read({
    instanceCount: '1',
    'DeepgramStack:instanceCount': '2',
    'EchoBidiStack:endpointName': 'echo',
  });
  expect(context.forStack('DeepgramStack')).toEqual({ instanceCount: 2 });
  expect(context.forStack('EchoBidiStack')).toEqual({ instanceCount: 1, endpointName: 'echo' });
});

test('keys of others are left alone', () => {
  const theirs = {
    '@aws-cdk/core:newStyleStackSynthesis': true,
    'aws:cdk:bundling-stacks': ['**'],
    'vpc-provider:account=1:region=us-east-1': {},
    'availability-zones:account=1:region=us-east-1': [],
    'acknowledged-issue-numbers': [19836],
    owner: 'speech',
    stage: 'prod',
  };
  expect(() => read(theirs)).not.toThrow();
});

test.each<[context: Record<string, unknown>, violation: string]>([
  [{ endpointName: 'my_speech' }, 'endpointName is "my_speech"; it is not allowed: Endpoint name'],
  [{ instanceType: 'g6.2xlarge' }, 'must be a hosting instance type, such as ml.g6.2xlarge'],
  [{ instanceTypes: 'ml.g6.xlarge,g5' }, 'must be a hosting instance type'],
  [{ instanceTypes: Array(6).fill('ml.g6.xlarge').join(',') }, 'must name 1 to 5, separated by commas'],
  [{ instanceCount: '0' }, 'instanceCount is "0"; it must be a whole number of at least 1'],
  [{ instanceCount: 'two' }, 'must be a whole number'],
  [{ instanceCount: 1.5 }, 'must be a whole number'],
  [{ inferenceAmi: 'al2023' }, 'must be one of al2-ami-sagemaker-inference-gpu-2,'],
  [{ environment: 'A' }, 'must be KEY=VALUE pairs separated by commas'],
  [{ environment: '{"A":1}' }, 'A holds no text'],
  [{ environment: '{"A"' }, 'must be KEY=VALUE pairs'],
  [{ modelDownloadTimeout: '59' }, 'modelDownloadTimeout is "59"; it must be whole seconds from 60 to 3600.'],
  [{ modelDownloadTimeout: 3601 }, 'modelDownloadTimeout is 3601; it must be whole seconds from 60 to 3600.'],
  [{ modelDownloadTimeout: '30m' }, 'must be whole seconds from 60 to 3600'],
  [{ startupHealthCheckTimeout: 90.5 }, 'startupHealthCheckTimeout is 90.5; it must be whole seconds from 60 to 3600.'],
  [{ 'EchoBidiStack:startupHealthCheckTimeout': '0' }, 'EchoBidiStack:startupHealthCheckTimeout is "0"'],
  [{ minCapacity: '0', maxCapacity: 1, targetConcurrency: 1 }, 'minCapacity is "0"'],
  [{ targetConcurrency: '-1', maxCapacity: 1 }, 'must be a number of more than 0'],
  [{ vpcId: 'default' }, 'must be the id of a VPC'],
  [{ privateAccess: 'yes' }, 'must be true or false'],
  [{ alarmTopicArn: 'alarms' }, 'must be the ARN of an SNS topic'],
  [{ logRetentionDays: '10' }, 'must be one of 1, 3, 5, 7, 14, 30'],
  [{ rollout: 'fast' }, 'must be one of all-at-once, canary, linear, rolling'],
  [{ modelPackageArn: 'nova' }, 'must be the ARN of a model package'],
  [{ product: 'nova2' }, 'must be one of nova3, flux, aura2, fluxTts'],
  [{ query: '?a' }, 'is not allowed: Model query string'],
  [{ nagPacks: 'NIST' }, 'must be one of AwsSolutions, HIPAASecurity'],
  [{ imageRepository: '' }, 'imageRepository is empty; perhaps a shell variable is not set.'],
  [{ imageRepository: 7 }, 'imageRepository is 7; it must be a text.'],
  [{ instanceTyp: 'x' }, '"instanceTyp" is no key; did you mean "instanceType"?'],
  [{ InstanceType: 'x' }, 'did you mean "instanceType"?'],
  [{ endpiontName: 'x' }, 'did you mean "endpointName"?'],
  [{ modelPackageARN: 'x' }, 'did you mean "modelPackageArn"?'],
  [{ modelPackage: 'x' }, 'did you mean "modelPackageArn"?'],
  [{ vpcID: 'x' }, 'did you mean "vpcId"?'],
  [{ rolout: 'x' }, 'did you mean "rollout"?'],
  [{ 'EchoBidiStack:size': 'x' }, 'did you mean "EchoBidiStack:'],
  [{ 'DeepgramStack:instanceCount': 'x' }, 'DeepgramStack:instanceCount is "x"'],
])('%j is refused', (context, violation) => {
  const attempt = () => read(context);
  expect(attempt).toThrow(InvalidContextError);
  expect(attempt).toThrow(violation);
});

function violationsOf(context: Record<string, unknown>): readonly string[] {
  try {
    read(context);
    return [];
  } catch (error) {
    return (error as InvalidContextError).violations;
  }
}

test.each<[context: Record<string, unknown>, violations: string[]]>([
  [
    { targetConcurrency: '25' },
    ['targetConcurrency is given and maxCapacity is not: give both, such as -c maxCapacity=4 -c targetConcurrency=25.'],
  ],
  [
    { maxCapacity: '6' },
    ['maxCapacity is given and targetConcurrency is not: give both, such as -c maxCapacity=6 -c targetConcurrency=30.'],
  ],
  [
    { minCapacity: '8' },
    [
      'minCapacity is given and maxCapacity and targetConcurrency are not: give both, such as -c maxCapacity=8 -c targetConcurrency=30.',
    ],
  ],
  [
    { minCapacity: '2', maxCapacity: 3 },
    [
      'minCapacity and maxCapacity are given and targetConcurrency is not: give both, such as -c maxCapacity=3 -c targetConcurrency=30.',
    ],
  ],
  [
    { 'DeepgramStack:targetConcurrency': '30' },
    [
      'DeepgramStack:targetConcurrency is given and DeepgramStack:maxCapacity is not: give both, such as -c DeepgramStack:maxCapacity=4 -c DeepgramStack:targetConcurrency=30.',
    ],
  ],
  [
    { targetConcurrency: '30', 'EchoBidiStack:maxCapacity': '2' },
    [
      'targetConcurrency is given and DeepgramStack:maxCapacity is not: give both, such as -c DeepgramStack:maxCapacity=4 -c DeepgramStack:targetConcurrency=30.',
    ],
  ],
  [
    { minCapacity: '4', maxCapacity: '1', targetConcurrency: 'abc' },
    [
      'targetConcurrency is "abc"; it must be a number of more than 0.',
      'maxCapacity is 1 and minCapacity 4; it must not be less.',
    ],
  ],
  [
    { targetConcurrency: 'abc' },
    [
      'targetConcurrency is "abc"; it must be a number of more than 0.',
      'targetConcurrency is given and maxCapacity is not: give both, such as -c maxCapacity=4 -c targetConcurrency=30.',
    ],
  ],
  [
    { minCapacity: '4', 'EchoBidiStack:maxCapacity': '1', 'DeepgramStack:maxCapacity': '4', targetConcurrency: '1' },
    ['EchoBidiStack:maxCapacity is 1 and minCapacity 4; it must not be less.'],
  ],
  [
    { minCapacity: '5', maxCapacity: '4', 'EchoBidiStack:maxCapacity': 'abc', targetConcurrency: '1' },
    [
      'EchoBidiStack:maxCapacity is "abc"; it must be a whole number of at least 1.',
      'maxCapacity is 4 and minCapacity 5; it must not be less.',
    ],
  ],
])('scaling %j: every violation, in the words that were given', (context, violations) => {
  expect(violationsOf(context)).toEqual(violations);
});

test.each<[context: Record<string, unknown>, violation: string | undefined]>([
  [
    { 'DeepgramStack:rollout': 'canary' },
    '"DeepgramStack:rollout" would change nothing: rollout is for EchoBidiStack and ContainerStack; write "EchoBidiStack:rollout", or leave it out.',
  ],
  [
    { 'EchoBidiStack:modelPackageArn': PACKAGE_ARN },
    '"EchoBidiStack:modelPackageArn" would change nothing: modelPackageArn is for DeepgramStack and ModelPackageStack; write "DeepgramStack:modelPackageArn", or leave it out.',
  ],
  [{ 'EchoBidiStack:product': 'flux' }, '"EchoBidiStack:product" would change nothing: product is for DeepgramStack;'],
  [{ 'EchoBidiStack:query': 'a=b' }, '"EchoBidiStack:query" would change nothing: query is for DeepgramStack;'],
  [
    { 'DeepgramStack:nagPacks': 'none' },
    '"DeepgramStack:nagPacks" would change nothing: nagPacks is for the app as a whole; write "nagPacks", or leave it out.',
  ],
  [
    { 'EchoBidistack:instanceType': 'ml.g5.xlarge' },
    '"EchoBidistack:instanceType" would change nothing: no stack is called EchoBidistack (there are EchoBidiStack, DeepgramStack); did you mean "EchoBidiStack:instanceType"?',
  ],
  [{ 'Deepgrm:product': 'flux' }, 'did you mean "DeepgramStack:product"?'],
  [{ 'other-library:feature': 'x', '@aws-cdk/core:target-partitions': ['aws'] }, undefined],
  [{ 'DeepgramStack:rolout': 'canary' }, 'did you mean "EchoBidiStack:rollout"?'],
  [{ 'EchoBidiStack:nagPack': 'none' }, 'did you mean "nagPacks"?'],
  [{ 'EchoBidiStack:rollout': 'canary', 'DeepgramStack:product': 'flux' }, undefined],
  [{ rollout: 'canary', product: 'flux' }, undefined],
])('%j, for the stack that reads the key', (context, violation) => {
  expect(violationsOf(context)).toEqual(violation === undefined ? [] : [expect.stringContaining(violation)]);
});

test('an empty value is one that a shell did not fill', () => {
  for (const key of ['modelPackageArn', 'environment', 'DeepgramStack:instanceCount', 'instanceTypes'])
    expect(violationsOf({ [key]: '' })).toEqual([`${key} is empty; perhaps a shell variable is not set.`]);
});

test('a violation that quotes another sentence ends once', () => {
  expect(violationsOf({ query: '?model=nova-3', endpointName: 'a_b' })).toEqual([
    expect.stringMatching(/[^.]\.$/),
    expect.stringMatching(/[^.]\.$/),
  ]);
});

test('every violation at once', () => {
  expect(violationsOf({ instanceCount: '0', rollout: 'fast', instanceTyp: 'x' })).toHaveLength(3);
});

describe('the gateway\u2019s stack', () => {
  const readGateway = (context: Record<string, unknown>) => {
    const app: Construct = new RootConstruct();
    for (const [key, value] of Object.entries(context)) app.node.setContext(key, value);
    return readAppContext(app, [...STACKS, 'GatewayStack']).forGateway('GatewayStack');
  };

  test('takes keys of its own and some of those that every stack has', () => {
    const context = readGateway({
      endpointName: 'speech',
      publicLoadBalancer: 'false',
      domainName: 'speech.example.com',
      hostedZoneId: 'Z0123456789',
      tokenSecret: 'speech/tokens',
      allowedOrigins: 'https://app.example.com, same-origin',
      minTasks: '3',
      maxTasks: 4,
      'GatewayStack:sessionsPerTask': '100',
      'GatewayStack:logRetentionDays': '7',
    });
    expect(JSON.parse(JSON.stringify(context))).toEqual({
      endpointName: 'speech',
      publicLoadBalancer: false,
      domainName: 'speech.example.com',
      hostedZoneId: 'Z0123456789',
      tokenSecret: 'speech/tokens',
      allowedOrigins: ['https://app.example.com', 'same-origin'],
      minTasks: 3,
      maxTasks: 4,
      sessionsPerTask: 100,
      logRetention: 7,
    });
  });

  test.each([
    ['deepgram', { dialect: 'deepgram' }],
    ['openai', { dialect: 'openai', servedModelName: 'voxtral', maxModelLen: 45_000 }],
  ])('takes servedModelName and maxModelLen with the dialect openai alone: %s', (dialect, expected) => {
    const context = readGateway({ dialect, servedModelName: 'voxtral', maxModelLen: '45000' });
    expect(JSON.parse(JSON.stringify(context))).toEqual(expected);
  });

  test('refuses a dialect that the gateway does not speak', () => {
    expect(() => readGateway({ dialect: 'azure' })).toThrow(/dialect is "azure".*openai.*deepgram/);
  });

  test('refuses several faults at once, and keys that would change nothing', () => {
    const faults = {
      publicLoadBalancer: 'yes',
      certificateArn: 'arn:aws:iam::123456789012:server-certificate/x',
      domainName: 'https://speech.example.com',
      allowedOrigins: 'app.example.com',
      'GatewayStack:instanceType': 'ml.g6.2xlarge',
      'EchoBidiStack:tokenSecret': 'x',
    };
    expect(() => readGateway(faults)).toThrow(InvalidContextError);
    for (const words of [
      'publicLoadBalancer is "yes"; it must be true or false',
      'certificateArn is',
      'domainName is',
      'The origin "app.example.com" is not one',
      '"GatewayStack:instanceType" would change nothing: instanceType is for the stacks that deploy an endpoint; write "instanceType"',
      '"EchoBidiStack:tokenSecret" would change nothing: tokenSecret is for GatewayStack; write "GatewayStack:tokenSecret"',
    ]) {
      expect(() => readGateway(faults)).toThrow(words);
    }
  });
});
