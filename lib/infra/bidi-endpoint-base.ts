import { Duration, Resource } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats, Unit } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type IGrantable, ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { EndpointReference, IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import {
  INSTANCE_NAMESPACE,
  INVOCATION_NAMESPACE,
  INVOKE_ACTION,
  InstanceMetric,
  InvocationMetric,
  STREAM_ACTION,
} from '../contract';
import { fipsRuntimeUri, runtimeUri, streamUrl } from './runtime-uri';

/** What a principal may do with an endpoint. */
export interface GrantInvokeOptions {
  /**
   * Whether the non-streaming operation, `InvokeEndpoint`, is allowed too.
   *
   * @default false
   */
  readonly includeInvokeEndpoint?: boolean;
}

/** An endpoint that streams in both directions, of this app or another. */
export interface IBidiEndpoint extends IEndpoint {
  /** Name of its one production variant. */
  readonly variantName: string;
  /** Name of the log group of its containers. */
  readonly logGroupName: string;
  /** Where streams of its region are opened: `https://runtime.sagemaker.<region>.<suffix>:8443`. */
  readonly runtimeUri: string;
  /** The same at a FIPS 140 validated host, where the region is known to have one. */
  readonly fipsRuntimeUri?: string;
  /** The runtime URI with the operation's path for this endpoint. */
  readonly streamUrl: string;

  /** Lets a principal open streams to this endpoint, and to no other. */
  grantInvoke(grantee: IGrantable, options?: GrantInvokeOptions): Grant;

  /**
   * A metric of the endpoint's variant by its CloudWatch name. Average over 5 minutes by default.
   *
   * @param metricName such as `ModelSetupTime`. Utilisation metrics of the instances are found in their own namespace.
   */
  metric(metricName: string, props?: MetricOptions): Metric;
  /** Time from open to the first response, in microseconds. One sample a session. p99 over 5 minutes by default. */
  metricFirstChunkLatency(props?: MetricOptions): Metric;
  /** Open streams. Maximum over 1 minute by default; the platform emits it every 10 seconds, minimum and maximum only. */
  metricConcurrentRequests(props?: MetricOptions): Metric;
  /** Streams that broke after they had begun. Sum over 5 minutes by default. */
  metricMidStreamErrors(props?: MetricOptions): Metric;
  /** Streams that were asked for. Sum over 5 minutes by default. */
  metricInvocations(props?: MetricOptions): Metric;
  /** Streams that were refused for the caller's fault. Sum over 5 minutes by default. */
  metric4xxErrors(props?: MetricOptions): Metric;
  /** Streams that were refused for the platform's or the container's fault. Sum over 5 minutes by default. */
  metric5xxErrors(props?: MetricOptions): Metric;
  /** Streams that the container refused or failed. Sum over 5 minutes by default. */
  metricModelErrors(props?: MetricOptions): Metric;
  /** Processors, in percent, summed over cores. Average over 5 minutes by default. */
  metricCpuUtilization(props?: MetricOptions): Metric;
  /** Memory, in percent. Average over 5 minutes by default. */
  metricMemoryUtilization(props?: MetricOptions): Metric;
  /** GPUs, in percent, summed over devices. Average over 5 minutes by default. */
  metricGpuUtilization(props?: MetricOptions): Metric;
  /** GPU memory, in percent, summed over devices. Average over 5 minutes by default. */
  metricGpuMemoryUtilization(props?: MetricOptions): Metric;
  /** Disk, in percent. Average over 5 minutes by default. */
  metricDiskUtilization(props?: MetricOptions): Metric;
}

const INSTANCE_METRICS: readonly string[] = Object.values(InstanceMetric);

/** What an endpoint of this app and an imported one have in common. */
export abstract class BidiEndpointBase extends Resource implements IBidiEndpoint {
  abstract readonly endpointName: string;
  abstract readonly endpointArn: string;
  abstract readonly variantName: string;
  abstract readonly logGroupName: string;
  /**
   * The name as text where it is known at synthesis. Metrics use it instead of the resource's attribute, so that an alarm can
   * exist before the endpoint whose deployment it guards.
   */
  protected abstract readonly knownName: string;
  private policy?: ManagedPolicy;

  /** `https://runtime.sagemaker.<region>.<suffix>:8443` */
  get runtimeUri(): string {
    return runtimeUri(this.env.region, this.stack.urlSuffix);
  }

  /** The same at a FIPS 140 validated host, where the region is known to have one. */
  get fipsRuntimeUri(): string | undefined {
    return fipsRuntimeUri(this.env.region, this.stack.urlSuffix);
  }

  /** The runtime URI with the operation's path for this endpoint. */
  get streamUrl(): string {
    return streamUrl(this.runtimeUri, this.knownName);
  }

  get endpointRef(): EndpointReference {
    return { endpointArn: this.endpointArn };
  }

  grantInvoke(grantee: IGrantable, { includeInvokeEndpoint = false }: GrantInvokeOptions = {}): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: includeInvokeEndpoint ? [STREAM_ACTION, INVOKE_ACTION] : [STREAM_ACTION],
      resourceArns: [this.endpointArn],
    });
  }

  /** A managed policy that lets its principals open streams to this endpoint: for applications outside this app. */
  invokePolicy(): ManagedPolicy {
    if (!this.policy) {
      this.policy = new ManagedPolicy(this, 'InvokePolicy', { description: `Opens streams to ${this.knownName}` });
      this.grantInvoke(this.policy);
    }
    return this.policy;
  }

  metricFirstChunkLatency(props?: MetricOptions): Metric {
    return this.metric(InvocationMetric.FIRST_CHUNK_LATENCY, {
      statistic: Stats.p(99),
      unit: Unit.MICROSECONDS,
      ...props,
    });
  }

  metricConcurrentRequests(props?: MetricOptions): Metric {
    return this.metric(InvocationMetric.CONCURRENT_REQUESTS, {
      statistic: Stats.MAXIMUM,
      period: Duration.minutes(1),
      ...props,
    });
  }

  metricMidStreamErrors(props?: MetricOptions): Metric {
    return this.metric(InvocationMetric.MID_STREAM_ERRORS, { statistic: Stats.SUM, ...props });
  }

  metricInvocations(props?: MetricOptions): Metric {
    return this.metric(InvocationMetric.INVOCATIONS, { statistic: Stats.SUM, ...props });
  }

  metric4xxErrors(props?: MetricOptions): Metric {
    return this.metric(InvocationMetric.INVOCATION_4XX_ERRORS, { statistic: Stats.SUM, ...props });
  }

  metric5xxErrors(props?: MetricOptions): Metric {
    return this.metric(InvocationMetric.INVOCATION_5XX_ERRORS, { statistic: Stats.SUM, ...props });
  }

  metricModelErrors(props?: MetricOptions): Metric {
    return this.metric(InvocationMetric.INVOCATION_MODEL_ERRORS, { statistic: Stats.SUM, ...props });
  }

  metricCpuUtilization(props?: MetricOptions): Metric {
    return this.instanceMetric(InstanceMetric.CPU_UTILIZATION, props);
  }

  metricMemoryUtilization(props?: MetricOptions): Metric {
    return this.instanceMetric(InstanceMetric.MEMORY_UTILIZATION, props);
  }

  metricGpuUtilization(props?: MetricOptions): Metric {
    return this.instanceMetric(InstanceMetric.GPU_UTILIZATION, props);
  }

  metricGpuMemoryUtilization(props?: MetricOptions): Metric {
    return this.instanceMetric(InstanceMetric.GPU_MEMORY_UTILIZATION, props);
  }

  metricDiskUtilization(props?: MetricOptions): Metric {
    return this.instanceMetric(InstanceMetric.DISK_UTILIZATION, props);
  }

  /** Counts carry no unit: the platform emits them without one, and a unit here would filter them out. */
  metric(metricName: string, props?: MetricOptions): Metric {
    return new Metric({
      namespace: INSTANCE_METRICS.includes(metricName) ? INSTANCE_NAMESPACE : INVOCATION_NAMESPACE,
      metricName,
      dimensionsMap: { EndpointName: this.knownName, VariantName: this.variantName },
      ...props,
    }).attachTo(this);
  }

  private instanceMetric(metricName: string, props?: MetricOptions): Metric {
    return this.metric(metricName, { statistic: Stats.AVERAGE, unit: Unit.PERCENT, ...props });
  }
}
