import { Annotations, Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import { PARTITIONS, partitionOf } from '../contract';
import type { Violation } from './violations';

/** The violation of a region that belongs to no partition with bidirectional streaming. */
export function regionViolation(construct: Construct): Violation {
  const { region } = Stack.of(construct);
  if (Token.isUnresolved(region) || partitionOf(region)) return undefined;
  return `The stack's region "${region}" belongs to no partition with bidirectional streaming (${PARTITIONS.map(({ name }) => name).join(', ')}).`;
}

/** Warns of a region that this version of the CDK does not know: a new one, or a misspelt one. */
export function warnOfUnknownRegion(construct: Construct): void {
  const { region } = Stack.of(construct);
  if (Token.isUnresolved(region) || RegionInfo.regions.some(({ name }) => name === region)) return;
  Annotations.of(construct).addWarningV2(
    'sagemaker-bidi-kit:unknownRegion',
    `The stack's region "${region}" is not one that this version of aws-cdk-lib knows; check its spelling. It may also be newer than the version.`,
  );
}
