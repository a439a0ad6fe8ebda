import { Stack, Token } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import {
  type ContainerMetadata,
  MODEL_ENVIRONMENT_LIMIT,
  MODEL_ENVIRONMENT_NAME_PATTERN,
  MODEL_PACKAGE_ARN_PATTERN,
  partitionOf,
  type ServedModel,
} from '../contract';
import type { BidiImage } from './bidi-image';
import type { ModelData } from './model-data';
import { pathInAssembly } from './path-in-assembly';
import { throwIfInvalid, type Violation } from './violations';

/** The result of binding a model to an endpoint. */
export interface BidiModelConfig {
  /** The one container of the model. */
  readonly primaryContainer: CfnModel.ContainerDefinitionProperty;
  /** Whether the container runs without any network access. */
  readonly enableNetworkIsolation: boolean;
  /** Whether the model comes from a model package, to which the platform allows no rollout strategies. */
  readonly isModelPackage: boolean;
  /** Platform that the image is for, such as `linux/amd64`; `undefined` where only the model package knows it. */
  readonly platform?: string;
  /** Whether the endpoint needs a VPC to pull the image. */
  readonly pulledThroughVpc: boolean;
  /** Metadata with which the local runner starts the same container on this machine. */
  readonly container: ContainerMetadata;
}

/** How to run an image as a model. */
export interface BidiModelFromImageProps {
  /**
   * Environment variables of the container. At most 100, of at most 1024 characters each.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Files that the platform puts into `/opt/ml/model`.
   *
   * @default - none; the image holds the model's files
   */
  readonly modelData?: ModelData;
  /**
   * Whether the container runs without any network access, its own calls to AWS included. Streams still reach it.
   *
   * @default false
   */
  readonly networkIsolation?: boolean;
  /**
   * The model that the container serves. It stands in the template's metadata, so that this kit's clients need no option for it.
   *
   * @default - not known
   */
  readonly serves?: ServedModel;
  /**
   * A container that can stand in for this one on a machine that cannot run it, for want of a GPU say: `bidi local --simulate`.
   *
   * @default - none
   */
  readonly simulator?: ModelSimulator;
}

/** How to run a model package. */
export interface BidiModelFromModelPackageProps {
  /**
   * Environment variables of the container, where the listing allows any.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * A container that can stand in for the package on this machine. Its command, and its directory relative to the
   * cloud assembly, stand in the template's metadata, which is uploaded with the template.
   *
   * @default - the model cannot run on this machine
   */
  readonly simulator?: ModelSimulator;
  /**
   * The model that the package serves. It stands in the template's metadata, so that this kit's clients need no option for it.
   *
   * @default - not known
   */
  readonly serves?: ServedModel;
}

/** A container that can stand in for a model on this machine. */
export interface ModelSimulator {
  /** Directory of its Dockerfile. */
  readonly directory: string;
  /** Command that starts it as a plain process in that directory; `serve` is appended, as the platform does. */
  readonly command: readonly string[];
  /**
   * Variables that it reads beside the model's own.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Options that an endpoint passes to its model. */
export interface BidiModelBindOptions {
  /** Platform that the endpoint's instances run, such as `linux/amd64`. */
  readonly platform: string;
}

/** The model of an endpoint: where its container comes from and how it is started. */
export abstract class BidiModel {
  /**
   * A model from a container image.
   *
   * @throws InvalidPropsError when the environment breaks a limit of the platform.
   */
  static fromImage(image: BidiImage, props: BidiModelFromImageProps = {}): BidiModel {
    return new ImageModel(image, props);
  }

  /**
   * A model package, such as a subscription on AWS Marketplace gives. It runs in network isolation, as the platform demands.
   *
   * @param modelPackageArn ARN of the package in the endpoint's region.
   * @throws InvalidPropsError when it is not the ARN of a model package; when it is bound, also for another region.
   */
  static fromModelPackage(modelPackageArn: string, props: BidiModelFromModelPackageProps = {}): BidiModel {
    return new PackageModel(modelPackageArn, props);
  }

  /**
   * Called by the endpoint: creates the resources of the model in the scope, and grants the role the permissions that its container needs.
   */
  abstract bind(scope: Construct, executionRole: IRole, options: BidiModelBindOptions): BidiModelConfig;
}

class ImageModel extends BidiModel {
  constructor(
    private readonly image: BidiImage,
    private readonly props: BidiModelFromImageProps,
  ) {
    super();
    throwIfInvalid('BidiModel.fromImage', environmentViolations(props.environment));
  }

  bind(scope: Construct, executionRole: IRole, options: BidiModelBindOptions): BidiModelConfig {
    const { imageUri, platform, pulledThroughVpc, container } = this.image.bind(scope, executionRole, options);
    return {
      primaryContainer: {
        image: imageUri,
        imageConfig: pulledThroughVpc ? { repositoryAccessMode: 'Vpc' } : undefined,
        environment: this.props.environment,
        ...this.props.modelData?.bind(scope, executionRole),
      },
      enableNetworkIsolation: this.props.networkIsolation ?? false,
      isModelPackage: false,
      platform,
      pulledThroughVpc,
      container: { ...container, ...localMetadata(scope, this.props) },
    };
  }
}

class PackageModel extends BidiModel {
  constructor(
    private readonly modelPackageArn: string,
    private readonly props: BidiModelFromModelPackageProps,
  ) {
    super();
    throwIfInvalid('BidiModel.fromModelPackage', [
      arnViolation(modelPackageArn),
      ...environmentViolations(props.environment),
    ]);
  }

  bind(scope: Construct): BidiModelConfig {
    throwIfInvalid(scope.node.path, [regionViolation(this.modelPackageArn, Stack.of(scope).region)]);
    const { environment } = this.props;
    return {
      primaryContainer: { modelPackageName: this.modelPackageArn, environment },
      enableNetworkIsolation: true,
      isModelPackage: true,
      pulledThroughVpc: false,
      container: { modelPackageArn: this.modelPackageArn, ...localMetadata(scope, this.props) },
    };
  }
}

/** What clients and the local runner need to know of a model, as the template's metadata has it. */
function localMetadata(
  scope: Construct,
  { serves, simulator }: Pick<BidiModelFromImageProps, 'serves' | 'simulator'>,
): Pick<ContainerMetadata, 'serves' | 'simulator'> {
  return {
    serves,
    simulator: simulator && { ...simulator, directory: pathInAssembly(scope, simulator.directory) },
  };
}

function arnViolation(arn: string): Violation {
  if (Token.isUnresolved(arn) || MODEL_PACKAGE_ARN_PATTERN.test(arn)) return undefined;
  return `"${arn}" is not the ARN of a model package, such as arn:aws:sagemaker:us-east-1:123456789012:model-package/name.`;
}

function regionViolation(arn: string, region: string): Violation {
  const [, partition, home] = MODEL_PACKAGE_ARN_PATTERN.exec(arn) ?? [];
  if (Token.isUnresolved(arn) || Token.isUnresolved(region)) return undefined;
  if (home !== region) {
    return `The model package lies in ${home} and the stack in ${region}; use the package's ARN of ${region}.`;
  }
  const expected = partitionOf(region)?.name;
  if (expected === undefined || partition === expected) return undefined;
  return `The model package's ARN names the partition ${partition}; the stack's region ${region} belongs to ${expected}.`;
}

function environmentViolations(environment: Readonly<Record<string, string>> = {}): Violation[] {
  const { entries, nameCharacters, valueCharacters } = MODEL_ENVIRONMENT_LIMIT;
  const count = Object.keys(environment).length;
  return [
    count > entries ? `The environment has ${count} variables; at most ${entries} are allowed.` : undefined,
    ...Object.entries(environment).flatMap(([name, value]) => [
      MODEL_ENVIRONMENT_NAME_PATTERN.test(name) && name.length <= nameCharacters
        ? undefined
        : `Environment variable "${name}" must be letters, digits and underscores, without a digit first, of at most ${nameCharacters} characters.`,
      !Token.isUnresolved(value) && value.length > valueCharacters
        ? `The value of environment variable "${name}" has ${value.length} characters; at most ${valueCharacters} are allowed.`
        : undefined,
    ]),
  ];
}
