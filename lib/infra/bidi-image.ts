import * as path from 'node:path';
import { Annotations, Stack, Token } from 'aws-cdk-lib';
import { CfnRepository, type IRepository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, type DockerImageAssetOptions, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { type ContainerMetadata, isEcrImage } from '../contract';
import { requireStreamingLabel } from './dockerfile-label';
import { pathInAssembly } from './path-in-assembly';
import { throwIfInvalid } from './violations';

/** The result of binding an image to a model. */
export interface BidiImageConfig {
  /** URI of the image, by tag or digest. */
  readonly imageUri: string;
  /** Platform that the image is for, such as `linux/amd64`. */
  readonly platform: string;
  /** Whether the image is pulled through the endpoint's VPC, because it does not lie in Amazon ECR. */
  readonly pulledThroughVpc: boolean;
  /** Metadata with which the local runner starts the same container on this machine. */
  readonly container: ContainerMetadata;
}

/** How to build an image from a directory. */
export interface BidiImageFromDirectoryProps extends Omit<DockerImageAssetOptions, 'platform'> {
  /**
   * Command that starts the container as a plain process in the directory, for runs on this machine without a container
   * engine. `serve` is appended, as the platform does. With the directory, relative to the cloud assembly, it stands in the
   * template's metadata, which is uploaded with the template: keep secrets out of it.
   *
   * @default - runs on this machine need a container engine
   */
  readonly localCommand?: readonly string[];
}

/** Properties of an image that is already in a registry. */
export interface BidiImagePushedProps {
  /**
   * Platform that the image was built for.
   *
   * @default Platform.LINUX_AMD64
   */
  readonly platform?: Platform;
}

/** Options that a model passes to its image. */
export interface BidiImageBindOptions {
  /** Platform that the endpoint's instances run, such as `linux/amd64`. */
  readonly platform: string;
}

/** The image of a streaming container. */
export abstract class BidiImage {
  /**
   * Builds the Dockerfile of a directory when the stack is deployed, for linux/arm64 when all instance types of the endpoint have
   * Arm processors and else for linux/amd64, and publishes it to the repository of
   * the stack's synthesizer: the bootstrap's own, or a {@link BidiImageRepository}.
   *
   * @throws DockerfileLabelError when the image would not carry the label by which the platform routes streams to it.
   */
  static fromDirectory(directory: string, props: BidiImageFromDirectoryProps = {}): BidiImage {
    return new DirectoryImage(directory, props);
  }

  /**
   * An image in Amazon ECR, in the endpoint's region.
   *
   * @param tagOrDigest a tag, or a digest (`sha256:…`), which never moves under an endpoint.
   * @throws InvalidPropsError when it is neither a tag nor a digest; when it is bound, also for a repository of another region.
   */
  static fromRepository(repository: IRepository, tagOrDigest: string, props: BidiImagePushedProps = {}): BidiImage {
    return new RepositoryImage(repository, tagOrDigest, props);
  }

  /**
   * An image outside Amazon ECR's private registries, such as one of `public.ecr.aws`, without credentials.
   *
   * SageMaker pulls it through the endpoint's VPC, so the endpoint needs one with a way to the registry.
   * Source: API reference, `ImageConfig`.
   *
   * @throws InvalidPropsError when the URI names no registry, repository and tag or digest, or lies in Amazon ECR.
   */
  static fromRegistryUri(imageUri: string, props: BidiImagePushedProps = {}): BidiImage {
    return new RegistryImage(imageUri, props);
  }

  /** Called by the model: creates the resources of the image in the scope, and lets the grantee pull it. */
  abstract bind(scope: Construct, grantee: IGrantable, options: BidiImageBindOptions): BidiImageConfig;
}

class DirectoryImage extends BidiImage {
  private readonly directory: string;

  constructor(
    directory: string,
    private readonly props: BidiImageFromDirectoryProps,
  ) {
    super();
    this.directory = path.resolve(directory);
    requireStreamingLabel(this.directory, props.file, props);
  }

  bind(scope: Construct, grantee: IGrantable, { platform }: BidiImageBindOptions): BidiImageConfig {
    const { localCommand, ...options } = this.props;
    const asset = new DockerImageAsset(scope, 'Image', {
      ...options,
      directory: this.directory,
      platform: Platform.custom(platform),
    });
    asset.repository.grantPull(grantee);
    return {
      imageUri: asset.imageUri,
      platform,
      pulledThroughVpc: false,
      container: { directory: pathInAssembly(scope, this.directory), file: options.file, command: localCommand },
    };
  }
}

class RepositoryImage extends BidiImage {
  constructor(
    private readonly repository: IRepository,
    private readonly tagOrDigest: string,
    private readonly props: BidiImagePushedProps,
  ) {
    super();
    const known = !Token.isUnresolved(tagOrDigest);
    throwIfInvalid('BidiImage.fromRepository', [
      known && !/^(sha256:[0-9a-f]{64}|\w[\w.-]{0,127})$/.test(tagOrDigest)
        ? `"${tagOrDigest}" is neither a tag (such as v1.2) nor a digest (sha256: and 64 hexadecimal digits).`
        : undefined,
    ]);
  }

  bind(scope: Construct, grantee: IGrantable): BidiImageConfig {
    const { region } = Stack.of(scope);
    const home = this.repository.env.region;
    throwIfInvalid(scope.node.path, [
      !Token.isUnresolved(region) && !Token.isUnresolved(home) && region !== home
        ? `The image's repository lies in ${home} and the endpoint in ${region}; SageMaker pulls images of its own region only.`
        : undefined,
    ]);
    if (!hasImmutableTags(this.repository)) warnOfMovingTag(scope, this.tagOrDigest);
    this.repository.grantPull(grantee);
    const imageUri = this.repository.repositoryUriForTagOrDigest(this.tagOrDigest);
    return { imageUri, platform: platformOf(this.props), pulledThroughVpc: false, container: { imageUri } };
  }
}

class RegistryImage extends BidiImage {
  constructor(
    private readonly imageUri: string,
    private readonly props: BidiImagePushedProps,
  ) {
    super();
    throwIfInvalid('BidiImage.fromRegistryUri', [
      isEcrImage(imageUri)
        ? `"${imageUri}" lies in Amazon ECR; use BidiImage.fromRepository, which also lets the endpoint pull it.`
        : undefined,
      !Token.isUnresolved(imageUri) && !/^[a-z0-9.-]+\.[a-z]+(:\d+)?\/\S+[:@]\S+$/.test(imageUri)
        ? `"${imageUri}" must name registry, repository and tag or digest, such as public.ecr.aws/docker/library/node:22.`
        : undefined,
    ]);
  }

  bind(scope: Construct): BidiImageConfig {
    const { imageUri } = this;
    warnOfMovingTag(scope, imageUri);
    return { imageUri, platform: platformOf(this.props), pulledThroughVpc: true, container: { imageUri } };
  }
}

/** An image that is pushed again under its tag leaves the template as it was, so a deployment does not take it. */
function warnOfMovingTag(scope: Construct, tagOrDigest: string): void {
  if (Token.isUnresolved(tagOrDigest) || /(^|@)sha256:/.test(tagOrDigest)) return;
  Annotations.of(scope).addWarningV2(
    'sagemaker-bidi-kit:movingTag',
    `The image is named by the tag in "${tagOrDigest}". When another image is pushed under this tag, the template stays the same and an update does ` +
      'not deploy it, while an instance that scaling adds runs it. Name the image by its digest (sha256:…), or push to a repository with immutable tags.',
  );
}

/** Whether the repository is of this app and its tags cannot move; nothing is known of an imported one. */
function hasImmutableTags(repository: IRepository): boolean {
  const resource = repository.node.defaultChild;
  return resource instanceof CfnRepository && resource.imageTagMutability === 'IMMUTABLE';
}

function platformOf({ platform = Platform.LINUX_AMD64 }: BidiImagePushedProps): string {
  return platform.platform;
}
