import { Annotations, CfnParameter, type Stack } from 'aws-cdk-lib';
import { MODEL_PACKAGE_ARN_PATTERN } from '../contract';

/**
 * The ARN of a stack's model package where none is given: a CloudFormation parameter without default, and a warning that says where
 * the ARN is found. So the stack can be synthesized and run on this machine, and cannot be deployed without an ARN.
 *
 * @param listing what is sold on AWS Marketplace, such as `a Deepgram model package`.
 */
export function modelPackageParameter(stack: Stack, listing: string): string {
  Annotations.of(stack).addWarningV2(
    'sagemaker-bidi-kit:noModelPackage',
    `${stack.node.id} needs the ARN of ${listing} to be deployed, and none is given. ` +
      'ARNs differ by region and version. Subscribe to the listing on AWS Marketplace, copy the "Product ARN" of your region ' +
      '(Manage subscriptions > the product > Launch or Configure) and pass it: ' +
      `npx cdk deploy ${stack.node.id} -c modelPackageArn=arn:aws:sagemaker:REGION:ACCOUNT:model-package/NAME`,
  );
  return new CfnParameter(stack, 'ModelPackageArn', {
    description: `ARN of ${listing} in this region, from the subscription on AWS Marketplace`,
    allowedPattern: MODEL_PACKAGE_ARN_PATTERN.source.replaceAll('\\/', '/'),
    constraintDescription:
      'must be the ARN of a model package, such as arn:aws:sagemaker:us-east-1:123456789012:model-package/name',
  }).valueAsString;
}
