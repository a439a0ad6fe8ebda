/**
 * Limits and values of a hosted endpoint: what `AWS::SageMaker::Model`, `EndpointConfig` and `Endpoint` accept and what
 * streaming needs of them.
 *
 * Sources: SageMaker AI API reference where a limit is the API's; Deepgram's SageMaker pages and operators' notes where a
 * recommendation is meant, said at each.
 */

/** Instance type where none is asked for: the smallest current GPU host that Deepgram names for speech-to-text. */
export const DEFAULT_INSTANCE_TYPE = 'ml.g6.2xlarge';

/** Variant name where none is asked for. It must stay the same for an in-place update (Deepgram). */
export const DEFAULT_VARIANT_NAME = 'AllTraffic';

/** Most production variants of an endpoint. Source: API model, `CreateEndpointConfigInput`, `ProductionVariants`. */
export const PRODUCTION_VARIANT_LIMIT = 10;

/** A SageMaker hosting instance type. Group 1: family, group 2: size. */
export const INSTANCE_TYPE_PATTERN =
  /^ml\.([a-z][a-z0-9-]*)\.(nano|micro|small|medium|large|\d*xlarge|metal(?:-\d+xl)?)$/;

/** Most types in an ordered instance pool. */
export const INSTANCE_POOL_LIMIT = 5;

/**
 * `VariantInstanceProvisionTimeoutInSeconds`, in seconds: how long all types of a pool together may look for capacity.
 * Source: API model `ProductionVariant` ("Valid values: 300 to 3600") and the CloudFormation schema. Deepgram's page gives 60 to
 * 3600 for each type; the API's bound is the one that refuses. Recommended: 300 for each type.
 */
export const PROVISION_TIMEOUT_SECONDS = { min: 300, max: 3_600, recommendedPerType: 300 } as const;

/** `ModelDataDownloadTimeoutInSeconds`, in seconds. Recommended: 600; 1800 for large multilingual bundles (Deepgram). */
export const MODEL_DOWNLOAD_TIMEOUT_SECONDS = { min: 60, max: 3_600, recommended: 600, large: 1_800 } as const;

/** `ContainerStartupHealthCheckTimeoutInSeconds`, in seconds. Recommended: 900 (Deepgram). */
export const STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS = { min: 60, max: 3_600, recommended: 900 } as const;

/** Known values of `InferenceAmiVersion`. */
export const INFERENCE_AMI_VERSIONS = [
  'al2-ami-sagemaker-inference-gpu-2',
  'al2-ami-sagemaker-inference-gpu-2-1',
  'al2-ami-sagemaker-inference-gpu-3-1',
  'al2-ami-sagemaker-inference-neuron-2',
  'al2023-ami-sagemaker-inference-gpu-4-1',
] as const;

/** Driver 580, CUDA 13: what current Deepgram packages need. Unpinned, g4dn and g5 hosts boot an older driver (Deepgram). */
export const DEEPGRAM_INFERENCE_AMI = 'al2023-ami-sagemaker-inference-gpu-4-1';

/**
 * Instance families with local NVMe storage. A volume KMS key is accepted with them and does not encrypt that storage, which a
 * hardware module on the host encrypts with a key of its own.
 *
 * Source: API model `CreateEndpointConfigInput`, `KmsKeyId`; families from the EC2 instance type pages.
 */
export const NVME_INSTANCE_FAMILIES: readonly string[] = [
  'c5ad',
  'c5d',
  'c6gd',
  'c6id',
  'c7gd',
  'c8gd',
  'd3',
  'd3en',
  'g4ad',
  'g4dn',
  'g5',
  'g5g',
  'g6',
  'g6e',
  'g6f',
  'g7',
  'g7e',
  'gr6',
  'i3',
  'i3en',
  'i4i',
  'm5ad',
  'm5d',
  'm5dn',
  'm6gd',
  'm6id',
  'm6idn',
  'm7gd',
  'm8gd',
  'p3dn',
  'p4d',
  'p4de',
  'p5',
  'p5e',
  'p5en',
  'p6-b200',
  'r5ad',
  'r5d',
  'r5dn',
  'r6gd',
  'r6id',
  'r6idn',
  'r7gd',
  'r8gd',
  'trn1',
  'trn1n',
  'trn2',
  'x2idn',
  'x2iedn',
];

/** Burstable families: CPU credits make their capacity a moving target, so scaling on concurrency means nothing there. */
export const BURSTABLE_INSTANCE_FAMILIES: readonly string[] = ['t2', 't3', 't4g'];

/** The family of an instance type: `g6` of `ml.g6.2xlarge`, or `undefined` when it is not a hosting instance type. */
export function instanceFamily(instanceType: string): string | undefined {
  return INSTANCE_TYPE_PATTERN.exec(instanceType)?.[1];
}

/**
 * Whether an instance type has an Arm processor: AWS Graviton, whose families carry a g after the generation (`c7g`, `m6gd`,
 * `g5g`), or NVIDIA Grace (`p6e-gb200`). Source: EC2 user guide, "Amazon EC2 instance type naming conventions".
 */
export function isArmInstanceType(instanceType: string): boolean {
  return /^([a-z]+\d+g|a1$|\w+-gb\d)/.test(instanceFamily(instanceType) ?? '');
}

/**
 * Whether an instance type may carry a GPU: those with one are of families that begin with g or p, also ones that came after
 * this was written. Source: the EC2 instance type pages.
 */
export function mayHaveGpu(instanceType: string): boolean {
  return /^[gp]/.test(instanceFamily(instanceType) ?? '');
}

/**
 * Sizes with several GPUs, by family; every other size of these families has one. Source: the EC2 instance type pages.
 */
const MULTI_GPU_SIZES: Readonly<Record<string, readonly string[]>> = {
  g4ad: ['8xlarge', '16xlarge'],
  g4dn: ['12xlarge', 'metal'],
  g5: ['12xlarge', '24xlarge', '48xlarge'],
  g6: ['12xlarge', '24xlarge', '48xlarge'],
  g6e: ['12xlarge', '24xlarge', '48xlarge'],
  g7: ['12xlarge', '24xlarge', '48xlarge'],
  g7e: ['12xlarge', '24xlarge', '48xlarge'],
  p3: ['8xlarge', '16xlarge'],
  p3dn: ['24xlarge'],
  p4d: ['24xlarge'],
  p4de: ['24xlarge'],
  p5: ['48xlarge'],
  p5e: ['48xlarge'],
  p5en: ['48xlarge'],
};

/** Whether an instance type is known to carry several GPUs. */
export function hasSeveralGpus(instanceType: string): boolean {
  const [, family, size] = INSTANCE_TYPE_PATTERN.exec(instanceType) ?? [];
  return family !== undefined && size !== undefined && (MULTI_GPU_SIZES[family]?.includes(size) ?? false);
}

/**
 * Termination wait, in seconds, that lets every open stream finish before the old fleet of a blue/green update ends: the
 * longest life of a stream.
 */
export const DRAIN_SECONDS = 1_800;

/** `TerminationWaitInSeconds`, in seconds. */
export const TERMINATION_WAIT_SECONDS = { min: 0, max: 3_600 } as const;

/** `WaitIntervalInSeconds` of a canary or linear rollout, in seconds. */
export const BAKE_SECONDS = { min: 0, max: 3_600 } as const;

/** `MaximumExecutionTimeoutInSeconds` of a deployment, in seconds. */
export const MAXIMUM_EXECUTION_SECONDS = { min: 600, max: 28_800 } as const;

/** Share of the fleet, in percent, that one step of a rollout may take. Source: API reference, `TrafficRoutingConfig`, `RollingUpdatePolicy`. */
export const ROLLOUT_STEP_PERCENT = {
  canary: { min: 1, max: 50 },
  linear: { min: 10, max: 50 },
  rolling: { min: 5, max: 50 },
} as const;

/** Most alarms that may roll a deployment back. Source: API reference, `AutoRollbackConfig`. */
export const ROLLBACK_ALARM_LIMIT = 10;

/** Environment of a model's container: entries, and characters of a name and a value. Source: API reference, `ContainerDefinition`. */
export const MODEL_ENVIRONMENT_LIMIT = { entries: 100, nameCharacters: 1_024, valueCharacters: 1_024 } as const;

/** Name of an environment variable of a model's container. Source: API reference, `ContainerDefinition`. */
export const MODEL_ENVIRONMENT_NAME_PATTERN = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Frequencies of enhanced metrics, in seconds. */
export const METRIC_FREQUENCIES_SECONDS = [10, 30, 60, 120, 180, 240, 300] as const;

/** Target tracking on open streams (Deepgram). Cooldowns in seconds; the share of what one instance holds that a target should be. */
export const CONCURRENCY_SCALING = {
  scaleOutCooldownSeconds: 60,
  scaleInCooldownSeconds: 300,
  targetShare: 0.75,
} as const;

/** Log group of an endpoint, one stream an instance. None after a failed create means that the container never started. */
export function endpointLogGroup(endpointName: string): string {
  return `/aws/sagemaker/Endpoints/${endpointName}`;
}
