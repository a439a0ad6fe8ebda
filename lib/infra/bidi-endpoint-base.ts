import { type IResource, Resource } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type IGrantable, ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { EndpointReference, IEndpointRef } from 'aws-cdk-lib/aws-sagemaker';
import type { IConstruct } from 'constructs';
import { INVOKE_ACTION, STREAM_ACTION } from '../contract';
import { fipsRuntimeUri, runtimeUri, streamUrl } from './runtime-uri';
import type { IProductionVariant, IStreamMetrics } from './stream-metrics';
import { throwIfInvalid } from './violations';

/** Options of a grant on an endpoint. */
export interface GrantInvokeOptions {
  /**
   * Whether the non-streaming operation, `InvokeEndpoint`, is allowed too.
   *
   * @default false
   */
  readonly includeInvokeEndpoint?: boolean;
}

/**
 * An endpoint that streams in both directions, of this app or another. Its metrics are those of its production variant; where it
 * has several, each variant has its own.
 */
export interface IBidiEndpoint extends IResource, IEndpointRef, IStreamMetrics {
  /** Name of the endpoint. */
  readonly endpointName: string;
  /** ARN of the endpoint. */
  readonly endpointArn: string;
  /** Its production variants. */
  readonly variants: readonly IProductionVariant[];
  /** Name of its first production variant. */
  readonly variantName: string;
  /** Name of the log group of its containers. */
  readonly logGroupName: string;
  /** Where streams of its region are opened: `https://runtime.sagemaker.<region>.<suffix>:8443`. */
  readonly runtimeUri: string;
  /** The same at a FIPS 140 validated host, where the region is known to have one. */
  readonly fipsRuntimeUri?: string;
  /** The runtime URI with the operation's path for this endpoint. */
  readonly streamUrl: string;

  /**
   * One of its production variants.
   *
   * @throws InvalidPropsError when it has none of that name.
   */
  variant(variantName: string): IProductionVariant;

  /** Lets a principal open streams to this endpoint, and to no other. */
  grantInvoke(grantee: IGrantable, options?: GrantInvokeOptions): Grant;
}

/** The base of an endpoint of this app and of an imported one. */
export abstract class BidiEndpointBase extends Resource implements IBidiEndpoint {
  abstract readonly endpointName: string;
  abstract readonly endpointArn: string;
  abstract readonly variants: readonly IProductionVariant[];
  abstract readonly logGroupName: string;
  /** The name as text where it is known at synthesis, not as the resource's attribute. */
  protected abstract readonly knownName: string;
  private policy?: ManagedPolicy;

  /** Name of the first production variant. */
  get variantName(): string {
    return this.variants[0]!.variantName;
  }

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

  variant(variantName: string): IProductionVariant {
    return findVariant(this, this.variants, variantName);
  }

  metric(metricName: string, props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metric').metric(metricName, props);
  }

  metricFirstChunkLatency(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricFirstChunkLatency').metricFirstChunkLatency(props);
  }

  metricConcurrentRequests(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricConcurrentRequests').metricConcurrentRequests(props);
  }

  metricMidStreamErrors(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricMidStreamErrors').metricMidStreamErrors(props);
  }

  metricInvocations(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricInvocations').metricInvocations(props);
  }

  metric4xxErrors(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metric4xxErrors').metric4xxErrors(props);
  }

  metric5xxErrors(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metric5xxErrors').metric5xxErrors(props);
  }

  metricModelErrors(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricModelErrors').metricModelErrors(props);
  }

  metricCpuUtilization(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricCpuUtilization').metricCpuUtilization(props);
  }

  metricMemoryUtilization(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricMemoryUtilization').metricMemoryUtilization(props);
  }

  metricGpuUtilization(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricGpuUtilization').metricGpuUtilization(props);
  }

  metricGpuMemoryUtilization(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricGpuMemoryUtilization').metricGpuMemoryUtilization(props);
  }

  metricDiskUtilization(props?: MetricOptions): Metric {
    return onlyVariant(this, this.variants, 'metricDiskUtilization').metricDiskUtilization(props);
  }
}

/**
 * The variant of that name.
 *
 * @throws InvalidPropsError that names those that there are, when there is none of that name.
 */
export function findVariant<T extends IProductionVariant>(
  endpoint: IConstruct,
  variants: readonly T[],
  variantName: string,
): T {
  const found = variants.find(variant => variant.variantName === variantName);
  const names = variants.map(variant => variant.variantName).join(', ');
  throwIfInvalid(endpoint.node.path, [
    found ? undefined : `The endpoint has no production variant ${variantName}; it has ${names}.`,
  ]);
  return found!;
}

/**
 * The variant that a method of the endpoint is about.
 *
 * @throws InvalidPropsError when the endpoint has several.
 */
export function onlyVariant<T extends IProductionVariant>(
  endpoint: IConstruct,
  variants: readonly T[],
  method: string,
): T {
  const [first, ...others] = variants;
  throwIfInvalid(endpoint.node.path, [
    others.length > 0
      ? `${method} is about one production variant and the endpoint has ${variants.length}; name it: endpoint.variant('${first!.variantName}').${method}(...).`
      : undefined,
  ]);
  return first!;
}
