import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { VllmEndpoint } from 'sagemaker-bidi-kit';

/** A speech-to-text model that vLLM serves, as a SageMaker AI endpoint to stream to. */
export class {{class}} extends Stack {
  readonly endpoint: VllmEndpoint;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.endpoint = new VllmEndpoint(this, 'Endpoint', {
      endpointName: '{{name}}',
      // Files in S3 arrive sooner and more surely: modelData: ModelData.fromPrefix(bucket, 'voxtral/')
      hubModel: { id: 'mistralai/Voxtral-Mini-4B-Realtime-2602' },
      servedModelName: 'voxtral',
    });
    new CfnOutput(this, 'EndpointName', { value: this.endpoint.endpointName });
    new CfnOutput(this, 'RuntimeUri', { value: this.endpoint.runtimeUri });
    // What `bidi transcribe` reads from the stack.
    new CfnOutput(this, 'Protocol', { value: 'vllm' });
    new CfnOutput(this, 'ModelName', { value: this.endpoint.servedModelName });
  }
}
