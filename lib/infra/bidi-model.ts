import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import type { ContainerMetadata } from '../contract';
import type { BidiImage } from './bidi-image';

/** What a model gives to the endpoint that hosts it. */
export interface BidiModelConfig {
  /** The one container of the model. */
  readonly primaryContainer: CfnModel.ContainerDefinitionProperty;
  /** Whether the container runs without network access, its own AWS calls included. */
  readonly enableNetworkIsolation: boolean;
  /** URI of the image, where the model has one. */
  readonly imageUri?: string;
  /** What the local runner needs to start the same container on this machine. */
  readonly container: ContainerMetadata;
}

/** How to run an image as a model. */
export interface BidiModelFromImageProps {
  /**
   * Environment variables of the container.
   *
   * @default - none
   */
  readonly environment?: Record<string, string>;
}

/** What an endpoint hosts: where the container comes from and how it is started. */
export abstract class BidiModel {
  /** A model that is an image of one's own. */
  static fromImage(image: BidiImage, props: BidiModelFromImageProps = {}): BidiModel {
    return new ImageModel(image, props);
  }

  /** Called by the endpoint: creates what the model needs in the scope, and grants what its container needs to the role. */
  abstract bind(scope: Construct, executionRole: IRole): BidiModelConfig;
}

class ImageModel extends BidiModel {
  constructor(
    private readonly image: BidiImage,
    private readonly props: BidiModelFromImageProps,
  ) {
    super();
  }

  bind(scope: Construct, executionRole: IRole): BidiModelConfig {
    const { imageUri, container } = this.image.bind(scope, executionRole);
    return {
      primaryContainer: { image: imageUri, environment: this.props.environment },
      enableNetworkIsolation: false,
      imageUri,
      container,
    };
  }
}
