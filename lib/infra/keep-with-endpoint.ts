import { CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import { CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import type { IConstruct } from 'constructs';

/** Keeps what an endpoint runs on for as long as the endpoint's removal policy keeps the endpoint. */
export function keepWithEndpoint(scope: IConstruct, removalPolicy: RemovalPolicy): void {
  if (removalPolicy === RemovalPolicy.DESTROY) return;
  for (const resource of scope.node.findAll().filter(CfnResource.isCfnResource)) {
    // Not when it is replaced: an update would leave the configuration and model of every version behind.
    resource.applyRemovalPolicy(removalPolicy, { applyToUpdateReplacePolicy: resource instanceof CfnEndpoint });
  }
}
