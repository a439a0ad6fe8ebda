import type { Construct } from 'constructs';
import { type DeepgramProductName, StackOutput } from '../contract';
import { BidiStack, type BidiStackProps } from './bidi-stack';
import { DeepgramEndpoint } from './deepgram-endpoint';
import { modelPackageParameter } from './model-package-parameter';
import { stackEndpointProps } from './stack-endpoint-props';

/** Properties of the Deepgram stack. */
export interface DeepgramStackProps extends BidiStackProps {
  /**
   * ARN of the model package in the stack's region.
   *
   * @default - a CloudFormation parameter, `ModelPackageArn`, without which the stack cannot be deployed
   */
  readonly modelPackageArn?: string;
  /** The product that the package holds. @default 'nova3' */
  readonly product?: DeepgramProductName;
  /** Query with which clients should open streams. @default - an example that works for the product */
  readonly query?: string;
}

/** An endpoint for one of Deepgram's model packages. */
export class DeepgramStack extends BidiStack {
  /** The endpoint of the model package. */
  readonly endpoint: DeepgramEndpoint;

  /** @throws InvalidPropsError with every violation in the properties. */
  constructor(scope: Construct, id: string, props: DeepgramStackProps = {}) {
    super(scope, id, { description: 'Deepgram over SageMaker bidirectional streaming', ...props });
    const vpc = this.lookUpVpc(props);
    this.endpoint = new DeepgramEndpoint(this, 'Deepgram', {
      ...stackEndpointProps(props),
      product: props.product,
      modelPackageArn: props.modelPackageArn ?? modelPackageParameter(this, 'a Deepgram model package'),
      query: props.query,
      environment: props.environment,
      vpc,
    });
    this.operate(this.endpoint, props, this.tryIt(), vpc);
    this.output(StackOutput.PROTOCOL, 'deepgram', 'Protocol of the model');
    const modelName = new URLSearchParams(this.endpoint.query).get('model');
    if (modelName !== null) this.output(StackOutput.MODEL_NAME, modelName, 'Name by which clients ask for the model');
  }

  private tryIt(): string {
    const { endpointName, product, query } = this.endpoint;
    const parameters = new URLSearchParams(query);
    const target = `--endpoint ${endpointName} --region ${this.region} --model ${parameters.get('model')}`;
    if (product.closeMessage === 'Close') return `npx bidi speak "Hello there" --output hello.wav ${target}`;
    const language = parameters.get('language');
    return `npx bidi transcribe examples/sample.wav ${target}${language ? ` --language ${language}` : ''}`;
  }
}
