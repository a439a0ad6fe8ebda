import * as fs from 'node:fs';
import * as path from 'node:path';
import { Stage } from 'aws-cdk-lib';
import { DockerImageAsset, type DockerImageAssetOptions, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { ContainerMetadata } from '../contract';
import { assertStreamingLabel } from './dockerfile-label';

/** What an image gives to the model that takes it. */
export interface BidiImageConfig {
  /** URI of the image, by tag or digest. */
  readonly imageUri: string;
  /** What the local runner needs to start the same container on this machine. */
  readonly container: ContainerMetadata;
}

/** How to build an image from a directory. */
export interface BidiImageFromDirectoryProps extends Omit<DockerImageAssetOptions, 'platform'> {
  /**
   * Command that starts the container as a plain process in the directory, for runs on this machine without a container
   * engine. `serve` is appended, as the platform does. It goes into the template's metadata, never to AWS.
   *
   * @default - runs on this machine need a container engine
   */
  readonly localCommand?: readonly string[];
}

/** The image of a streaming container. */
export abstract class BidiImage {
  /**
   * Builds the Dockerfile of a directory for linux/amd64 when the stack is deployed, and publishes it to the bootstrap's
   * asset repository.
   *
   * @throws DockerfileLabelError when the image would not carry the label by which the platform routes streams to it.
   */
  static fromDirectory(directory: string, props: BidiImageFromDirectoryProps = {}): BidiImage {
    return new DirectoryImage(directory, props);
  }

  /** Called by the model: creates what the image needs in the scope, and lets the grantee pull it. */
  abstract bind(scope: Construct, grantee: IGrantable): BidiImageConfig;
}

class DirectoryImage extends BidiImage {
  private readonly directory: string;

  constructor(
    directory: string,
    private readonly props: BidiImageFromDirectoryProps,
  ) {
    super();
    this.directory = path.resolve(directory);
    assertStreamingLabel(path.join(this.directory, props.file ?? 'Dockerfile'), fs);
  }

  bind(scope: Construct, grantee: IGrantable): BidiImageConfig {
    const { localCommand, ...options } = this.props;
    const asset = new DockerImageAsset(scope, 'Image', {
      ...options,
      directory: this.directory,
      platform: Platform.LINUX_AMD64,
    });
    asset.repository.grantPull(grantee);
    return {
      imageUri: asset.imageUri,
      container: {
        directory: path.relative(Stage.of(scope)!.outdir, this.directory),
        file: options.file,
        command: localCommand,
      },
    };
  }
}
