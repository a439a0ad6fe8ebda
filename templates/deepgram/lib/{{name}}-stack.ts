import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DeepgramEndpoint } from 'sagemaker-bidi-kit';

/** Stands for the product ARN of your subscription, so that the app can be synthesized and run here without one. */
const NO_SUBSCRIPTION = 'arn:aws:sagemaker:us-east-1:000000000000:model-package/no-subscription';

/** A Deepgram speech-to-text model from AWS Marketplace as a SageMaker AI endpoint to stream to. */
export class {{class}} extends Stack {
  readonly endpoint: DeepgramEndpoint;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.endpoint = new DeepgramEndpoint(this, 'Endpoint', {
      endpointName: '{{name}}',
      // npx cdk deploy {{stack}} -c modelPackageArn=arn:aws:sagemaker:...
      modelPackageArn: this.node.tryGetContext('modelPackageArn') ?? NO_SUBSCRIPTION,
    });
    new CfnOutput(this, 'EndpointName', { value: this.endpoint.endpointName });
    new CfnOutput(this, 'RuntimeUri', { value: this.endpoint.runtimeUri });
  }
}
