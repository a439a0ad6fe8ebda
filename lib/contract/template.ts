/**
 * Metadata of a synthesized template for the local runner.
 *
 * CloudFormation ignores `Metadata` it does not know, so the template that is deployed and the one that runs locally are
 * the same bytes.
 */

import type { Explanation } from './explained-error';
import type { ServedModel } from './open-models';

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
  /** The model that it serves, where the template's author knows it: clients then need no option for it. */
  readonly serves?: ServedModel;
  /** The container that can stand in for the model on this machine, when asked for. */
  readonly simulator?: ContainerStandIn;
}

/** A container that stands in for one that cannot run on this machine. */
export interface ContainerStandIn {
  /** Directory of its Dockerfile, relative to the cloud assembly's directory. */
  readonly directory: string;
  /** The command that starts it as a plain process in that directory. */
  readonly command: readonly string[];
  /** Variables that it reads beside the model's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Type of the metadata in a cloud assembly that holds the parts of an error which is attached to the same construct. */
export const EXPLANATION_METADATA_KEY = 'sagemaker-bidi-kit:explanation';

/** Value under {@link EXPLANATION_METADATA_KEY}, as JSON. */
export interface ExplanationMetadata extends Explanation {
  /** Text of the error. */
  readonly message: string;
}

/** Outputs that the kit's stacks promise, by their CloudFormation output key. */
export const StackOutput = {
  /** `https://runtime.sagemaker.<region>.<suffix>:8443` */
  RUNTIME_URI: 'RuntimeUri',
  /** The same at a FIPS 140 validated host; only in regions that have one. */
  FIPS_RUNTIME_URI: 'FipsRuntimeUri',
  /** The runtime URI with the operation's path for this endpoint. */
  STREAM_URL: 'StreamUrl',
  /** Name of the endpoint, for `EndpointName` of the runtime's operations. */
  ENDPOINT_NAME: 'EndpointName',
  /** ARN of the endpoint, with its name in lower case, as policies name it. */
  ENDPOINT_ARN: 'EndpointArn',
  /** Protocol of the model, such as `vllm`, so that clients need no option for it; only where the stack knows it. */
  PROTOCOL: 'Protocol',
  /** Name by which clients ask for the model; only where the protocol has one. */
  MODEL_NAME: 'ModelName',
  /** Tokens of context of one session; only where a session has such a limit. */
  MAX_MODEL_LEN: 'MaxModelLen',
  /** URI of the container's image; only where the model has one. */
  IMAGE_URI: 'ImageUri',
  /** CloudWatch log group of the containers' output. */
  LOG_GROUP_NAME: 'LogGroupName',
  /** Address of the dashboard in the console; only where the partition has a public one. */
  DASHBOARD_URL: 'DashboardUrl',
  /** Managed policy that lets an application open streams. */
  INVOKE_POLICY_ARN: 'InvokePolicyArn',
  /** A command that streams to the deployed endpoint. */
  TRY_IT: 'TryIt',
} as const;
