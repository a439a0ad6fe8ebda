import { DefaultStackSynthesizer, Fn, type IStackSynthesizer, RemovalPolicy } from 'aws-cdk-lib';
import { type IRepository, Repository, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { ArnPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import { Construct } from 'constructs';
import { throwIfInvalid } from './violations';

/** Where images are published. */
export interface BidiImageRepositoryProps {
  /** Name of the repository, such as `speech/echo`. */
  readonly repositoryName: string;
  /**
   * Qualifier of the bootstrap whose role publishes the images.
   *
   * @default 'hnb659fds'
   */
  readonly bootstrapQualifier?: string;
  /**
   * Removal policy of the repository. `DESTROY` deletes its images too.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A repository with a name of your choice to which stacks publish their images, instead of the bootstrap's asset repository: scanned on
 * push, with tags that never move.
 *
 * The images are pushed straight to it. Copying them from the asset repository afterwards, as `cdk-ecr-deployment` does, would
 * need a Lambda function with rights on every repository, as much disk as the image is large, and time on every deployment; a
 * model's image has gigabytes. Instead, the repository has to exist before the image is built, so it belongs into a stack of its own, on
 * which the others depend.
 *
 * @example
 *
 * const images = new BidiImageRepository(new Stack(app, 'Images'), 'Repository', { repositoryName: 'speech/echo' });
 * const speech = new Stack(app, 'Speech', { synthesizer: images.synthesizer() });
 * speech.addStackDependency(Stack.of(images));
 */
@propertyInjectable
export class BidiImageRepository extends Construct {
  /** Name under which an `IPropertyInjector` changes the defaults of this construct. */
  static get PROPERTY_INJECTION_ID(): string {
    return 'sagemaker-bidi-kit.BidiImageRepository';
  }

  /** The ECR repository. The bootstrap's image-publishing role may push to it. */
  readonly repository: IRepository;
  private readonly props: BidiImageRepositoryProps;

  /** @throws InvalidPropsError when the name is not one of a repository. */
  constructor(scope: Construct, id: string, props: BidiImageRepositoryProps) {
    super(scope, id);
    this.props = props;
    throwIfInvalid(this.node.path, [
      /^[a-z0-9]+([._/-][a-z0-9]+)*$/.test(props.repositoryName) && props.repositoryName.length <= 256
        ? undefined
        : `repositoryName "${props.repositoryName}" must be lower-case letters and digits, joined by ".", "_", "-" or "/", 256 characters at most.`,
    ]);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.repository = new Repository(this, 'Repository', {
      repositoryName: props.repositoryName,
      imageScanOnPush: true,
      imageTagMutability: TagMutability.IMMUTABLE,
      removalPolicy,
      emptyOnDelete: removalPolicy === RemovalPolicy.DESTROY,
    });
    // The bootstrap's role may push to the bootstrap's repository alone; within an account, this policy is enough for more.
    this.repository.addToResourcePolicy(
      new PolicyStatement({
        principals: [
          new ArnPrincipal(
            Fn.sub(
              `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/cdk-${this.qualifier}-image-publishing-role-\${AWS::AccountId}-\${AWS::Region}`,
            ),
          ),
        ],
        actions: [
          'ecr:BatchCheckLayerAvailability',
          'ecr:BatchGetImage',
          'ecr:CompleteLayerUpload',
          'ecr:DescribeImages',
          'ecr:DescribeRepositories',
          'ecr:GetDownloadUrlForLayer',
          'ecr:InitiateLayerUpload',
          'ecr:PutImage',
          'ecr:UploadLayerPart',
        ],
      }),
    );
  }

  /**
   * The `synthesizer` that makes a stack publish its images here. The stack also has to depend on this repository's stack
   * (`stack.addStackDependency`), so that the CDK deploys that first.
   */
  synthesizer(): IStackSynthesizer {
    return new DefaultStackSynthesizer({
      qualifier: this.qualifier,
      imageAssetsRepositoryName: this.props.repositoryName,
    });
  }

  private get qualifier(): string {
    return this.props.bootstrapQualifier ?? DefaultStackSynthesizer.DEFAULT_QUALIFIER;
  }
}
