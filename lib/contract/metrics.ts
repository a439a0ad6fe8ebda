/**
 * The metrics that the platform emits for streams.
 *
 * Source: Deepgram, observability-sagemaker; SageMaker AI developer guide, "Monitor SageMaker AI with CloudWatch".
 * `ModelLatency` is absent on purpose: the platform does not emit it for streams.
 */

/** Namespace of the invocation metrics. Dimensions: `EndpointName`, `VariantName`. */
export const INVOCATION_NAMESPACE = 'AWS/SageMaker';

/** Namespace of the instance metrics. Dimensions: `EndpointName`, `VariantName`. */
export const INSTANCE_NAMESPACE = '/aws/sagemaker/Endpoints';

/** Metrics in {@link INVOCATION_NAMESPACE}. */
export const InvocationMetric = {
  /** Open streams. Minimum and maximum only, every 10 seconds. */
  CONCURRENT_REQUESTS: 'ConcurrentRequestsPerModel',
  /** From open to the first response event. One sample a session, microseconds. */
  FIRST_CHUNK_LATENCY: 'FirstChunkLatency',
  /** Streams that broke after they had begun. */
  MID_STREAM_ERRORS: 'MidStreamErrors',
  INVOCATIONS: 'Invocations',
  INVOCATION_4XX_ERRORS: 'Invocation4XXErrors',
  INVOCATION_5XX_ERRORS: 'Invocation5XXErrors',
  INVOCATION_MODEL_ERRORS: 'InvocationModelErrors',
} as const;

/** Metrics in {@link INSTANCE_NAMESPACE}, percent. CPU and GPU sum over cores and devices, so they may pass 100. */
export const InstanceMetric = {
  CPU_UTILIZATION: 'CPUUtilization',
  MEMORY_UTILIZATION: 'MemoryUtilization',
  GPU_UTILIZATION: 'GPUUtilization',
  GPU_MEMORY_UTILIZATION: 'GPUMemoryUtilization',
  DISK_UTILIZATION: 'DiskUtilization',
} as const;
