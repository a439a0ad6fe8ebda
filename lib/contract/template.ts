/**
 * What a synthesized template tells the local runner, beside what CloudFormation reads.
 *
 * CloudFormation ignores `Metadata` it does not know, so the template that is deployed and the one that runs locally are
 * the same bytes.
 */

/** Key in the `Metadata` of an `AWS::SageMaker::Model` resource. */
export const CONTAINER_METADATA_KEY = 'sagemaker-bidi-kit:container';

/** Value under {@link CONTAINER_METADATA_KEY}. */
export interface ContainerMetadata {
  /** Directory of the Dockerfile, relative to the cloud assembly's directory; absent when there is none on this machine. */
  readonly directory?: string;
  /** Dockerfile, relative to the directory. Absent means `Dockerfile`. */
  readonly file?: string;
  /** The command that starts the container as a plain process in that directory; `serve` is appended, as the platform does. */
  readonly command?: readonly string[];
  /** Image in a registry, when the model takes one instead of building a directory. */
  readonly imageUri?: string;
  /** Model package, when the model takes one: it cannot run on this machine. */
  readonly modelPackageArn?: string;
  /** What can stand in for the model package on this machine, when asked for by name. */
  readonly simulator?: ContainerStandIn;
}

/** A container that stands in for one that cannot run on this machine. */
export interface ContainerStandIn {
  /** Directory of its Dockerfile, relative to the cloud assembly's directory. */
  readonly directory: string;
  /** The command that starts it as a plain process in that directory. */
  readonly command: readonly string[];
}

/** Outputs that the kit's stacks promise, by their CloudFormation output key. */
export const StackOutput = {
  /** `https://runtime.sagemaker.<region>.<suffix>:8443` */
  RUNTIME_URI: 'RuntimeUri',
  FIPS_RUNTIME_URI: 'FipsRuntimeUri',
  /** The runtime URI with the operation's path for this endpoint. */
  STREAM_URL: 'StreamUrl',
  ENDPOINT_NAME: 'EndpointName',
  ENDPOINT_ARN: 'EndpointArn',
  IMAGE_URI: 'ImageUri',
  LOG_GROUP_NAME: 'LogGroupName',
  DASHBOARD_URL: 'DashboardUrl',
  /** Managed policy that lets an application open streams. */
  INVOKE_POLICY_ARN: 'InvokePolicyArn',
  /** A command that streams to the deployed endpoint. */
  TRY_IT: 'TryIt',
} as const;
