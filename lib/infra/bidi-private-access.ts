import { Stack } from 'aws-cdk-lib';
import {
  CfnVPCEndpoint,
  Connections,
  type IConnectable,
  type IInterfaceVpcEndpoint,
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
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import { Construct } from 'constructs';
import { INVOKE_ACTION, RUNTIME_PORT, STREAM_ACTION } from '../contract';
import { endpointArn } from './endpoint-arn';
import { throwIfInvalid } from './violations';

/** The network from which endpoints are reached, and the endpoints. */
export interface BidiPrivateAccessProps {
  /** The network from which they are reached. Its DNS support and DNS host names have to be on. */
  readonly vpc: IVpc;
  /**
   * Endpoints that may be reached. `addEndpoint` adds more.
   *
   * @default - none but what `onlyAddedEndpoints` leaves open
   */
  readonly endpoints?: readonly IEndpoint[];
  /**
   * Whether only added endpoints may be reached. Every other endpoint of the region can then not be reached from this VPC: all of
   * the VPC's requests to the SageMaker runtime come through this interface endpoint.
   *
   * @default false - every endpoint of the stack's account and region, and those that were added
   */
  readonly onlyAddedEndpoints?: boolean;
  /**
   * An interface endpoint for the SageMaker runtime that the VPC has already. Its security groups are opened; its policy stays as
   * it is and has to let the requests through.
   *
   * @default - a new one
   */
  readonly interfaceEndpoint?: IInterfaceVpcEndpoint;
  /**
   * Where the network interfaces go; one subnet in each zone. Not with an `interfaceEndpoint`.
   *
   * @default - the VPC's private subnets
   */
  readonly subnets?: SubnetSelection;
  /**
   * Clients that may connect.
   *
   * @default - every address of the VPC
   */
  readonly clients?: IPeer;
}

/**
 * A way from one VPC to SageMaker's runtime that does not leave the VPC: an interface endpoint with private DNS, so that clients
 * need no other URI. A VPC can have one of them, which serves all endpoints of the region.
 *
 * Its security group opens 443 and 8443, the port on which streams are opened. That the interface endpoint carries 8443 is
 * unverified: no page of AWS says so, and this kit has not measured it. Open a stream from the VPC before you rely on it.
 */
@propertyInjectable
export class BidiPrivateAccess extends Construct implements IConnectable {
  /** Name under which an `IPropertyInjector` changes the defaults of this construct. */
  static get PROPERTY_INJECTION_ID(): string {
    return 'sagemaker-bidi-kit.BidiPrivateAccess';
  }

  /** The VPC's interface endpoint for the SageMaker runtime. */
  readonly interfaceEndpoint: IInterfaceVpcEndpoint;
  /** Lets more clients in: `access.connections.allowDefaultPortFrom(service)`. */
  readonly connections: Connections;
  private readonly vpc: IVpc;
  private readonly ownInterfaceEndpoint?: InterfaceVpcEndpoint;
  private hasAddedEndpoints = false;

  /** @throws InvalidPropsError with every violation in the properties. */
  constructor(scope: Construct, id: string, props: BidiPrivateAccessProps) {
    super(scope, id);
    const { vpc, clients = Peer.ipv4(props.vpc.vpcCidrBlock), onlyAddedEndpoints = false } = props;
    throwIfInvalid(this.node.path, [
      props.interfaceEndpoint && props.subnets
        ? 'subnets means nothing with an interfaceEndpoint, which has its subnets already.'
        : undefined,
      props.interfaceEndpoint && onlyAddedEndpoints
        ? 'onlyAddedEndpoints means nothing with an interfaceEndpoint, whose policy stays as it is.'
        : undefined,
    ]);
    this.vpc = vpc;
    if (!props.interfaceEndpoint) this.ownInterfaceEndpoint = this.createInterfaceEndpoint(props);
    this.interfaceEndpoint = props.interfaceEndpoint ?? this.ownInterfaceEndpoint!;
    for (const endpoint of props.endpoints ?? []) this.addEndpoint(endpoint);
    const { securityGroups } = this.interfaceEndpoint.connections;
    this.connections = new Connections({ securityGroups, defaultPort: Port.tcp(RUNTIME_PORT) });
    for (const port of [Port.HTTPS, Port.tcp(RUNTIME_PORT)]) this.connections.allowFrom(clients, port);
    this.node.addValidation({
      validate: () => [
        ...this.clashes(),
        ...(onlyAddedEndpoints && !this.hasAddedEndpoints
          ? ['onlyAddedEndpoints is true and no endpoint was added; name endpoints, or call addEndpoint.']
          : []),
      ],
    });
  }

  /** Lets requests to one more endpoint through. Needed for endpoints of other accounts, or with `onlyAddedEndpoints`. */
  addEndpoint(endpoint: IEndpoint): void {
    this.hasAddedEndpoints = true;
    this.ownInterfaceEndpoint?.addToPolicy(allow([STREAM_ACTION, INVOKE_ACTION], endpoint.endpointRef.endpointArn));
  }

  private createInterfaceEndpoint(props: BidiPrivateAccessProps): InterfaceVpcEndpoint {
    const { vpc, subnets, onlyAddedEndpoints = false } = props;
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: `Clients of the SageMaker runtime at ${this.node.path}`,
      allowAllOutbound: false,
    });
    const interfaceEndpoint = new InterfaceVpcEndpoint(this, 'Runtime', {
      vpc,
      service: InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
      privateDnsEnabled: true,
      subnets,
      securityGroups: [securityGroup],
      open: false,
    });
    if (!onlyAddedEndpoints) {
      // Every kind of invocation, so that no other endpoint of the account is cut off.
      interfaceEndpoint.addToPolicy(allow(['sagemaker:InvokeEndpoint*'], endpointArn(Stack.of(this), '*')));
    }
    return interfaceEndpoint;
  }

  /** A VPC has one private DNS name of a service: EC2 refuses a second interface endpoint that asks for it. */
  private clashes(): string[] {
    const others = this.node.root.node
      .findAll()
      .filter(CfnVPCEndpoint.isCfnVPCEndpoint)
      .filter(other => other !== this.interfaceEndpoint.node.defaultChild)
      .filter(other => {
        const serviceName = JSON.stringify(other.stack.resolve(other.serviceName));
        return (
          other.vpcId === this.vpc.vpcId &&
          other.privateDnsEnabled === true &&
          serviceName.includes('.sagemaker.runtime')
        );
      });
    return others.map(
      other =>
        `${other.node.path} is a second interface endpoint for the SageMaker runtime with private DNS in this VPC, which EC2 refuses. Share one: call addEndpoint on it, or pass it as interfaceEndpoint.`,
    );
  }
}

/** For any principal, because an endpoint policy only narrows: callers still need the action in a policy of their own. */
function allow(actions: string[], resource: string): PolicyStatement {
  return new PolicyStatement({ principals: [new AnyPrincipal()], actions, resources: [resource] });
}
