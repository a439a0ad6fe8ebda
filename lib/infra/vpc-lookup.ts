import { type Stack, Token } from 'aws-cdk-lib';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Violation } from './violations';

/** The violation in the id of a VPC, if any: the CDK can look it up only where account and region of the stack are known. */
export function vpcIdViolation(stack: Stack, vpcId: string | undefined): Violation {
  const unknownPlace = Token.isUnresolved(stack.account) || Token.isUnresolved(stack.region);
  return vpcId && unknownPlace
    ? `vpcId ${vpcId} can only be looked up in a known account and region; sign in (aws sts get-caller-identity must work) or give the stack an env.`
    : undefined;
}

/** The VPC of an id. */
export function lookUpVpc(stack: Stack, vpcId: string): IVpc {
  return Vpc.fromLookup(stack, 'Vpc', { vpcId });
}
