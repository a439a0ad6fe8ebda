import {
  Connections,
  type IConnectable,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  type IPeer,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import { INVOKE_ACTION, RUNTIME_PORT, STREAM_ACTION } from '../contract';

/** Which endpoint is reached from which network. */
export interface BidiPrivateAccessProps {
  /** The one endpoint that may be reached. */
  readonly endpoint: IEndpoint;
  /** The network from which it is reached. Its DNS support and DNS host names have to be on. */
  readonly vpc: IVpc;
  /**
   * Where the network interfaces go; one subnet in each zone.
   *
   * @default - the VPC's private subnets
   */
  readonly subnets?: SubnetSelection;
  /**
   * Who may connect.
   *
   * @default - every address of the VPC
   */
  readonly clients?: IPeer;
}

/**
 * A way to one endpoint that does not leave the VPC: an interface endpoint for the SageMaker runtime with private DNS, so that
 * clients need no other URI.
 *
 * Its security group opens 443 and 8443. The second is the port on which streams are opened; without it they hang.
 */
export class BidiPrivateAccess extends Construct implements IConnectable {
  /** The VPC's interface endpoint for the SageMaker runtime. Its policy lets streams and invocations of the one endpoint through. */
  readonly interfaceEndpoint: InterfaceVpcEndpoint;
  /** Lets more clients in: `access.connections.allowDefaultPortFrom(service)`. */
  readonly connections: Connections;

  constructor(scope: Construct, id: string, { endpoint, vpc, subnets, clients }: BidiPrivateAccessProps) {
    super(scope, id);
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: `Streams to ${endpoint.node.path}`,
      allowAllOutbound: false,
    });
    for (const port of [Port.HTTPS, Port.tcp(RUNTIME_PORT)]) {
      securityGroup.addIngressRule(clients ?? Peer.ipv4(vpc.vpcCidrBlock), port);
    }
    this.connections = new Connections({ securityGroups: [securityGroup], defaultPort: Port.tcp(RUNTIME_PORT) });

    this.interfaceEndpoint = new InterfaceVpcEndpoint(this, 'Runtime', {
      vpc,
      service: InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
      privateDnsEnabled: true,
      subnets,
      securityGroups: [securityGroup],
      open: false,
    });
    this.interfaceEndpoint.addToPolicy(
      // Anybody, because this policy only narrows: callers still need the action in a policy of their own.
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: [STREAM_ACTION, INVOKE_ACTION],
        resources: [endpoint.endpointArn],
      }),
    );
  }
}
