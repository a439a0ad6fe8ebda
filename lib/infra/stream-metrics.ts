import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats, Unit } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { INSTANCE_NAMESPACE, INVOCATION_NAMESPACE, InstanceMetric, InvocationMetric } from '../contract';

/** The metrics that SageMaker publishes for streams, each of one production variant. */
export interface IStreamMetrics {
  /**
   * A metric by its CloudWatch name. Average over 5 minutes by default.
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
  /** Streams that were refused because of the caller. Sum over 5 minutes by default. */
  metric4xxErrors(props?: MetricOptions): Metric;
  /** Streams that were refused because of the platform or the container. Sum over 5 minutes by default. */
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

/** A production variant of an endpoint of this app or another. */
export interface IProductionVariant extends IStreamMetrics {
  /** Name of the variant, for `X-Amzn-SageMaker-Target-Variant`. */
  readonly variantName: string;
}

const INSTANCE_METRICS: readonly string[] = Object.values(InstanceMetric);

/** The metrics of one production variant. */
export class VariantMetrics implements IProductionVariant {
  /**
   * @param scope construct whose account and region the metrics are of
   * @param endpointName as text where it is known at synthesis. Not the resource's attribute, so that an alarm can exist before the
   * endpoint whose deployment it guards.
   * @param variantName name of the variant
   */
  constructor(
    private readonly scope: IConstruct,
    private readonly endpointName: string,
    readonly variantName: string,
  ) {}

  /** Counts carry no unit: the platform emits them without one, and a unit here would filter them out. */
  metric(metricName: string, props?: MetricOptions): Metric {
    return new Metric({
      namespace: INSTANCE_METRICS.includes(metricName) ? INSTANCE_NAMESPACE : INVOCATION_NAMESPACE,
      metricName,
      dimensionsMap: { EndpointName: this.endpointName, VariantName: this.variantName },
      ...props,
    }).attachTo(this.scope);
  }

  metricFirstChunkLatency(props?: MetricOptions): Metric {
    const unit = Unit.MICROSECONDS;
    return this.metric(InvocationMetric.FIRST_CHUNK_LATENCY, { statistic: Stats.p(99), unit, ...props });
  }

  metricConcurrentRequests(props?: MetricOptions): Metric {
    const period = Duration.minutes(1);
    return this.metric(InvocationMetric.CONCURRENT_REQUESTS, { statistic: Stats.MAXIMUM, period, ...props });
  }

  metricMidStreamErrors(props?: MetricOptions): Metric {
    return this.count(InvocationMetric.MID_STREAM_ERRORS, props);
  }

  metricInvocations(props?: MetricOptions): Metric {
    return this.count(InvocationMetric.INVOCATIONS, props);
  }

  metric4xxErrors(props?: MetricOptions): Metric {
    return this.count(InvocationMetric.INVOCATION_4XX_ERRORS, props);
  }

  metric5xxErrors(props?: MetricOptions): Metric {
    return this.count(InvocationMetric.INVOCATION_5XX_ERRORS, props);
  }

  metricModelErrors(props?: MetricOptions): Metric {
    return this.count(InvocationMetric.INVOCATION_MODEL_ERRORS, props);
  }

  metricCpuUtilization(props?: MetricOptions): Metric {
    return this.utilization(InstanceMetric.CPU_UTILIZATION, props);
  }

  metricMemoryUtilization(props?: MetricOptions): Metric {
    return this.utilization(InstanceMetric.MEMORY_UTILIZATION, props);
  }

  metricGpuUtilization(props?: MetricOptions): Metric {
    return this.utilization(InstanceMetric.GPU_UTILIZATION, props);
  }

  metricGpuMemoryUtilization(props?: MetricOptions): Metric {
    return this.utilization(InstanceMetric.GPU_MEMORY_UTILIZATION, props);
  }

  metricDiskUtilization(props?: MetricOptions): Metric {
    return this.utilization(InstanceMetric.DISK_UTILIZATION, props);
  }

  private count(metricName: string, props?: MetricOptions): Metric {
    return this.metric(metricName, { statistic: Stats.SUM, ...props });
  }

  private utilization(metricName: string, props?: MetricOptions): Metric {
    return this.metric(metricName, { statistic: Stats.AVERAGE, unit: Unit.PERCENT, ...props });
  }
}
