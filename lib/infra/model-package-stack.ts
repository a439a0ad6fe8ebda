import type { Construct } from 'constructs';
import { BidiEndpoint } from './bidi-endpoint';
import { BidiModel } from './bidi-model';
import { BidiStack, type BidiStackProps } from './bidi-stack';
import { modelPackageParameter } from './model-package-parameter';
import { stackEndpointProps } from './stack-endpoint-props';

/** Properties of the stack of a model package. */
export interface ModelPackageStackProps extends BidiStackProps {
  /**
   * ARN of the model package in the stack's region.
   *
   * @default - a CloudFormation parameter, `ModelPackageArn`, without which the stack cannot be deployed
   */
  readonly modelPackageArn?: string;
}

/** An endpoint for any model package that streams in both directions, such as a subscription on AWS Marketplace gives. */
export class ModelPackageStack extends BidiStack {
  /** The endpoint of the model package. */
  readonly endpoint: BidiEndpoint;

  /** @throws InvalidPropsError with every violation in the properties. */
  constructor(scope: Construct, id: string, props: ModelPackageStackProps = {}) {
    super(scope, id, { description: 'A model package over SageMaker bidirectional streaming', ...props });
    const vpc = this.lookUpVpc(props);
    const modelPackageArn = props.modelPackageArn ?? modelPackageParameter(this, 'a model package');
    this.endpoint = new BidiEndpoint(this, 'ModelPackage', {
      ...stackEndpointProps(props),
      model: BidiModel.fromModelPackage(modelPackageArn, { environment: props.environment }),
      vpc,
    });
    const target = `--endpoint ${this.endpoint.endpointName} --region ${this.region}`;
    this.operate(this.endpoint, props, `npx bidi invoke "Hello there" ${target}`, vpc);
  }
}
