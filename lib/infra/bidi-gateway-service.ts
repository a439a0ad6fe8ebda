import { Annotations, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type Alarm, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import {
  type Connections,
  type IConnectable,
  type IPeer,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import {
  AwsLogDriverMode,
  type CfnService,
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  Secret as EcsSecret,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  SslPolicy,
  TargetGroupLoadBalancingAlgorithmType,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ARecord, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import { Construct } from 'constructs';
import {
  GATEWAY_DIMENSION,
  GATEWAY_NAMESPACE,
  GATEWAY_OPERATIONS_PORT,
  GATEWAY_PORT,
  GATEWAY_READY_PATH,
  GATEWAY_TOKEN_VARIABLE,
  GatewayMetric,
  RUNTIME_PORT,
} from '../contract';
import { acknowledgeCompliance } from './acknowledgement';
import type { BidiGatewayServiceProps } from './bidi-gateway-service-props';
import { gatewayAlarms } from './gateway-alarms';
import { gatewayImage } from './gateway-image';
import { gatewayViolations } from './gateway-violations';
import { allowAlarmNotifications } from './service-access';
import { throwIfInvalid } from './violations';

/**
 * Longer than any stream: the platform ends one after 30 minutes. The load balancer cuts no silent session, since the gateway pings it
 * and knows its own idle timeout, and a task that is to go keeps its sessions until they end.
 */
const BEYOND_EVERY_STREAM = Duration.minutes(31);

/** Longest that Fargate waits between SIGTERM and SIGKILL. Source: Amazon ECS API reference, ContainerDefinition `stopTimeout`. */
const STOP_TIMEOUT = Duration.seconds(120);

/** Time that sessions have after SIGTERM: what is left is for their closing handshakes. */
const DRAIN_SECONDS = 110;

/** A task takes so many times the sessions that scaling aims at, until more tasks are there. */
const HEADROOM = 2;

/**
 * The gateway as a service on Fargate behind an application load balancer: WebSocket clients of any language stream to SageMaker
 * endpoints by a URL and a token.
 *
 * The tasks' role may open streams to the endpoints of the routes, and nothing else. They scale with their open sessions, which each
 * writes into its log once a minute in CloudWatch's embedded metric format.
 *
 * When a deployment or scaling takes a task away, Amazon ECS first takes it out of the load balancer, which leaves its sessions 31
 * minutes to end. A task that is stopped in another way, such as by a retirement of its host, has 120 seconds, the most that Fargate gives:
 * sessions that are still open then are closed with the code 1012, upon which clients connect again.
 */
@propertyInjectable
export class BidiGatewayService extends Construct implements IConnectable {
  /** Name under which an `IPropertyInjector` changes the defaults of this construct. */
  static get PROPERTY_INJECTION_ID(): string {
    return 'sagemaker-bidi-kit.BidiGatewayService';
  }

  /** Where clients open WebSockets: `wss://` and the domain name, or `ws://` and the load balancer's name. */
  readonly url: string;
  /** The load balancer. */
  readonly loadBalancer: ApplicationLoadBalancer;
  /** The tasks that the load balancer knows. */
  readonly targetGroup: ApplicationTargetGroup;
  /** The service. */
  readonly service: FargateService;
  /** The secret with the clients' tokens. */
  readonly tokenSecret: ISecret;
  /** Log group of the gateway. */
  readonly logGroup: ILogGroup;
  /** Every alarm. */
  readonly alarms: readonly Alarm[];
  /** Lets more clients in: `gateway.connections.allowDefaultPortFrom(application)`. */
  readonly connections: Connections;
  /** Value of the dimension of the gateway's figures. */
  private readonly gatewayName: string;

  /** @throws InvalidPropsError with every violation. */
  constructor(scope: Construct, id: string, props: BidiGatewayServiceProps) {
    super(scope, id);
    throwIfInvalid(this.node.path, gatewayViolations(props, Stack.of(this).region));
    this.warnWithoutTls(props);
    this.gatewayName = this.nameInAccount();
    const cluster = props.cluster ?? this.createCluster(props.vpc!);
    const { sessionsPerTask = 200 } = props;
    this.tokenSecret = props.tokenSecret ?? this.createToken();
    this.logGroup =
      props.logGroup ??
      new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    this.service = this.createService(cluster, props, sessionsPerTask * HEADROOM);
    this.loadBalancer = this.createLoadBalancer(cluster.vpc, props);
    this.targetGroup = this.createTargetGroup(cluster.vpc);
    this.connections = this.listen(props, cluster.vpc);
    this.url = this.pointDomain(props);
    this.scale(props, sessionsPerTask);
    this.alarms = this.createAlarms(props, sessionsPerTask * HEADROOM);
    this.acknowledgeFindings();
  }

  /**
   * A figure of the gateway. The statistic is over its tasks, each of which writes one value a minute.
   *
   * @param metricName one of `OpenSessions`, `OpenedSessions`, `FailedOpens`, `BrokenSessions`
   * @default - sum over 5 minutes
   */
  metric(metricName: string, options?: MetricOptions): Metric {
    return new Metric({
      namespace: GATEWAY_NAMESPACE,
      metricName,
      dimensionsMap: { [GATEWAY_DIMENSION]: this.gatewayName },
      statistic: Stats.SUM,
      ...options,
    }).attachTo(this);
  }

  /**
   * Most open sessions of a task in a minute.
   *
   * @default - average of the tasks over 5 minutes
   */
  metricOpenSessions(options?: MetricOptions): Metric {
    return this.metric(GatewayMetric.OPEN_SESSIONS, { statistic: Stats.AVERAGE, ...options });
  }

  /**
   * Sessions that were opened.
   *
   * @default - sum over 5 minutes
   */
  metricOpenedSessions(options?: MetricOptions): Metric {
    return this.metric(GatewayMetric.OPENED_SESSIONS, options);
  }

  /**
   * WebSockets that were refused because endpoint, platform or gateway could not serve them (HTTP 500 and above).
   *
   * @default - sum over 5 minutes
   */
  metricFailedOpens(options?: MetricOptions): Metric {
    return this.metric(GatewayMetric.FAILED_OPENS, options);
  }

  /**
   * Sessions that ended with an error.
   *
   * @default - sum over 5 minutes
   */
  metricBrokenSessions(options?: MetricOptions): Metric {
    return this.metric(GatewayMetric.BROKEN_SESSIONS, options);
  }

  private warnWithoutTls({ certificate }: BidiGatewayServiceProps): void {
    if (certificate) return;
    Annotations.of(this).addWarningV2(
      'sagemaker-bidi-kit:gatewayWithoutTls',
      `${this.node.path} has no certificate: tokens and audio cross the VPC as they are. Give a certificate and its domainName.`,
    );
  }

  /** Unlike the path, the name of the stack is another in each deployment of one app. */
  private nameInAccount(): string {
    const stack = Stack.of(this);
    const inStack = this.node.scopes.slice(stack.node.scopes.length).map(({ node }) => node.id);
    return [stack.stackName, ...inStack].join('/');
  }

  private createCluster(vpc: IVpc): ICluster {
    return new Cluster(this, 'Cluster', { vpc, containerInsightsV2: ContainerInsights.ENABLED });
  }

  private createToken(): ISecret {
    return new Secret(this, 'Token', {
      description: `Token of the clients of ${this.node.path}`,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
  }

  private createService(cluster: ICluster, props: BidiGatewayServiceProps, maxSessions: number): FargateService {
    const { cpu = 1024, cpuArchitecture = CpuArchitecture.X86_64 } = props;
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu,
      memoryLimitMiB: 2 * cpu,
      runtimePlatform: { cpuArchitecture, operatingSystemFamily: OperatingSystemFamily.LINUX },
    });
    const endpoints = [...new Set(props.routes.map(({ endpoint }) => endpoint))];
    for (const endpoint of endpoints) endpoint.grantInvoke(task.taskRole);
    task.addContainer('Gateway', {
      image: ContainerImage.fromDockerImageAsset(gatewayImage(this, 'Image', cpuArchitecture)),
      command: this.commandOf(props, maxSessions),
      secrets: { [GATEWAY_TOKEN_VARIABLE]: EcsSecret.fromSecretsManager(this.tokenSecret) },
      // Where CloudWatch Logs cannot be reached, lines are lost and sessions go on.
      logging: LogDrivers.awsLogs({
        logGroup: this.logGroup,
        streamPrefix: 'gateway',
        mode: AwsLogDriverMode.NON_BLOCKING,
      }),
      portMappings: [{ containerPort: GATEWAY_PORT }, { containerPort: GATEWAY_OPERATIONS_PORT }],
      readonlyRootFilesystem: true,
      stopTimeout: STOP_TIMEOUT,
    });
    const service = new FargateService(this, 'Service', {
      cluster,
      taskDefinition: task,
      vpcSubnets: props.taskSubnets,
      securityGroups: [this.createTaskSecurityGroup(cluster.vpc)],
      assignPublicIp: false,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      // A task that ends at once, as with a wrong endpoint name, ends the deployment instead of repeating for hours.
      circuitBreaker: { enable: true, rollback: true },
      healthCheckGracePeriod: Duration.minutes(1),
    });
    // Scaling owns the number of tasks: a deployment must not set it back.
    (service.node.defaultChild as CfnService).desiredCount = undefined;
    service.node.addDependency(...endpoints);
    return service;
  }

  /** The options of `bidi gateway`; the image adds address and ports. */
  private commandOf(props: BidiGatewayServiceProps, maxSessions: number): string[] {
    const routes = props.routes.map(({ endpoint, ...route }) => ({ endpointName: endpoint.endpointName, ...route }));
    const { allowedOrigins = [], idleTimeout = Duration.minutes(5) } = props;
    return [
      '--routes',
      Stack.of(this).toJsonString(routes),
      '--region',
      props.routes[0]!.endpoint.env.region,
      '--trust-proxy',
      ...allowedOrigins.flatMap(origin => ['--allow-origin', origin]),
      '--max-sessions',
      String(maxSessions),
      '--idle-timeout',
      String(idleTimeout.toSeconds()),
      '--drain',
      String(DRAIN_SECONDS),
      '--json',
      '--embedded-metrics',
      this.gatewayName,
    ];
  }

  private createTaskSecurityGroup(vpc: IVpc): SecurityGroup {
    const securityGroup = new SecurityGroup(this, 'TaskSecurityGroup', {
      vpc,
      description: `Tasks of ${this.node.path}`,
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(RUNTIME_PORT), 'Streams of the SageMaker runtime');
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'Image, secret and log');
    return securityGroup;
  }

  private createLoadBalancer(vpc: IVpc, props: BidiGatewayServiceProps): ApplicationLoadBalancer {
    return new ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      vpcSubnets: props.loadBalancerSubnets,
      internetFacing: props.publicLoadBalancer,
      idleTimeout: BEYOND_EVERY_STREAM,
      dropInvalidHeaderFields: true,
    });
  }

  private createTargetGroup(vpc: IVpc): ApplicationTargetGroup {
    const targetGroup = new ApplicationTargetGroup(this, 'Tasks', {
      vpc,
      port: GATEWAY_PORT,
      protocol: ApplicationProtocol.HTTP,
      targetType: TargetType.IP,
      targets: [this.service.loadBalancerTarget({ containerName: 'Gateway', containerPort: GATEWAY_PORT })],
      deregistrationDelay: BEYOND_EVERY_STREAM,
      // Sessions last for minutes: in turns, a new task would stay behind for as long.
      loadBalancingAlgorithmType: TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: GATEWAY_READY_PATH,
        port: String(GATEWAY_OPERATIONS_PORT),
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
    });
    this.service.connections.allowFrom(this.loadBalancer, Port.tcp(GATEWAY_OPERATIONS_PORT), 'Health checks');
    return targetGroup;
  }

  private listen(props: BidiGatewayServiceProps, vpc: IVpc): Connections {
    const { certificate } = props;
    const port = certificate ? 443 : 80;
    const listener = this.loadBalancer.addListener('Listener', {
      port,
      protocol: certificate ? ApplicationProtocol.HTTPS : ApplicationProtocol.HTTP,
      certificates: certificate && [certificate],
      sslPolicy: certificate && SslPolicy.RECOMMENDED_TLS,
      open: false,
      defaultTargetGroups: [this.targetGroup],
    });
    for (const client of props.clients ?? defaultClients(props, vpc)) {
      listener.connections.allowDefaultPortFrom(client, 'Clients');
    }
    return listener.connections;
  }

  private pointDomain({ certificate, domainName, domainZone }: BidiGatewayServiceProps): string {
    if (domainName !== undefined && domainZone) {
      const target = RecordTarget.fromAlias(new LoadBalancerTarget(this.loadBalancer));
      new ARecord(this, 'Domain', { zone: domainZone, recordName: domainName, target });
    }
    return `${certificate ? 'wss' : 'ws'}://${domainName ?? this.loadBalancer.loadBalancerDnsName}`;
  }

  private scale({ minTasks = 2, maxTasks = 10 }: BidiGatewayServiceProps, sessionsPerTask: number): void {
    this.service
      .autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: maxTasks })
      .scaleToTrackCustomMetric('OpenSessions', {
        metric: this.metricOpenSessions({ period: Duration.minutes(1) }),
        targetValue: sessionsPerTask,
        scaleOutCooldown: Duration.minutes(1),
        scaleInCooldown: Duration.minutes(5),
      });
  }

  /** Findings that a user of this construct cannot change. */
  private acknowledgeFindings(): void {
    Validations.of(this.service.taskDefinition).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ecr:GetAuthorizationToken, with which Amazon ECS pulls the image, knows no resources.',
    });
    acknowledgeCompliance(
      this.service.taskDefinition,
      'IAMNoInlinePolicy',
      'Each policy belongs to one role of the task, is of no use to another, and has to go when the role goes.',
    );
    Validations.of(this.loadBalancer).acknowledge({
      id: 'AwsSolutions-EC23',
      reason:
        'Who may connect is a decision of the caller: publicLoadBalancer has no default, and every WebSocket needs a token.',
    });
  }

  private createAlarms({ alarmTopic }: BidiGatewayServiceProps, maxSessions: number): readonly Alarm[] {
    const metrics = {
      readyTasks: this.targetGroup.metrics.healthyHostCount(),
      openSessions: this.metricOpenSessions(),
      openedSessions: this.metricOpenedSessions(),
      failedOpens: this.metricFailedOpens(),
      brokenSessions: this.metricBrokenSessions(),
      cpuUtilization: this.service.metricCpuUtilization(),
    };
    const alarms = gatewayAlarms(new Construct(this, 'Alarms'), metrics, maxSessions);
    if (!alarmTopic) return alarms;
    allowAlarmNotifications(this, alarmTopic);
    const action = new SnsAction(alarmTopic);
    for (const alarm of alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
    return alarms;
  }
}

function defaultClients({ publicLoadBalancer }: BidiGatewayServiceProps, vpc: IVpc): readonly IPeer[] {
  return [publicLoadBalancer ? Peer.anyIpv4() : Peer.ipv4(vpc.vpcCidrBlock)];
}
