import { Annotations, CfnOutput, CfnParameter, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { FlowLogDestination, type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { CfnLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type GatewayDialect, GatewayStackOutput } from '../contract';
import { acknowledgeCompliance } from './acknowledgement';
import { BidiEndpoint } from './bidi-endpoint';
import { BidiGatewayService } from './bidi-gateway-service';
import { throwIfInvalid } from './violations';
import { lookUpVpc, vpcIdViolation } from './vpc-lookup';

/** Properties of the gateway's stack. The app's context sets each of them. */
export interface GatewayStackProps extends StackProps {
  /**
   * Name of the endpoint in the stack's account and region, of this app or another. @default - a CloudFormation parameter, without which
   * the stack cannot be deployed
   */
  readonly endpointName?: string;
  /**
   * Whether the load balancer can be reached from the internet; has to be said where `endpointName` is. @default - a CloudFormation
   * parameter that has to say `internal`
   */
  readonly publicLoadBalancer?: boolean;
  /** ARN of the certificate of `domainName`, in the stack's region. @default - none; the load balancer is internal and takes `ws://` */
  readonly certificateArn?: string;
  /** Name under which clients reach the gateway. @default - the load balancer's own */
  readonly domainName?: string;
  /** Id of the zone in Route 53 in which `domainName` is pointed at the load balancer. @default - none; point it yourself */
  readonly hostedZoneId?: string;
  /** Name of the secret with the clients' tokens, one a line. @default - a new one with one token */
  readonly tokenSecret?: string;
  /** Origins of the web pages that may stream. @default - none */
  readonly allowedOrigins?: readonly string[];
  /** Protocol of the clients, where the gateway is to know it. @default - any: every frame passes as it is */
  readonly dialect?: GatewayDialect;
  /** Name under which vLLM serves its model, with the dialect `openai`. @default /opt/ml/model */
  readonly servedModelName?: string;
  /** vLLM's `--max-model-len`, with the dialect `openai`. @default - not known */
  readonly maxModelLen?: number;
  /** Id of the VPC to run in. @default - a new one of two zones, with one NAT gateway */
  readonly vpcId?: string;
  /** Fewest tasks. @default 2 */
  readonly minTasks?: number;
  /** Most tasks. @default 10 */
  readonly maxTasks?: number;
  /** Open sessions of one task that scaling aims at. @default 200 */
  readonly sessionsPerTask?: number;
  /** ARN of an SNS topic that the alarms notify. @default - none */
  readonly alarmTopicArn?: string;
  /** How long the gateway's log is kept. @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

/** A gateway in front of one endpoint, as a service on Fargate. */
export class GatewayStack extends Stack {
  /** The gateway. */
  readonly gateway: BidiGatewayService;

  /** @throws InvalidPropsError with every violation. */
  constructor(scope: Construct, id: string, props: GatewayStackProps = {}) {
    super(scope, id, { description: 'WebSocket clients on SageMaker bidirectional streams', ...props });
    throwIfInvalid(this.node.path, [vpcIdViolation(this, props.vpcId)]);
    const { endpointName = this.endpointParameter(), certificateArn, hostedZoneId, tokenSecret, alarmTopicArn } = props;
    const isUndecided = props.endpointName === undefined && props.publicLoadBalancer === undefined;
    const logGroup = this.createLogGroup('Logs', props.logRetention);
    this.gateway = new BidiGatewayService(this, 'Gateway', {
      routes: [
        {
          endpoint: BidiEndpoint.fromEndpointName(this, 'Endpoint', endpointName),
          dialect: props.dialect,
          model: props.servedModelName,
          maxModelLen: props.maxModelLen,
        },
      ],
      publicLoadBalancer: isUndecided ? false : props.publicLoadBalancer!,
      vpc: props.vpcId === undefined ? this.createVpc(props) : lookUpVpc(this, props.vpcId),
      certificate: certificateArn ? Certificate.fromCertificateArn(this, 'Certificate', certificateArn) : undefined,
      domainName: props.domainName,
      domainZone: hostedZoneId
        ? // The zone's own name is a parent of the domain, and nothing here asks which.
          HostedZone.fromHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName: props.domainName ?? '' })
        : undefined,
      tokenSecret: tokenSecret ? Secret.fromSecretNameV2(this, 'Token', tokenSecret) : undefined,
      allowedOrigins: props.allowedOrigins,
      minTasks: props.minTasks,
      maxTasks: props.maxTasks,
      sessionsPerTask: props.sessionsPerTask,
      alarmTopic: alarmTopicArn ? Topic.fromTopicArn(this, 'AlarmTopic', alarmTopicArn) : undefined,
      logGroup,
    });
    if (isUndecided) this.askForScheme();
    this.acknowledgeFindings(props);
    this.writeOutputs();
  }

  /** Without a default, so that the stack can be synthesized and not deployed without an endpoint. */
  private endpointParameter(): string {
    Annotations.of(this).addWarningV2(
      'sagemaker-bidi-kit:noEndpoint',
      `${this.node.id} needs the name of an endpoint to be deployed, and whether the internet may reach it: ` +
        `npx cdk deploy ${this.node.id} -c endpointName=NAME -c publicLoadBalancer=false [-c vpcId=vpc-...], or ` +
        '-c publicLoadBalancer=true -c certificateArn=ARN -c domainName=speech.example.com [-c hostedZoneId=Z...]',
    );
    return new CfnParameter(this, 'EndpointName', {
      description: 'Name of the endpoint in this account and region',
      // In lower case, as ARNs have it: a value that is known only at deployment cannot be converted.
      allowedPattern: '[a-z0-9](-*[a-z0-9]){0,62}',
    }).valueAsString;
  }

  /** A deployment without the context key has to name the scheme, too. */
  private askForScheme(): void {
    const parameter = new CfnParameter(this, 'LoadBalancerScheme', {
      description: 'Say "internal", or synthesize with -c publicLoadBalancer=true',
      allowedValues: ['internal'],
    });
    (this.gateway.loadBalancer.node.defaultChild as CfnLoadBalancer).scheme = parameter.valueAsString;
  }

  private createLogGroup(id: string, retention = RetentionDays.ONE_MONTH): LogGroup {
    return new LogGroup(this, id, { retention, removalPolicy: RemovalPolicy.DESTROY });
  }

  private createVpc({ logRetention }: GatewayStackProps): IVpc {
    const flowLogs = this.createLogGroup('FlowLogs', logRetention);
    return new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 1,
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      ],
      // Everything in it has a group of its own; closing the default one takes a function with rights on security groups.
      restrictDefaultSecurityGroup: false,
      flowLogs: { All: { destination: FlowLogDestination.toCloudWatchLogs(flowLogs) } },
    });
  }

  private acknowledgeFindings({ alarmTopicArn, vpcId }: GatewayStackProps): void {
    const { loadBalancer, tokenSecret } = this.gateway;
    const logging =
      'Its access log would hold the queries of the clients, and with them key terms and tags; the gateway writes one line a session without them. loadBalancer.logAccessLogs(bucket) turns it on.';
    Validations.of(loadBalancer).acknowledge({ id: 'AwsSolutions-ELB2', reason: logging });
    acknowledgeCompliance(loadBalancer, 'ELBLoggingEnabled', logging);
    acknowledgeCompliance(
      loadBalancer,
      'ALBWAFEnabled',
      'The gateway serves no client without a token and bounds what each client may hold; a web ACL of the account can be attached to it.',
    );
    acknowledgeCompliance(
      loadBalancer,
      'ELBDeletionProtectionEnabled',
      'It holds no data, and cdk destroy has to remove it; loadBalancer.setAttribute turns the protection on.',
    );
    const rotation =
      'Clients hold the token, so it changes only together with them: both tokens stand in the secret, one a line, until the last client has the new one.';
    Validations.of(tokenSecret).acknowledge({ id: 'AwsSolutions-SMG4', reason: rotation });
    acknowledgeCompliance(tokenSecret, 'SecretsManagerRotationEnabled', rotation);
    acknowledgeCompliance(
      tokenSecret,
      'SecretsManagerUsingKMSKey',
      'Secrets Manager encrypts it with the key of the account; tokenSecret takes a secret with a key of the customer.',
    );
    acknowledgeCompliance(
      this,
      'CloudWatchLogGroupEncrypted',
      'CloudWatch Logs encrypts the groups with a key of its own, and the gateway logs no payload, no query and no token.',
    );
    if (!alarmTopicArn) {
      acknowledgeCompliance(
        this.gateway,
        'CloudWatchAlarmAction',
        'No topic is given; the alarms show in CloudWatch. The context key alarmTopicArn names a topic.',
      );
    }
    if (vpcId === undefined) this.acknowledgeVpc();
  }

  private acknowledgeVpc(): void {
    acknowledgeCompliance(
      this,
      'VPCDefaultSecurityGroupClosed',
      'Nothing is in the default group: load balancer and tasks have groups of their own with the ports that they need.',
    );
    acknowledgeCompliance(
      this,
      'VPCNoUnrestrictedRouteToIGW',
      'The NAT gateway, and a load balancer with publicLoadBalancer=true, need the way to the internet; tasks have none of their own.',
    );
    acknowledgeCompliance(
      this,
      'IAMNoInlinePolicy',
      'Each policy belongs to one role, is of no use to another, and has to go when the role goes.',
    );
  }

  private writeOutputs(): void {
    const { url, loadBalancer, tokenSecret, logGroup } = this.gateway;
    const token = `$(aws secretsmanager get-secret-value --secret-id ${tokenSecret.secretArn} --region ${this.region} --query SecretString --output text)`;
    const outputs: [key: string, value: string, description: string][] = [
      [GatewayStackOutput.URL, url, 'Where clients open WebSockets'],
      [
        GatewayStackOutput.LOAD_BALANCER_DNS_NAME,
        loadBalancer.loadBalancerDnsName,
        'Load balancer, to which the domain name points',
      ],
      [GatewayStackOutput.TOKEN_SECRET_ARN, tokenSecret.secretArn, "Secret that holds the clients' tokens"],
      [GatewayStackOutput.LOG_GROUP_NAME, logGroup.logGroupName, 'Log group of the gateway'],
      [GatewayStackOutput.TRY_IT, `npx wscat -c ${url} -H "Authorization: Bearer ${token}"`, 'A first WebSocket'],
    ];
    for (const [key, value, description] of outputs) new CfnOutput(this, key, { value, description });
  }
}
