import type { Construct } from 'constructs';
import { type DeepgramProductName, ExplainedError } from '../contract';
import { BidiStack, type BidiStackProps } from './bidi-stack';
import { DeepgramEndpoint } from './deepgram-endpoint';

/** No model package was named, and none can be chosen for the user: each belongs to a subscription, a region and a version. */
export class MissingModelPackageError extends ExplainedError {
  override readonly code = 'ERR_BIDI_MODEL_PACKAGE_MISSING';
  constructor(stackId: string) {
    super({
      what: `${stackId} needs the ARN of a Deepgram model package, and none was given.`,
      why: 'Deepgram sells its models as model packages on AWS Marketplace; their ARNs differ by region and version.',
      next:
        `Subscribe to a Deepgram listing, copy the "Product ARN" of your region from AWS Marketplace (Manage subscriptions > Deepgram > Launch or Configure), and pass it: ` +
        `npx cdk deploy ${stackId} -c modelPackageArn=arn:aws:sagemaker:REGION:ACCOUNT:model-package/NAME`,
    });
  }
}

/** What the Deepgram stack can be told. */
export interface DeepgramStackProps extends BidiStackProps {
  /**
   * ARN of the model package in the stack's region.
   *
   * @default - MissingModelPackageError, which says where to find it
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

  constructor(scope: Construct, id: string, props: DeepgramStackProps = {}) {
    super(scope, id, { description: 'Deepgram over SageMaker bidirectional streaming', ...props });
    if (!props.modelPackageArn) throw new MissingModelPackageError(id);
    const vpc = this.lookUpVpc(props);
    this.endpoint = new DeepgramEndpoint(this, 'Deepgram', {
      endpointName: props.endpointName,
      product: props.product,
      modelPackageArn: props.modelPackageArn,
      query: props.query,
      environment: props.environment,
      instanceType: props.instanceType,
      instanceTypes: props.instanceTypes,
      instanceCount: props.instanceCount,
      inferenceAmi: props.inferenceAmi,
      modelDownloadTimeout: props.modelDownloadTimeout,
      startupHealthCheckTimeout: props.startupHealthCheckTimeout,
      vpc,
      logRetention: props.logRetention,
    });
    this.operate(this.endpoint, props, this.tryIt(), vpc);
  }

  /** The platform updates model packages without guardrails. */
  protected override guardDeployment(): void {}

  private tryIt(): string {
    const { endpointName, product, query } = this.endpoint;
    const parameters = new URLSearchParams(query);
    const target = `--endpoint ${endpointName} --region ${this.region} --model ${parameters.get('model')}`;
    if (product.closeMessage === 'Close') return `npx bidi speak "Hello there" --output hello.wav ${target}`;
    const language = parameters.get('language');
    return `npx bidi transcribe examples/sample.wav ${target}${language ? ` --language ${language}` : ''}`;
  }
}
