import type { Duration } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IPeer, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { CpuArchitecture, ICluster } from 'aws-cdk-lib/aws-ecs';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Route } from '../contract';
import type { IBidiEndpoint } from './bidi-endpoint-base';

/** Which WebSockets of a gateway go to which endpoint. */
export interface GatewayRouteProps extends Omit<Route, 'endpointName'> {
  /** The endpoint. The gateway is allowed to stream to it. */
  readonly endpoint: IBidiEndpoint;
}

/** How a gateway runs in AWS. */
export interface BidiGatewayServiceProps {
  /** Which WebSockets go to which endpoint: at least one route. All endpoints are in one region. */
  readonly routes: readonly GatewayRouteProps[];
  /**
   * Whether the load balancer can be reached from the internet. There is no default: every session is billed to this account, so who
   * can reach the gateway is a decision. `true` needs a `certificate`.
   */
  readonly publicLoadBalancer: boolean;
  /**
   * Network of the tasks. They need a way out to the SageMaker runtime on port 8443, to ECR, Secrets Manager and CloudWatch Logs: a NAT
   * gateway, or interface endpoints. Either this or a `cluster`.
   *
   * @default - the network of `cluster`
   */
  readonly vpc?: IVpc;
  /**
   * Cluster to run in. Either this or a `vpc`.
   *
   * @default - a new cluster in `vpc`, with Container Insights
   */
  readonly cluster?: ICluster;
  /**
   * Certificate of `domainName`, in the region of the stack. Clients then connect by `wss://` on port 443. Without one an internal load
   * balancer takes `ws://` on port 80, and the token crosses the network as it is.
   *
   * @default - none; refused where the load balancer is public
   */
  readonly certificate?: ICertificate;
  /**
   * Name under which clients reach the gateway, such as `speech.example.com`. Needed with a `certificate`: clients compare both.
   *
   * @default - the load balancer's own name
   */
  readonly domainName?: string;
  /**
   * Zone in which `domainName` is pointed at the load balancer.
   *
   * @default - none; point the name at the load balancer yourself
   */
  readonly domainZone?: IHostedZone;
  /**
   * Secret with the clients' tokens, one a line, each of at least 16 characters. A change reaches the tasks when they are replaced.
   *
   * @default - a new secret with one token of 48 letters and digits, which is deleted with the service
   */
  readonly tokenSecret?: ISecret;
  /**
   * Addresses that may connect.
   *
   * @default - any IPv4 address where the load balancer is public, else those of the VPC
   */
  readonly clients?: readonly IPeer[];
  /**
   * Origins of the web pages that may stream, such as `https://app.example.com`.
   *
   * @default - none: no web page, only programs
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Subnets of the load balancer, in at least two zones.
   *
   * @default - the VPC's public subnets where the load balancer is public, else its private ones
   */
  readonly loadBalancerSubnets?: SubnetSelection;
  /**
   * Subnets of the tasks.
   *
   * @default - the VPC's private subnets
   */
  readonly taskSubnets?: SubnetSelection;
  /**
   * CPU of a task, in units of 1/1024 of a virtual CPU: 256, 512 or 1024. The gateway is one process, which uses no more than one. A task
   * has two mebibytes of memory for each unit.
   *
   * @default 1024
   */
  readonly cpu?: number;
  /**
   * Processor of the tasks. The image holds no native code of its own, so either can be built on any machine.
   *
   * @default CpuArchitecture.X86_64
   */
  readonly cpuArchitecture?: CpuArchitecture;
  /**
   * Fewest tasks: 1 to 1000. With one, a task that ends takes all sessions with it.
   *
   * @default 2
   */
  readonly minTasks?: number;
  /**
   * Most tasks: `minTasks` to 1000.
   *
   * @default 10
   */
  readonly maxTasks?: number;
  /**
   * Open sessions of one task that scaling aims at, on average: 1 to 500. A task takes twice as many, then it refuses with HTTP 503.
   *
   * @default 200
   */
  readonly sessionsPerTask?: number;
  /**
   * Silence in both directions after which a session is closed with the code 1008: whole seconds, 1 s to 30 min.
   *
   * @default Duration.minutes(5)
   */
  readonly idleTimeout?: Duration;
  /**
   * Log group of the gateway: one line a session, one line of figures a minute. Never payload, token or query.
   *
   * @default - a new one, kept for a month and deleted with the service
   */
  readonly logGroup?: ILogGroup;
  /**
   * Topic that the alarms notify, when they go off and when they are over.
   *
   * @default - none
   */
  readonly alarmTopic?: ITopic;
}
