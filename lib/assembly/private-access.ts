import { IntrinsicResolver, type NamedResource, type StackTemplate } from './intrinsic-resolver';
import { isObject, several } from './template';
import { localValue, type Value } from './value';

/** A VPC's interface endpoint of the SageMaker runtime, as a template describes it. */
export interface PrivateAccessDefinition {
  readonly logicalId: string;
  /** Whether the public name of the runtime leads to it within the VPC. */
  readonly privateDns: boolean;
  /** TCP port ranges that its security groups let in; `undefined` when one of the groups is outside this template. */
  readonly openPorts?: readonly (readonly [from: number, to: number])[];
}

/** Reads the interface endpoints of a template that lead to the SageMaker runtime. */
export function readPrivateAccess(stack: StackTemplate): PrivateAccessDefinition[] {
  const resolver = new IntrinsicResolver(stack);
  return resolver.resources('AWS::EC2::VPCEndpoint').flatMap(endpoint => {
    const { ServiceName, PrivateDnsEnabled } = resolver.properties(endpoint);
    if (!String(localValue(ServiceName as Value)).includes('.sagemaker.runtime')) return [];
    const groups = several(endpoint.definition.Properties?.SecurityGroupIds).map(group => resolver.target(group));
    return {
      logicalId: endpoint.logicalId,
      privateDns: String(localValue(PrivateDnsEnabled as Value)) === 'true',
      openPorts: groups.includes(undefined) ? undefined : groups.flatMap(group => openPorts(resolver, group!)),
    };
  });
}

function openPorts(resolver: IntrinsicResolver, group: NamedResource): [number, number][] {
  const own = several(resolver.properties(group).SecurityGroupIngress).filter(isObject);
  const added = resolver
    .resources('AWS::EC2::SecurityGroupIngress')
    .filter(({ definition }) => resolver.target(definition.Properties?.GroupId)?.logicalId === group.logicalId)
    .map(rule => resolver.properties(rule));
  return [...own, ...added].map(({ IpProtocol, FromPort, ToPort }) =>
    String(localValue(IpProtocol as Value)) === '-1'
      ? [0, 65_535]
      : [Number(localValue(FromPort as Value)), Number(localValue(ToPort as Value))],
  );
}
