import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { Aws, CfnParameter, Duration, RemovalPolicy, Stack, Tags, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Alarm, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DRAIN_SECONDS, endpointLogGroup, INSTANCE_NAMESPACE, INVOCATION_NAMESPACE } from '../../lib/contract';
import {
  BidiEndpoint,
  type BidiEndpointProps,
  BidiImage,
  BidiModel,
  InvalidPropsError,
  Rollout,
} from '../../lib/infra';
import { ACCOUNT, imageModel, newApp, newStack, PACKAGE_ARN } from './synthesis';

type Settings = Omit<BidiEndpointProps, 'model'> & { readonly model?: BidiModel };

function endpointIn(stack: Stack, settings: Settings = {}): BidiEndpoint {
  return new BidiEndpoint(stack, 'Speech', { model: imageModel(), endpointName: 'speech', ...settings });
}

/** The template of a stack with one endpoint. */
function templateOf(settings: Settings = {}, region?: string): Template {
  const stack = newStack(region);
  endpointIn(stack, settings);
  return Template.fromStack(stack);
}

function variantOf(template: Template): Record<string, unknown> {
  const [config] = Object.values(template.findResources('AWS::SageMaker::EndpointConfig'));
  return config!.Properties.ProductionVariants[0];
}

function deploymentOf(template: Template) {
  const [endpoint] = Object.values(template.findResources('AWS::SageMaker::Endpoint'));
  return endpoint!.Properties.DeploymentConfig;
}

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

function thrownBy(action: () => unknown): InvalidPropsError {
  try {
    action();
  } catch (error) {
    if (error instanceof InvalidPropsError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('by default', () => {
  const template = templateOf();

  test('one ml.g6.2xlarge under the name AllTraffic, streams routed to the instance with the fewest', () => {
    expect(variantOf(template)).toEqual({
      VariantName: 'AllTraffic',
      ModelName: { 'Fn::GetAtt': [expect.any(String), 'ModelName'] },
      InstanceType: 'ml.g6.2xlarge',
      InitialInstanceCount: 1,
      InitialVariantWeight: 1,
      RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
    });
  });

  test('the log group exists before the endpoint, with retention', () => {
    const [logGroup] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: endpointLogGroup('speech'), RetentionInDays: 30 },
      DeletionPolicy: 'Delete',
    });
    template.hasResource('AWS::SageMaker::Endpoint', { DependsOn: [logGroup] });
  });

  test('the role has what the endpoint needs and nothing else', () => {
    template.resourceCountIs('AWS::IAM::Role', 1);
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    const statements = policy!.Properties.PolicyDocument.Statement;
    const actions = statements.flatMap((statement: { Action: string | string[] }) => statement.Action);
    expect(actions.sort()).toEqual([
      'cloudwatch:PutMetricData',
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetAuthorizationToken',
      'ecr:GetDownloadUrlForLayer',
      'logs:CreateLogGroup',
      'logs:CreateLogStream',
      'logs:DescribeLogStreams',
      'logs:PutLogEvents',
    ]);
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: 'cloudwatch:PutMetricData',
        Condition: { StringEquals: { 'cloudwatch:namespace': INSTANCE_NAMESPACE } },
      }),
    );
  });

  test('the model waits for the policy of its role', () => {
    const [policy] = Object.keys(template.findResources('AWS::IAM::Policy'));
    template.hasResource('AWS::SageMaker::Model', { DependsOn: Match.arrayWith([policy]) });
  });

  test('an update shifts all at once and drains for as long as a stream may live', () => {
    expect(deploymentOf(template)).toEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
        TerminationWaitInSeconds: DRAIN_SECONDS,
        MaximumExecutionTimeoutInSeconds: 5_400,
      },
    });
  });

  test('only endpoint and log group have names of their own', () => {
    for (const type of ['AWS::SageMaker::Model', 'AWS::SageMaker::EndpointConfig', 'AWS::IAM::Role']) {
      const [resource] = Object.values(template.findResources(type));
      expect(Object.keys(resource!.Properties).filter(key => key.endsWith('Name'))).toEqual([]);
    }
  });
});

describe('names', () => {
  test('without a name: one from the path, the same every time', () => {
    const names = [1, 2].map(() => {
      const template = templateOf({ endpointName: undefined });
      return Object.values(template.findResources('AWS::SageMaker::Endpoint'))[0]!.Properties.EndpointName;
    });
    expect(names[0]).toMatch(/^Stack-?Speech/);
    expect(names[0]).toBe(names[1]);
  });

  test('a name that is known at deployment only', () => {
    const stack = newStack();
    const name = new CfnParameter(stack, 'Name').valueAsString;
    endpointIn(stack, { endpointName: name });
    Template.fromStack(stack).hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: { 'Fn::Join': ['', ['/aws/sagemaker/Endpoints/', { Ref: 'Name' }]] },
    });
  });

  test('an update of image, instance type and environment replaces model and configuration, never the endpoint', () => {
    const before = templateOf({ model: imageModel({ A: '1' }) }).toJSON();
    const replacedBy = (settings: Settings, edit = (json: string) => json) => {
      const diff = fullDiff(before, JSON.parse(edit(JSON.stringify(templateOf(settings).toJSON()))));
      const replaced: string[] = [];
      diff.resources.forEachDifference((_, change) => {
        if (change.changeImpact === ResourceImpact.WILL_REPLACE) replaced.push(String(change.resourceType));
      });
      return replaced.sort();
    };
    const model = imageModel({ A: '1' });
    expect(replacedBy({ model })).toEqual([]);
    // A changed image is another asset hash.
    expect(replacedBy({ model }, json => json.replaceAll(/:[0-9a-f]{64}/g, `:${'0'.repeat(64)}`))).toEqual([
      'AWS::SageMaker::EndpointConfig',
      'AWS::SageMaker::Model',
    ]);
    expect(replacedBy({ model: imageModel({ A: '2' }) })).toEqual([
      'AWS::SageMaker::EndpointConfig',
      'AWS::SageMaker::Model',
    ]);
    expect(replacedBy({ model, instanceType: 'ml.g5.xlarge' })).toEqual(['AWS::SageMaker::EndpointConfig']);
    expect(replacedBy({ model, rollout: Rollout.allAtOnce({ drain: Duration.minutes(1) }) })).toEqual([]);
    // The counter-check: only another name would replace the endpoint, and its log group with it.
    expect(replacedBy({ model, endpointName: 'other' })).toEqual(['AWS::Logs::LogGroup', 'AWS::SageMaker::Endpoint']);
  });
});

describe('capacity', () => {
  test('a pool has priorities in its order, and five minutes for each type', () => {
    expect(
      variantOf(templateOf({ instanceTypes: ['ml.g6.2xlarge', 'ml.g6e.2xlarge', 'ml.g5.2xlarge'] })),
    ).toMatchObject({
      InstancePools: [
        { InstanceType: 'ml.g6.2xlarge', Priority: 1 },
        { InstanceType: 'ml.g6e.2xlarge', Priority: 2 },
        { InstanceType: 'ml.g5.2xlarge', Priority: 3 },
      ],
      VariantInstanceProvisionTimeoutInSeconds: 900,
    });
  });

  test('a pool of one is one type', () => {
    const variant = variantOf(templateOf({ instanceTypes: ['ml.g5.xlarge'] }));
    expect(variant).toMatchObject({ InstanceType: 'ml.g5.xlarge' });
    expect(variant).not.toHaveProperty('InstancePools');
  });

  test('everything that can be said of hosts', () => {
    const settings: Settings = {
      instanceCount: 3,
      provisionTimeout: Duration.minutes(10),
      inferenceAmi: 'al2023-ami-sagemaker-inference-gpu-4-1',
      startupHealthCheckTimeout: Duration.minutes(15),
      modelDownloadTimeout: Duration.minutes(30),
      routingStrategy: 'RANDOM',
      capacityReservationArn: `arn:aws:sagemaker:us-east-1:${ACCOUNT}:training-plan/plan`,
      variantName: 'Blue',
      metrics: { enhanced: true, detailedObservability: true, frequency: Duration.seconds(10) },
    };
    const template = templateOf(settings);
    expect(variantOf(template)).toMatchObject({
      VariantName: 'Blue',
      InitialInstanceCount: 3,
      VariantInstanceProvisionTimeoutInSeconds: 600,
      InferenceAmiVersion: 'al2023-ami-sagemaker-inference-gpu-4-1',
      ContainerStartupHealthCheckTimeoutInSeconds: 900,
      ModelDataDownloadTimeoutInSeconds: 1_800,
      RoutingConfig: { RoutingStrategy: 'RANDOM' },
      CapacityReservationConfig: {
        CapacityReservationPreference: 'capacity-reservations-only',
        MlReservationArn: settings.capacityReservationArn,
      },
    });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      MetricsConfig: {
        EnableEnhancedMetrics: true,
        EnableDetailedObservability: true,
        MetricPublishFrequencyInSeconds: 10,
      },
    });
  });

  test('keys for volume and log, retention, tags, removal', () => {
    const stack = newStack();
    const key = new Key(stack, 'Key');
    const endpoint = endpointIn(stack, {
      instanceType: 'ml.c6i.xlarge',
      volumeEncryptionKey: key,
      logEncryptionKey: key,
      logRetention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Tags.of(endpoint).add('team', 'speech');
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', { KmsKeyId: stack.resolve(key.keyArn) });
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      KmsKeyId: stack.resolve(key.keyArn),
      RetentionInDays: 365,
    });
    for (const type of ['AWS::SageMaker::Endpoint', 'AWS::SageMaker::EndpointConfig', 'AWS::SageMaker::Model']) {
      template.hasResourceProperties(type, { Tags: [{ Key: 'team', Value: 'speech' }] });
    }
    template.hasResource('AWS::SageMaker::Endpoint', { DeletionPolicy: 'Retain' });
    template.hasResource('AWS::Logs::LogGroup', { DeletionPolicy: 'Retain' });
  });

  test('what RETAIN keeps, it keeps with all that it runs on, and no old version', () => {
    const stack = newStack();
    const endpoint = endpointIn(stack, { removalPolicy: RemovalPolicy.RETAIN, vpc: new Vpc(stack, 'Vpc') });
    endpoint.autoScaleConcurrency({ maxCapacity: 2, targetConcurrency: 1 });
    const resources = Object.entries(Template.fromStack(stack).toJSON().Resources as Record<string, Resource>);
    const own = resources.filter(([id]) => id.startsWith('Speech'));
    expect(own.filter(([, { DeletionPolicy }]) => DeletionPolicy !== 'Retain')).toEqual([]);
    expect(new Set(own.map(([, { Type }]) => Type))).toEqual(
      new Set([
        'AWS::ApplicationAutoScaling::ScalableTarget',
        'AWS::ApplicationAutoScaling::ScalingPolicy',
        'AWS::EC2::SecurityGroup',
        'AWS::IAM::Policy',
        'AWS::IAM::Role',
        'AWS::Logs::LogGroup',
        'AWS::SageMaker::Endpoint',
        'AWS::SageMaker::EndpointConfig',
        'AWS::SageMaker::Model',
      ]),
    );
    const replaced = own.filter(([, { Type }]) => /EndpointConfig|Model/.test(Type));
    expect(replaced.map(([, { UpdateReplacePolicy }]) => UpdateReplacePolicy)).not.toContain('Retain');
  });

  test('a log group of another stack stays there, and is what the role may write to', () => {
    const app = newApp();
    const logs = new Stack(app, 'Logs');
    const stack = new Stack(app, 'Speech');
    const logGroup = new LogGroup(logs, 'Group', { logGroupName: endpointLogGroup('speech') });
    const endpoint = endpointIn(stack, { logGroup });
    expect(endpoint.logGroup).toBe(logGroup);
    app.synth();
    expect(stack.dependencies).toEqual([logs]);
    Template.fromStack(stack).resourceCountIs('AWS::Logs::LogGroup', 0);
  });

  test('a log group of another name, or with a retention beside it, is refused', () => {
    const stack = newStack();
    const logGroup = new LogGroup(stack, 'Group', { logGroupName: '/speech' });
    const logRetention = RetentionDays.ONE_DAY;
    expect(thrownBy(() => endpointIn(stack, { logGroup, logRetention })).violations).toEqual([
      expect.stringContaining('logRetention and logEncryptionKey mean nothing with a logGroup'),
      'logGroup is named /speech; SageMaker writes to /aws/sagemaker/Endpoints/speech.',
    ]);
  });

  test('a log key of this app lets CloudWatch Logs use it, for this log group', () => {
    const stack = newStack('us-east-1');
    endpointIn(stack, { logEncryptionKey: new Key(stack, 'Key') });
    Template.fromStack(stack).hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Principal: { Service: 'logs.us-east-1.amazonaws.com' },
            Action: ['kms:Decrypt*', 'kms:Describe*', 'kms:Encrypt*', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
            Resource: '*',
            Condition: {
              ArnEquals: {
                'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${endpointLogGroup('speech')}`,
              },
            },
          },
        ]),
      },
    });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('a log key from elsewhere: a warning with the statement that it has to hold', () => {
    const stack = newStack('us-east-1');
    const key = Key.fromKeyArn(
      stack,
      'Key',
      `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
    );
    endpointIn(stack, { logEncryptionKey: key });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Speech',
      Match.stringLikeRegexp('CloudWatch Logs cannot use logEncryptionKey.*logs.us-east-1.amazonaws.com'),
    );
  });

  test.each([
    ['an amd64 image on Arm types', 'ml.c7g.xlarge', undefined, 'The image is for linux/amd64'],
    ['an arm64 image on others', 'ml.c7i.xlarge', Platform.LINUX_ARM64, 'The image is for linux/arm64'],
  ])('%s is refused', (_, instanceType, platform, violation) => {
    const stack = newStack();
    const repository = Repository.fromRepositoryName(stack, 'Repository', 'speech');
    const model = BidiModel.fromImage(BidiImage.fromRepository(repository, 'v1', { platform }));
    expect(() => endpointIn(stack, { instanceType, model })).toThrow(violation);
  });
});

describe('in a VPC', () => {
  test('subnets, a security group of its own, and the permissions for network interfaces', () => {
    const stack = newStack();
    const vpc = new Vpc(stack, 'Vpc');
    const endpoint = endpointIn(stack, { vpc });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::Model', {
      VpcConfig: {
        Subnets: stack.resolve(vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds),
        SecurityGroupIds: stack.resolve(endpoint.connections.securityGroups.map(group => group.securityGroupId)),
      },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['ec2:CreateNetworkInterface']) })]),
      },
    });
  });

  test('chosen subnets and security groups', () => {
    const stack = newStack();
    const vpc = new Vpc(stack, 'Vpc');
    const group = new SecurityGroup(stack, 'Group', { vpc });
    endpointIn(stack, { vpc, vpcSubnets: { subnetType: SubnetType.PUBLIC }, securityGroups: [group] });
    Template.fromStack(stack).hasResourceProperties('AWS::SageMaker::Model', {
      VpcConfig: {
        Subnets: stack.resolve(vpc.publicSubnets.map(subnet => subnet.subnetId)),
        SecurityGroupIds: [stack.resolve(group.securityGroupId)],
      },
    });
  });

  test('an empty list of security groups is refused', () => {
    const stack = newStack();
    expect(() => endpointIn(stack, { vpc: new Vpc(stack, 'Vpc'), securityGroups: [] })).toThrow(
      'securityGroups is empty',
    );
  });

  test('without one there are no connections, and the error says so', () => {
    expect(() => endpointIn(newStack()).connections).toThrow('give it a vpc');
  });
});

describe('refused at synthesis', () => {
  test.each<[title: string, settings: Settings, violation: string | RegExp]>([
    ['a name with an underscore', { endpointName: 'my_speech' }, 'letters, digits and hyphens only'],
    ['a name that ends in a hyphen', { endpointName: 'speech-' }, 'begin and end with a letter or digit'],
    ['a name of 64 characters', { endpointName: 'a'.repeat(64) }, 'has 64 characters; 1 to 63'],
    ['an empty name', { endpointName: '' }, 'has 0 characters'],
    ['a bad variant name', { variantName: 'All Traffic' }, 'Variant name "All Traffic"'],
    [
      'an EC2 type',
      { instanceType: 'g6.2xlarge' },
      '"g6.2xlarge" is not a hosting instance type, such as ml.g6.2xlarge',
    ],
    ['both kinds of types', { instanceType: 'ml.g6.xlarge', instanceTypes: ['ml.g5.xlarge'] }, 'exclude each other'],
    ['an empty pool', { instanceTypes: [] }, 'names 0 types; 1 to 5'],
    ['a pool of six', { instanceTypes: [1, 2, 4, 8, 12, 16].map(n => `ml.g6.${n}xlarge`) }, 'names 6 types; 1 to 5'],
    [
      'a type twice',
      { instanceTypes: ['ml.g6.xlarge', 'ml.g5.xlarge', 'ml.g6.xlarge'] },
      'ml.g6.xlarge more than once',
    ],
    ['no instances', { instanceCount: 0 }, 'instanceCount is 0; it must be a whole number'],
    ['half an instance', { instanceCount: 1.5 }, 'instanceCount is 1.5'],
    [
      'a provision timeout that the API refuses',
      { provisionTimeout: Duration.seconds(299) },
      'provisionTimeout is 299 s; it must be whole seconds from 300 to 3600',
    ],
    [
      'Arm types and others in one pool',
      { instanceTypes: ['ml.c7i.xlarge', 'ml.c7g.xlarge'] },
      'mixes Arm types (ml.c7g.xlarge) with others',
    ],
    ['a snapshot', { removalPolicy: RemovalPolicy.SNAPSHOT }, 'removalPolicy SNAPSHOT means nothing'],
    [
      'a long health check',
      { startupHealthCheckTimeout: Duration.seconds(3_601) },
      'startupHealthCheckTimeout is 3601 s',
    ],
    ['a fraction of a second', { modelDownloadTimeout: Duration.millis(60_500) }, 'modelDownloadTimeout is 60.5 s'],
    ['an unknown AMI', { inferenceAmi: 'al2023' }, /inferenceAmi "al2023" is unknown; known are al2-ami-.*gpu-4-1/],
    ['an odd frequency', { metrics: { frequency: Duration.seconds(15) } }, 'is 15 s; allowed are 10, 30, 60'],
    ['subnets without a VPC', { vpcSubnets: {} }, 'mean nothing without a vpc'],

    ['a canary of one instance', { rollout: Rollout.canary({ stepPercent: 10 }) }, 'half of one instance is none'],
    ['a canary of 60 %', { instanceCount: 4, rollout: Rollout.canary({ stepPercent: 60 }) }, 'from 1 to 50'],
    ['a linear step of 5 %', { instanceCount: 4, rollout: Rollout.linear({ stepPercent: 5 }) }, 'from 10 to 50'],
    ['a rolling step of 51 %', { instanceCount: 4, rollout: Rollout.rolling({ stepPercent: 51 }) }, 'from 5 to 50'],
    [
      'a drain of two hours',
      { rollout: Rollout.allAtOnce({ drain: Duration.hours(2) }) },
      'drain of the rollout is 7200 s',
    ],
    [
      'waits that fill the time',
      { rollout: Rollout.allAtOnce({ maximumExecution: Duration.minutes(30) }) },
      'waits 1800 s = 1800 s; maximumExecution is 1800 s and must be more',
    ],
    [
      'waits that pass any limit',
      { instanceCount: 10, rollout: Rollout.linear({ stepPercent: 10, bake: Duration.hours(1) }) },
      'waits 9 x 3600 s + 1800 s = 34200 s; a deployment may take 28800 s at most',
    ],
    [
      'rolling batches that pass any limit',
      { instanceCount: 20, rollout: Rollout.rolling({ stepPercent: 5 }) },
      'waits 20 x 1800 s = 36000 s',
    ],
    [
      'a rollout of a model package',
      { model: BidiModel.fromModelPackage(PACKAGE_ARN), rollout: Rollout.allAtOnce() },
      'rollout is not for model packages: the platform updates them all at once',
    ],
  ])('%s', (_, settings, violation) => {
    expect(thrownBy(() => endpointIn(newStack(), settings)).violations).toEqual([
      expect.stringMatching(asPattern(violation)),
    ]);
  });

  test.each([
    ['ml.g4dn.xlarge', 1],
    ['ml.g6.2xlarge', 1],
    ['ml.p5.48xlarge', 1],
    ['ml.c6i.xlarge', 0],
  ])('not refused: a volume key on %s, with %d warning', (instanceType, warnings) => {
    const stack = newStack();
    const volumeEncryptionKey = new Key(stack, 'Key');
    endpointIn(stack, { instanceType, volumeEncryptionKey });
    Template.fromStack(stack).hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      KmsKeyId: stack.resolve(volumeEncryptionKey.keyArn),
    });
    const pattern = Match.stringLikeRegexp('does not encrypt the local NVMe storage');
    expect(Annotations.fromStack(stack).findWarning('*', pattern)).toHaveLength(warnings);
  });

  test('every violation at once, with the path of the construct', () => {
    const error = thrownBy(() => endpointIn(newStack(), { endpointName: '-', instanceCount: 0, inferenceAmi: 'x' }));
    expect(error.violations).toHaveLength(3);
    expect(error.message).toContain('Stack/Speech cannot be deployed:\n  - Endpoint name "-"');
    expect(error.message).toContain('\n  - instanceCount is 0');
    expect(error.message).toContain('\n  next: Correct every line above');
  });

  test('tokens pass, for their values are not known yet', () => {
    const stack = newStack();
    const parameter = (id: string, type = 'String') => new CfnParameter(stack, id, { type });
    endpointIn(stack, {
      instanceType: parameter('Type').valueAsString,
      instanceCount: parameter('Count', 'Number').valueAsNumber,
      inferenceAmi: parameter('Ami').valueAsString,
      metrics: { frequency: Duration.seconds(parameter('Frequency', 'Number').valueAsNumber) },
      rollout: Rollout.canary({
        stepPercent: parameter('Step', 'Number').valueAsNumber,
        bake: Duration.seconds(parameter('Bake', 'Number').valueAsNumber),
      }),
    }).autoScaleConcurrency({
      minCapacity: parameter('Min', 'Number').valueAsNumber,
      maxCapacity: parameter('Max', 'Number').valueAsNumber,
      targetConcurrency: parameter('Target', 'Number').valueAsNumber,
    });
    expect(deploymentOf(Template.fromStack(stack)).BlueGreenUpdatePolicy).toEqual({
      TrafficRoutingConfiguration: {
        Type: 'CANARY',
        CanarySize: { Type: 'CAPACITY_PERCENT', Value: { Ref: 'Step' } },
        WaitIntervalInSeconds: { Ref: 'Bake' },
      },
      TerminationWaitInSeconds: 1_800,
    });
    Template.fromStack(stack).hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: { Ref: 'Min' },
      MaxCapacity: { Ref: 'Max' },
    });
    expect(variantOf(Template.fromStack(stack))).toMatchObject({
      InstanceType: { Ref: 'Type' },
      InitialInstanceCount: { Ref: 'Count' },
    });
  });
});

function asPattern(violation: string | RegExp): RegExp {
  return typeof violation === 'string' ? new RegExp(violation.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) : violation;
}

describe('rollout', () => {
  const rolled = (rollout: Rollout) => deploymentOf(templateOf({ instanceCount: 4, rollout }));

  test('canary', () => {
    expect(rolled(Rollout.canary({ stepPercent: 25, bake: Duration.minutes(10) }))).toEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: 'CANARY',
          CanarySize: { Type: 'CAPACITY_PERCENT', Value: 25 },
          WaitIntervalInSeconds: 600,
        },
        TerminationWaitInSeconds: 1_800,
        MaximumExecutionTimeoutInSeconds: 600 + 1_800 + 3_600,
      },
    });
  });

  test('linear', () => {
    expect(
      rolled(Rollout.linear({ stepPercent: 30, drain: Duration.minutes(5), maximumExecution: Duration.hours(8) })),
    ).toEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: 'LINEAR',
          LinearStepSize: { Type: 'CAPACITY_PERCENT', Value: 30 },
          WaitIntervalInSeconds: 300,
        },
        TerminationWaitInSeconds: 300,
        MaximumExecutionTimeoutInSeconds: 28_800,
      },
    });
  });

  test('rolling: the wait between batches is the drain', () => {
    expect(rolled(Rollout.rolling({ stepPercent: 50 }))).toEqual({
      RollingUpdatePolicy: {
        MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 50 },
        WaitIntervalInSeconds: 1_800,
        MaximumExecutionTimeoutInSeconds: 2 * 1_800 + 3_600,
      },
    });
  });

  test('alarms roll back, and neither waits for the other to exist', () => {
    const stack = newStack();
    const endpoint = endpointIn(stack);
    const alarm = endpoint.metric5xxErrors().createAlarm(stack, 'Alarm', { threshold: 1, evaluationPeriods: 1 });
    endpoint.addRollbackAlarms(alarm);
    const template = Template.fromStack(stack);
    expect(deploymentOf(template).AutoRollbackConfiguration).toEqual({
      Alarms: [{ AlarmName: stack.resolve(alarm.alarmName) }],
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Dimensions: [
        { Name: 'EndpointName', Value: 'speech' },
        { Name: 'VariantName', Value: 'AllTraffic' },
      ],
    });
  });

  test('at most ten alarms, and none for model packages', () => {
    const stack = newStack();
    const alarm = Alarm.fromAlarmName(stack, 'Alarm', 'alarm');
    expect(() => endpointIn(stack).addRollbackAlarms(...Array(11).fill(alarm))).toThrow('11 alarms');
    const other = newStack();
    const endpoint = endpointIn(other, { model: BidiModel.fromModelPackage(PACKAGE_ARN) });
    expect(() => endpoint.addRollbackAlarms(alarm)).toThrow('not for model packages');
    expect(deploymentOf(Template.fromStack(other))).toBeUndefined();
  });
});

describe('autoScaleConcurrency', () => {
  test('tracks open streams at high resolution with the documented cooldowns, by the service-linked role', () => {
    const stack = newStack('us-east-1');
    endpointIn(stack).autoScaleConcurrency({ maxCapacity: 4, targetConcurrency: 30 });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      ServiceNamespace: 'sagemaker',
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      ResourceId: {
        'Fn::Join': ['', ['endpoint/', { 'Fn::GetAtt': [Match.anyValue(), 'EndpointName'] }, '/variant/AllTraffic']],
      },
      MinCapacity: 1,
      MaxCapacity: 4,
      RoleARN: `arn:aws:iam::${ACCOUNT}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint`,
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 30,
        ScaleOutCooldown: 60,
        ScaleInCooldown: 300,
        PredefinedMetricSpecification: {
          PredefinedMetricType: 'SageMakerVariantConcurrentRequestsPerModelHighResolution',
        },
      },
    });
    template.resourceCountIs('AWS::IAM::Role', 1);
  });

  test('keeps the scaled count across updates, and without scaling does not', () => {
    const stack = newStack();
    endpointIn(stack).autoScaleConcurrency({ maxCapacity: 2, targetConcurrency: 1 });
    Template.fromStack(stack).hasResourceProperties('AWS::SageMaker::Endpoint', { RetainAllVariantProperties: true });
    templateOf().hasResourceProperties('AWS::SageMaker::Endpoint', { RetainAllVariantProperties: Match.absent() });
  });

  test('paused: no scalable target, so that instance types may change, and the count stays', () => {
    const templates = [false, true].map(paused => {
      const stack = newStack();
      endpointIn(stack).autoScaleConcurrency({ maxCapacity: 2, targetConcurrency: 1, paused });
      return Template.fromStack(stack);
    });
    templates[1]!.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
    const removed: string[] = [];
    fullDiff(templates[0]!.toJSON(), templates[1]!.toJSON()).resources.forEachDifference((_, change) => {
      expect(change.isRemoval).toBe(true);
      removed.push(String(change.resourceType));
    });
    // Nothing else may change: SageMaker would refuse more while the target is still there.
    expect(removed.sort()).toEqual([
      'AWS::ApplicationAutoScaling::ScalableTarget',
      'AWS::ApplicationAutoScaling::ScalingPolicy',
    ]);
  });

  test('cooldowns, schedules and scaling out only', () => {
    const stack = newStack();
    endpointIn(stack).autoScaleConcurrency({
      minCapacity: 2,
      maxCapacity: 8,
      targetConcurrency: 22.5,
      scaleOutCooldown: Duration.seconds(30),
      scaleInCooldown: Duration.minutes(10),
      disableScaleIn: true,
      schedules: { Morning: { schedule: Schedule.cron({ hour: '7', minute: '0' }), minCapacity: 6 } },
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 22.5,
        ScaleOutCooldown: 30,
        ScaleInCooldown: 600,
        DisableScaleIn: true,
      },
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      ScheduledActions: [
        Match.objectLike({ ScheduledActionName: 'Morning', ScalableTargetAction: { MinCapacity: 6 } }),
      ],
    });
  });

  test.each<
    [title: string, scaling: Parameters<BidiEndpoint['autoScaleConcurrency']>[0], settings: Settings, violation: string]
  >([
    ['a minimum of 0', { minCapacity: 0, maxCapacity: 2, targetConcurrency: 1 }, {}, 'minCapacity is 0'],
    [
      'a maximum below the minimum',
      { minCapacity: 3, maxCapacity: 2, targetConcurrency: 1 },
      {},
      'maxCapacity is 2 and minCapacity 3',
    ],
    ['a target of 0', { maxCapacity: 2, targetConcurrency: 0 }, {}, 'targetConcurrency is 0'],
    ['a target that is no number', { maxCapacity: 2, targetConcurrency: Number.NaN }, {}, 'targetConcurrency is NaN'],
    [
      'a burstable type',
      { maxCapacity: 2, targetConcurrency: 1 },
      { instanceType: 'ml.t2.medium' },
      'not for burstable types (ml.t2.medium)',
    ],
    [
      'a count outside',
      { maxCapacity: 2, targetConcurrency: 1 },
      { instanceCount: 3 },
      'must lie between minCapacity 1 and maxCapacity 2',
    ],
    [
      'a canary that one instance may be left for',
      { maxCapacity: 4, targetConcurrency: 1 },
      { instanceCount: 4, rollout: Rollout.canary({ stepPercent: 25 }) },
      'A canary rollout needs at least 2 instances, and scaling allows 1',
    ],
    [
      'a schedule that leaves one instance for a linear rollout',
      {
        minCapacity: 2,
        maxCapacity: 4,
        targetConcurrency: 1,
        schedules: { Night: { schedule: Schedule.cron({ hour: '22' }), minCapacity: 1 } },
      },
      { instanceCount: 4, rollout: Rollout.linear({ stepPercent: 25 }) },
      'A linear rollout needs at least 2 instances, and scaling allows 1',
    ],
  ])('refuses %s', (_, scaling, settings, violation) => {
    expect(() => endpointIn(newStack(), settings).autoScaleConcurrency(scaling)).toThrow(violation);
  });

  test('refuses a second policy', () => {
    const endpoint = endpointIn(newStack());
    endpoint.autoScaleConcurrency({ maxCapacity: 2, targetConcurrency: 1 });
    expect(() => endpoint.autoScaleConcurrency({ maxCapacity: 2, targetConcurrency: 1 })).toThrow('called before');
  });
});

describe('grants', () => {
  const statementsOf = (template: Template, type: string) =>
    Object.values(template.findResources(type)).flatMap(resource => resource.Properties.PolicyDocument.Statement);

  test('streaming on this endpoint only; plain invocations on request', () => {
    const stack = newStack();
    const endpoint = endpointIn(stack);
    const role = (id: string) => new Role(stack, id, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    endpoint.grantInvoke(role('Streams'));
    endpoint.grantInvoke(role('Both'), { includeInvokeEndpoint: true });
    const statements = statementsOf(Template.fromStack(stack), 'AWS::IAM::Policy');
    const Resource = stack.resolve(endpoint.endpointArn);
    const stream = 'sagemaker:InvokeEndpointWithBidirectionalStream';
    expect(statements).toContainEqual({ Effect: 'Allow', Action: stream, Resource });
    expect(statements).toContainEqual({ Effect: 'Allow', Action: ['sagemaker:InvokeEndpoint', stream], Resource });
  });

  test('to a role of another region: the ARN has the name in lower case, as the platform writes it', () => {
    const app = newApp();
    const there = new Stack(app, 'There', { env: { account: ACCOUNT, region: 'us-east-1' } });
    const here = new Stack(app, 'Here', { env: { account: ACCOUNT, region: 'eu-west-1' } });
    const endpoint = endpointIn(there, { endpointName: 'Speech-EN' });
    endpoint.grantInvoke(new Role(here, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
    const [statement] = statementsOf(Template.fromStack(here), 'AWS::IAM::Policy');
    expect(statement.Resource).toBe(`arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/speech-en`);
  });

  test('a managed policy for applications elsewhere, one however often it is asked for', () => {
    const stack = newStack();
    const endpoint = endpointIn(stack);
    expect(endpoint.invokePolicy()).toBe(endpoint.invokePolicy());
    expect(statementsOf(Template.fromStack(stack), 'AWS::IAM::ManagedPolicy')).toEqual([
      {
        Effect: 'Allow',
        Action: 'sagemaker:InvokeEndpointWithBidirectionalStream',
        Resource: stack.resolve(endpoint.endpointArn),
      },
    ]);
  });
});

describe('an imported endpoint', () => {
  test('by name: the ARN has it in lower case, as the platform writes it', () => {
    const stack = newStack('us-east-1');
    const endpoint = BidiEndpoint.fromEndpointName(stack, 'Imported', 'Speech-EN');
    expect(stack.resolve(endpoint.endpointArn)).toBe(`arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/speech-en`);
    expect(endpoint.endpointName).toBe('Speech-EN');
    expect(endpoint.logGroupName).toBe('/aws/sagemaker/Endpoints/Speech-EN');
  });

  test('by ARN, with metrics and grants', () => {
    const stack = newStack();
    const arn = `arn:aws:sagemaker:eu-west-1:${ACCOUNT}:endpoint/speech`;
    const endpoint = BidiEndpoint.fromEndpointArn(stack, 'Imported', arn);
    expect(endpoint.endpointName).toBe('speech');
    expect(endpoint.endpointRef).toEqual({ endpointArn: arn });
    expect(endpoint.metricInvocations().dimensions).toEqual({ EndpointName: 'speech', VariantName: 'AllTraffic' });
    endpoint.grantInvoke(new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [Match.objectLike({ Resource: arn })] },
    });
  });

  test('by attributes: its variant, and where streams of its region are opened', () => {
    const stack = newStack('us-east-1');
    const endpointArn = `arn:aws:sagemaker:us-west-2:${ACCOUNT}:endpoint/speech-en`;
    const attributes = { endpointName: 'Speech-EN', endpointArn, variantNames: ['Blue'] };
    const endpoint = BidiEndpoint.fromEndpointAttributes(stack, 'Imported', attributes);
    expect(endpoint.runtimeUri).toBe('https://runtime.sagemaker.us-west-2.amazonaws.com:8443');
    expect(endpoint.fipsRuntimeUri).toBe('https://runtime-fips.sagemaker.us-west-2.amazonaws.com:8443');
    expect(endpoint.streamUrl).toBe(`${endpoint.runtimeUri}/endpoints/Speech-EN/invocations-bidirectional-stream`);
    expect(endpoint.metricInvocations().dimensions).toEqual({ EndpointName: 'Speech-EN', VariantName: 'Blue' });
  });

  test.each([
    [{}, 'Neither endpointName nor endpointArn is given'],
    [
      { endpointName: 'speech', endpointArn: `arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/other` },
      'is not the ARN of the endpoint speech',
    ],
  ])('refuses %j', (attributes, violation) => {
    expect(() => BidiEndpoint.fromEndpointAttributes(newStack(), 'Imported', attributes)).toThrow(violation);
  });

  test('by a name that is known at deployment only', () => {
    const stack = newStack();
    const endpoint = BidiEndpoint.fromEndpointName(stack, 'Imported', Aws.STACK_NAME);
    expect(stack.resolve(endpoint.endpointName)).toEqual({ Ref: 'AWS::StackName' });
    expect(Token.isUnresolved(endpoint.endpointArn)).toBe(true);
  });
});

describe('metrics', () => {
  const endpoint = endpointIn(newStack());
  const minutes = (n: number) => Duration.minutes(n).toSeconds();

  test.each<
    [
      method: keyof BidiEndpoint,
      namespace: string,
      name: string,
      statistic: string,
      unit: string | undefined,
      period: number,
    ]
  >([
    ['metricFirstChunkLatency', INVOCATION_NAMESPACE, 'FirstChunkLatency', 'p99', 'Microseconds', minutes(5)],
    ['metricConcurrentRequests', INVOCATION_NAMESPACE, 'ConcurrentRequestsPerModel', 'Maximum', undefined, minutes(1)],
    ['metricMidStreamErrors', INVOCATION_NAMESPACE, 'MidStreamErrors', 'Sum', undefined, minutes(5)],
    ['metricInvocations', INVOCATION_NAMESPACE, 'Invocations', 'Sum', undefined, minutes(5)],
    ['metric4xxErrors', INVOCATION_NAMESPACE, 'Invocation4XXErrors', 'Sum', undefined, minutes(5)],
    ['metric5xxErrors', INVOCATION_NAMESPACE, 'Invocation5XXErrors', 'Sum', undefined, minutes(5)],
    ['metricModelErrors', INVOCATION_NAMESPACE, 'InvocationModelErrors', 'Sum', undefined, minutes(5)],
    ['metricCpuUtilization', INSTANCE_NAMESPACE, 'CPUUtilization', 'Average', 'Percent', minutes(5)],
    ['metricMemoryUtilization', INSTANCE_NAMESPACE, 'MemoryUtilization', 'Average', 'Percent', minutes(5)],
    ['metricGpuUtilization', INSTANCE_NAMESPACE, 'GPUUtilization', 'Average', 'Percent', minutes(5)],
    ['metricGpuMemoryUtilization', INSTANCE_NAMESPACE, 'GPUMemoryUtilization', 'Average', 'Percent', minutes(5)],
    ['metricDiskUtilization', INSTANCE_NAMESPACE, 'DiskUtilization', 'Average', 'Percent', minutes(5)],
  ])('%s', (method, namespace, metricName, statistic, unit, period) => {
    const metric = (endpoint[method] as () => Metric).call(endpoint);
    expect({ ...metric }).toMatchObject({ namespace, metricName, statistic });
    expect(metric.unit).toBe(unit);
    expect(metric.period.toSeconds()).toBe(period);
    expect(metric.dimensions).toEqual({ EndpointName: 'speech', VariantName: 'AllTraffic' });
  });

  test('any other by its name, those of the instances in their namespace', () => {
    expect(endpoint.metric('ModelSetupTime', { statistic: 'p50' })).toMatchObject({
      namespace: INVOCATION_NAMESPACE,
      metricName: 'ModelSetupTime',
      statistic: 'p50',
      dimensions: { EndpointName: 'speech', VariantName: 'AllTraffic' },
    });
    expect(endpoint.metric('MemoryUtilization').namespace).toBe(INSTANCE_NAMESPACE);
  });

  test('open streams can be looked at every 10 seconds', () => {
    expect(endpoint.metricConcurrentRequests({ period: Duration.seconds(10) }).period.toSeconds()).toBe(10);
  });
});
