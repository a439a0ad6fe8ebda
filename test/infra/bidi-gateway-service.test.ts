import { Duration, PropertyInjectors, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Peer, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, CpuArchitecture } from 'aws-cdk-lib/aws-ecs';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { GatewayMetric, STREAM_ACTION } from '../../lib/contract';
import { BidiEndpoint, BidiGatewayService, type BidiGatewayServiceProps } from '../../lib/infra';
import { ACCOUNT, imageModel, newApp, newStack } from './synthesis';

const CERTIFICATE_ARN = `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/speech`;

/** A stack with what a gateway needs. */
function surroundings() {
  const stack = newStack('us-east-1');
  return {
    stack,
    vpc: new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }),
    endpoint: BidiEndpoint.fromEndpointName(stack, 'Endpoint', 'Speech'),
    certificate: Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE_ARN),
  };
}

/** The template of a gateway that is internal and has no certificate, but for what is given. */
function synthesize(props: (given: ReturnType<typeof surroundings>) => Partial<BidiGatewayServiceProps> = () => ({})) {
  const given = surroundings();
  const { stack, vpc, endpoint } = given;
  const gateway = new BidiGatewayService(stack, 'Gateway', {
    routes: [{ endpoint }],
    publicLoadBalancer: false,
    vpc,
    ...props(given),
  });
  return { ...given, gateway, template: Template.fromStack(stack) };
}

/** The options that the task gives to the image. */
function commandOf(template: Template): string[] {
  const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
  return task!.Properties.ContainerDefinitions[0].Command;
}

describe('the role of the tasks', () => {
  test('may open streams to the endpoints of the routes, and nothing else', () => {
    const { template } = synthesize(({ stack, endpoint }) => ({
      routes: [
        { endpoint },
        { endpoint, path: '/again' },
        { endpoint: BidiEndpoint.fromEndpointName(stack, 'Voices', 'voices'), path: '/tts' },
      ],
    }));
    const [roleId] = Object.keys(template.findResources('AWS::IAM::Role')).filter(id => id.includes('TaskRole'));
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
      Properties.Roles.some((role: { Ref: string }) => role.Ref === roleId),
    );
    const arn = (name: string) => `arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/${name}`;
    expect(policies).toHaveLength(1);
    expect(policies[0]!.Properties.PolicyDocument.Statement).toEqual([
      { Action: STREAM_ACTION, Effect: 'Allow', Resource: [arn('speech'), arn('voices')] },
    ]);
  });
});

describe('the token', () => {
  test('comes from a new secret, and is nowhere in the template', () => {
    const { template } = synthesize();
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
      SecretString: Match.absent(),
    });
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [
        Match.objectLike({
          Environment: Match.absent(),
          Secrets: [{ Name: 'BIDI_GATEWAY_TOKEN', ValueFrom: { Ref: Match.stringLikeRegexp('^GatewayToken') } }],
        }),
      ],
    });
    expect(JSON.stringify(template.toJSON())).not.toContain('resolve:secretsmanager');
  });

  test('or from a secret that there is', () => {
    const { template } = synthesize(({ stack }) => ({
      tokenSecret: Secret.fromSecretNameV2(stack, 'Tokens', 'speech/tokens'),
    }));
    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });
});

describe('sessions of thirty minutes', () => {
  test('outlive the load balancer\u2019s idle timeout and the end of a task that is taken away', () => {
    const { template } = synthesize();
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      LoadBalancerAttributes: Match.arrayWith([{ Key: 'idle_timeout.timeout_seconds', Value: '1860' }]),
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      TargetGroupAttributes: Match.arrayWith([{ Key: 'deregistration_delay.timeout_seconds', Value: '1860' }]),
    });
  });

  test('have nearly all the time that Fargate gives after SIGTERM', () => {
    const { template } = synthesize();
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [Match.objectLike({ StopTimeout: 120, ReadonlyRootFilesystem: true })],
    });
    const command = commandOf(template);
    expect(command[command.indexOf('--drain') + 1]).toBe('110');
  });
});

test('the options of the image are those of `bidi gateway`', () => {
  const { template } = synthesize(({ endpoint }) => ({
    routes: [{ endpoint, path: '/speech', rewritePath: '/', targetVariant: 'Blue' }],
    allowedOrigins: ['https://app.example.com', 'same-origin'],
    sessionsPerTask: 50,
    idleTimeout: Duration.seconds(90),
  }));
  const command = commandOf(template);
  const { gatewayCommand } = require('../../bin/commands/gateway') as typeof import('../../bin/commands/gateway');
  const parsed = gatewayCommand().exitOverride();
  const { operands, unknown } = parsed.parseOptions(command);
  expect({ operands, unknown }).toEqual({ operands: [], unknown: [] });
  const options = parsed.opts();
  expect(JSON.parse(options.routes)).toEqual([
    { endpointName: 'Speech', path: '/speech', rewritePath: '/', targetVariant: 'Blue' },
  ]);
  expect(options).toMatchObject({
    region: 'us-east-1',
    trustProxy: true,
    allowOrigin: ['https://app.example.com', 'same-origin'],
    maxSessions: 100,
    idleTimeout: 90,
    json: true,
    embeddedMetrics: 'Stack/Gateway',
  });
});

describe('who may connect', () => {
  test('an internal load balancer: the VPC, on port 80 with a warning, or 443 with a certificate', () => {
    const { template, stack } = synthesize();
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 80, Protocol: 'HTTP' });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [
        Match.objectLike({ CidrIp: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Vpc'), 'CidrBlock'] } }),
      ],
    });
    Annotations.fromStack(stack).hasWarning('/Stack/Gateway', Match.stringLikeRegexp('no certificate'));
  });

  test('a public one: the internet, by TLS alone; or the clients that are named', () => {
    const asPublic = ({ certificate }: ReturnType<typeof surroundings>) => ({
      publicLoadBalancer: true,
      certificate,
      domainName: 'speech.example.com',
    });
    const { template, gateway, stack } = synthesize(asPublic);
    expect(gateway.url).toBe('wss://speech.example.com');
    Annotations.fromStack(stack).hasNoWarning('/Stack/Gateway', Match.anyValue());
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443,
      Protocol: 'HTTPS',
      Certificates: [{ CertificateArn: CERTIFICATE_ARN }],
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 })],
    });
    const named = synthesize(given => ({ ...asPublic(given), clients: [Peer.ipv4('203.0.113.0/24')] }));
    const groups = JSON.stringify(named.template.findResources('AWS::EC2::SecurityGroup'));
    expect(groups).toContain('"CidrIp":"203.0.113.0/24"');
    expect(groups.match(/"SecurityGroupIngress":\[[^\]]*0\.0\.0\.0\/0/)).toBeNull();
  });

  test('tasks take WebSockets and health checks from the load balancer alone, and reach two ports outside', () => {
    const { template } = synthesize();
    const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).map(
      ({ Properties: { FromPort, ToPort, SourceSecurityGroupId } }) => [FromPort, ToPort, !!SourceSecurityGroupId],
    );
    expect(rules.sort()).toEqual([
      [8080, 8080, true],
      [8081, 8081, true],
    ]);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [
        Match.objectLike({ FromPort: 8443, ToPort: 8443 }),
        Match.objectLike({ FromPort: 443, ToPort: 443 }),
      ],
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      HealthCheckPath: '/readyz',
      HealthCheckPort: '8081',
    });
  });

  test('the domain is pointed at the load balancer where its zone is given', () => {
    const { template } = synthesize(({ stack, certificate }) => ({
      certificate,
      domainName: 'speech.example.com',
      domainZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
    }));
    template.hasResourceProperties('AWS::Route53::RecordSet', { Name: 'speech.example.com.', HostedZoneId: 'Z1' });
  });
});

describe('scaling', () => {
  test('follows the average of the open sessions, and a deployment does not set the tasks back', () => {
    const { template } = synthesize(() => ({ minTasks: 3, maxTasks: 7, sessionsPerTask: 120 }));
    template.hasResourceProperties('AWS::ECS::Service', { DesiredCount: Match.absent() });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 3, MaxCapacity: 7 });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: Match.objectLike({
        TargetValue: 120,
        CustomizedMetricSpecification: {
          Namespace: 'BidiGateway',
          MetricName: 'OpenSessions',
          Dimensions: [{ Name: 'Gateway', Value: 'Stack/Gateway' }],
          Statistic: 'Average',
        },
      }),
    });
  });
});

test('the alarms look at what the image writes, and notify', () => {
  const { template, gateway } = synthesize(({ stack }) => ({ alarmTopic: new Topic(stack, 'Topic') }));
  expect(gateway.alarms.map(({ node }) => node.id)).toEqual([
    'NoReadyTask',
    'FailedOpens',
    'BrokenSessions',
    'OpenSessions',
    'Cpu',
  ]);
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
  expect(
    alarms.every(({ Properties }) => Properties.AlarmActions.length === 1 && Properties.OKActions.length === 1),
  ).toBe(true);
  const named = JSON.stringify(alarms);
  for (const metric of Object.values(GatewayMetric)) expect(named).toContain(`"MetricName":"${metric}"`);
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'OpenSessions', Threshold: 360 });
});

test('an endpoint of the same app is deployed first, and may be known at deployment only', () => {
  const { stack, template } = (() => {
    const given = surroundings();
    const endpoint = new BidiEndpoint(given.stack, 'Own', { model: imageModel(), instanceType: 'ml.c6i.xlarge' });
    new BidiGatewayService(given.stack, 'Gateway', {
      routes: [{ endpoint }],
      publicLoadBalancer: false,
      cluster: new Cluster(given.stack, 'Cluster', { vpc: given.vpc }),
      cpuArchitecture: CpuArchitecture.ARM64,
      cpu: 256,
    });
    return { stack: given.stack, template: Template.fromStack(given.stack) };
  })();
  expect(stack.node.findAll().filter(construct => construct instanceof Cluster)).toHaveLength(1);
  const [service] = Object.values(template.findResources('AWS::ECS::Service'));
  const [endpointId] = Object.keys(template.findResources('AWS::SageMaker::Endpoint'));
  expect(service!.DependsOn).toContain(endpointId);
  template.hasResourceProperties('AWS::ECS::TaskDefinition', {
    Cpu: '256',
    Memory: '512',
    RuntimePlatform: { CpuArchitecture: 'ARM64' },
  });
});

describe('bad input, told at synthesis and together', () => {
  test.each<[title: string, props: (given: ReturnType<typeof surroundings>) => object, words: string[]]>([
    [
      'public without TLS',
      () => ({ publicLoadBalancer: true }),
      ['publicLoadBalancer is true and there is no certificate'],
    ],
    ['not said', () => ({ publicLoadBalancer: undefined }), ['publicLoadBalancer is not given']],
    ['a certificate without a name', ({ certificate }) => ({ certificate }), ['domainName is not']],
    [
      'a zone without a name',
      ({ stack }) => ({ domainZone: HostedZone.fromHostedZoneId(stack, 'Zone', 'Z1') }),
      ['domainZone is given and domainName is not'],
    ],
    [
      'a certificate of another region',
      ({ stack }) => ({
        certificate: Certificate.fromCertificateArn(
          stack,
          'Elsewhere',
          CERTIFICATE_ARN.replace('us-east-1', 'eu-west-1'),
        ),
        domainName: 'a.example.com',
      }),
      ['certificate is of eu-west-1 and the stack of us-east-1'],
    ],
    ['no network', () => ({ vpc: undefined }), ['Neither vpc nor cluster']],
    [
      'two networks',
      ({ stack, vpc }) => ({ cluster: new Cluster(stack, 'Cluster', { vpc }) }),
      ['vpc and cluster are both given'],
    ],
    [
      'a network without public subnets, and one with nothing else',
      ({ stack, certificate }) => ({
        vpc: new Vpc(stack, 'Closed', {
          subnetConfiguration: [{ name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED }],
        }),
        publicLoadBalancer: true,
        certificate,
        domainName: 'a.example.com',
      }),
      ['the VPC has no public subnets', 'The VPC has no private subnets'],
    ],
    ['no routes', () => ({ routes: [] }), ['There is no route']],
    [
      'twin routes, and a path that the platform refuses',
      ({ endpoint }) => ({ routes: [{ endpoint }, { endpoint }, { endpoint, path: '/a b' }] }),
      ['Route 2 has the path and host of route 1', 'Route 3 is invalid'],
    ],
    [
      'endpoints of two regions',
      ({ stack, endpoint }) => ({
        routes: [
          { endpoint },
          {
            endpoint: BidiEndpoint.fromEndpointArn(stack, 'Far', `arn:aws:sagemaker:eu-west-1:${ACCOUNT}:endpoint/far`),
            path: '/far',
          },
        ],
      }),
      ['The endpoints are in us-east-1 and eu-west-1'],
    ],
    [
      'numbers',
      () => ({ cpu: 2048, minTasks: 0, maxTasks: 2.5, sessionsPerTask: 501, idleTimeout: Duration.hours(1) }),
      ['cpu is 2048', 'minTasks is 0', 'maxTasks is 2.5', 'sessionsPerTask is 501', 'idleTimeout is 3600 s'],
    ],
    ['fewer at most than at least', () => ({ minTasks: 5, maxTasks: 3 }), ['maxTasks is 3 and minTasks 5']],
    ['an origin with a path', () => ({ allowedOrigins: ['https://a.example.com/app'] }), ['is not one']],
    [
      'several faults',
      () => ({ publicLoadBalancer: true, vpc: undefined, routes: [], minTasks: 0 }),
      ['no certificate', 'Neither vpc nor cluster', 'no route', 'minTasks is 0'],
    ],
  ])('%s', (_, props, words) => {
    for (const sentence of words) expect(() => synthesize(props as never)).toThrow(sentence);
  });
});

test('a platform team changes its defaults', () => {
  const { template } = synthesize(({ stack }) => {
    PropertyInjectors.of(stack).add({
      constructUniqueId: BidiGatewayService.PROPERTY_INJECTION_ID,
      inject: (props: BidiGatewayServiceProps) => ({ minTasks: 4, ...props }),
    });
    return {};
  });
  template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 4 });
});

test('two stages of an app write figures of two names', () => {
  const app = newApp();
  const names = ['Beta', 'Production'].map(stage => {
    const stack = new Stack(app, `${stage}Speech`, { env: { account: ACCOUNT, region: 'us-east-1' } });
    const endpoint = BidiEndpoint.fromEndpointName(stack, 'Endpoint', 'speech');
    const gateway = new BidiGatewayService(stack, 'Gateway', {
      routes: [{ endpoint }],
      publicLoadBalancer: false,
      vpc: new Vpc(stack, 'Vpc'),
    });
    return gateway.metricOpenSessions().dimensions!.Gateway;
  });
  expect(names).toEqual(['BetaSpeech/Gateway', 'ProductionSpeech/Gateway']);
});
