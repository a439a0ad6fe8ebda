import { join } from 'node:path';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { BidiEndpoint, BidiImage, BidiModel } from 'sagemaker-bidi-kit';

/** The container in `{{container}}` as a SageMaker AI endpoint to stream to. */
export class {{class}} extends Stack {
  readonly endpoint: BidiEndpoint;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const image = BidiImage.fromDirectory(join(__dirname, '..', '{{container}}'), {
      {{local-command}},
      exclude: ['node_modules', '.venv', '__pycache__', 'cdk.out'],
    });
    this.endpoint = new BidiEndpoint(this, 'Endpoint', {
      endpointName: '{{name}}',
      model: BidiModel.fromImage(image),
      // ml.g6.2xlarge, a GPU, is the default; name another here: instanceType: 'ml.c7i.2xlarge',
    });
    new CfnOutput(this, 'EndpointName', { value: this.endpoint.endpointName });
    new CfnOutput(this, 'RuntimeUri', { value: this.endpoint.runtimeUri });
  }
}
