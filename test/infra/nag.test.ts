import { type App, Stack, Validations } from 'aws-cdk-lib';
import { Annotations as AnnotationAssertions, Match } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, HIPAASecurityChecks, type NagPack, NIST80053R5Checks } from 'cdk-nag';
import {
  BidiEndpoint,
  BidiImageRepository,
  ContainerStack,
  DeepgramStack,
  EchoBidiStack,
  GatewayStack,
  VllmStack,
} from '../../lib/infra';
import { ACCOUNT, imageModel, newApp, PACKAGE_ARN, VPC_ID } from './synthesis';

const env = { account: ACCOUNT, region: 'us-east-1' };
const everything = {
  env,
  scaling: { minCapacity: 2, maxCapacity: 6, targetConcurrency: 30 },
  vpcId: VPC_ID,
  privateAccess: true,
  alarmTopicArn: `arn:aws:sns:us-east-1:${ACCOUNT}:alarms`,
  invokePolicy: true,
};

const gateway = {
  env,
  endpointName: 'speech',
  certificateArn: `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/speech`,
  domainName: 'speech.example.com',
};

/** What a pack finds, as `rule at path`. */
function findings(pack: NagPack, app: App): string[] {
  return pack
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
}

/** aws-cdk-lib 2.268 takes no acknowledgement that names an ARN; the template of VllmStack needs one. */
const VLLM: [title: string, create: (app: App) => void][] = process.env.LOWEST_PEERS
  ? []
  : [
      ['VllmStack', app => new VllmStack(app, 'Stack', { env, modelData: 's3://weights/voxtral/' })],
      ['VllmStack without weights', app => new VllmStack(app, 'Stack')],
      ['VllmStack, region unknown', app => new VllmStack(app, 'Stack', { modelData: 's3://weights/voxtral/' })],
    ];

test.each<[title: string, create: (app: App) => void]>([
  ...VLLM,
  ['EchoBidiStack, region unknown', app => new EchoBidiStack(app, 'Stack')],
  [
    'EchoBidiStack with everything',
    app => new EchoBidiStack(app, 'Stack', { ...everything, rollout: 'rolling', instanceCount: 2 }),
  ],
  [
    'ContainerStack with everything',
    app =>
      new ContainerStack(app, 'Stack', {
        ...everything,
        imageDirectory: 'examples/python-container',
        rollout: 'linear',
        instanceCount: 2,
      }),
  ],
  ['DeepgramStack', app => new DeepgramStack(app, 'Stack', { env, modelPackageArn: PACKAGE_ARN })],
  [
    'DeepgramStack with everything',
    app => new DeepgramStack(app, 'Stack', { ...everything, modelPackageArn: PACKAGE_ARN }),
  ],
  [
    'VllmStack with everything',
    app => new VllmStack(app, 'Stack', { ...everything, hubModel: 'a/b', hubTokenSecret: 'hub' }),
  ],
  ['GatewayStack, public', app => new GatewayStack(app, 'Stack', { ...gateway, publicLoadBalancer: true })],
  [
    'GatewayStack with everything',
    app =>
      new GatewayStack(app, 'Stack', {
        ...gateway,
        publicLoadBalancer: false,
        hostedZoneId: 'Z0123456789',
        tokenSecret: 'tokens',
        vpcId: VPC_ID,
        alarmTopicArn: everything.alarmTopicArn,
      }),
  ],
  [
    'the image repository',
    app => new BidiImageRepository(new Stack(app, 'Stack'), 'Images', { repositoryName: 'speech' }),
  ],
])('AwsSolutions, NIST 800-53 R5 and HIPAA find nothing in %s', (_, create) => {
  const app = newApp();
  create(app);
  app.synth();
  const packs = [new AwsSolutionsChecks(app), new NIST80053R5Checks(app), new HIPAASecurityChecks(app)];
  expect(packs.flatMap(pack => findings(pack, app))).toEqual([]);
});

test('constructs do not acknowledge what their user can mend: a volume without a key, a log group without a key', () => {
  const app = newApp();
  new BidiEndpoint(new Stack(app, 'Stack'), 'Speech', { model: imageModel(), instanceType: 'ml.c6i.xlarge' });
  expect(findings(new NIST80053R5Checks(app), app)).toEqual([
    'NIST.800.53.R5-CloudWatchLogGroupEncrypted at Stack/Speech/LogGroup/Resource',
    'NIST.800.53.R5-SageMakerEndpointConfigurationKMSKeyConfigured at Stack/Speech/EndpointConfig',
  ]);
});

test('AwsSolutions finds nothing in GatewayStack when nothing is said; that it speaks no TLS is found', () => {
  const app = newApp();
  new GatewayStack(app, 'Stack');
  expect(findings(new AwsSolutionsChecks(app), app)).toEqual([]);
  expect(findings(new NIST80053R5Checks(app), app)).toContain(
    'NIST.800.53.R5-ELBv2ACMCertificateRequired at Stack/Gateway/LoadBalancer/Listener/Resource',
  );
});

test('every acknowledgement has a reason', () => {
  const app = newApp();
  new EchoBidiStack(app, 'Echo', { env });
  new DeepgramStack(app, 'Deepgram', { env, modelPackageArn: PACKAGE_ARN });
  new GatewayStack(app, 'Gateway', { ...gateway, publicLoadBalancer: true });
  const reasons = app.node
    .findAll()
    .flatMap(construct => construct.node.metadata)
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.values(data as Record<string, string>));
  expect(reasons.length).toBeGreaterThan(0);
  for (const reason of reasons) expect(reason.split(' ').length).toBeGreaterThan(8);
});

test('the CDK\u2019s own template validation, as errors, has nothing to say', () => {
  const app = newApp();
  const stacks = [
    new EchoBidiStack(app, 'Echo', {
      ...everything,
      instanceCount: 2,
      rollout: 'canary',
      instanceTypes: ['ml.g6.xlarge', 'ml.g5.xlarge'],
    }),
    new DeepgramStack(app, 'Deepgram', { env, modelPackageArn: PACKAGE_ARN }),
    new GatewayStack(app, 'Gateway', { ...gateway, publicLoadBalancer: false, vpcId: VPC_ID }),
  ];
  process.env.CDK_VALIDATION = 'true';
  try {
    app.synth();
  } finally {
    process.env.CDK_VALIDATION = 'false';
  }
  for (const stack of stacks) {
    AnnotationAssertions.fromStack(stack).hasNoError('*', Match.anyValue());
    AnnotationAssertions.fromStack(stack).hasNoWarning('*', Match.anyValue());
  }
});
