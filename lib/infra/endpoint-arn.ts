import { ArnFormat, type Stack, Token } from 'aws-cdk-lib';

/**
 * ARN of an endpoint of a stack's account and region. Every endpoint ARN that this kit writes comes from here: the platform
 * writes the name in lower case in its ARNs, and IAM compares them with case.
 */
export function endpointArn(stack: Stack, endpointName: string): string {
  return stack.formatArn({
    service: 'sagemaker',
    resource: 'endpoint',
    resourceName: Token.isUnresolved(endpointName) ? endpointName : endpointName.toLowerCase(),
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
}
