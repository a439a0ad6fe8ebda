import {
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointConfigOutput,
  type DescribeEndpointOutput,
  type EndpointStatus,
  type ProductionVariant,
  type ProductionVariantSummary,
} from '@aws-sdk/client-sagemaker';
import { type Answer, type ControlPlane, type NoAnswer, sayNoAnswer } from '../aws';

/** An endpoint as AWS describes it, with its variants, its scaling and its last deployment. */
export interface EndpointState {
  readonly endpointName: string;
  readonly status: EndpointStatus;
  /** Why it failed, in the platform's words. */
  readonly failureReason?: string;
  readonly configName?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
  /** When its status last changed, ISO 8601. */
  readonly changedAt?: string;
  readonly variants: readonly VariantState[];
  /** How the last update was rolled out; absent when there was none. */
  readonly lastDeployment?: DeploymentState;
  /** Descriptions that could not be read, each with the reason. */
  readonly unknown: readonly string[];
}

/** One production variant. */
export interface VariantState {
  readonly name: string;
  readonly currentInstances?: number;
  readonly desiredInstances?: number;
  /** Types in the order of the pool; with counts where the platform gives them. */
  readonly instanceTypes: readonly { readonly type: string; readonly instances?: number }[];
  readonly weight?: number;
  /** Stages of a deployment that are under way, such as `Baking`. */
  readonly stages: readonly string[];
  readonly inferenceAmi?: string;
  /** `ModelDataDownloadTimeoutInSeconds`. */
  readonly downloadTimeoutSeconds?: number;
  /** `ContainerStartupHealthCheckTimeoutInSeconds`. */
  readonly healthCheckTimeoutSeconds?: number;
  /** `null` when the variant is not scaled; absent when that could not be read. */
  readonly scaling?: ScalingState | null;
}

/** How a variant is scaled. */
export interface ScalingState {
  readonly minCapacity: number;
  readonly maxCapacity: number;
  readonly policies: readonly { readonly name: string; readonly metric?: string; readonly target?: number }[];
  /** The last scaling activity. */
  readonly lastActivity?: { readonly at: string; readonly status: string; readonly description: string };
}

/** How an update is rolled out. */
export interface DeploymentState {
  /** `ALL_AT_ONCE`, `CANARY`, `LINEAR` or `ROLLING`. */
  readonly strategy: string;
  /** How long the old fleet stays after the traffic moved, in seconds. */
  readonly terminationWaitSeconds?: number;
  /** Alarms that roll it back. */
  readonly alarms: readonly string[];
}

/** Describes an endpoint with its configuration and scaling. Only the endpoint itself has to be readable. */
export async function readEndpointState(plane: ControlPlane, endpointName: string): Promise<Answer<EndpointState>> {
  const endpoint = await plane.ask('sagemaker:DescribeEndpoint', abortSignal =>
    plane.sageMaker.send(new DescribeEndpointCommand({ EndpointName: endpointName }), { abortSignal }),
  );
  if (endpoint.kind !== 'answered') return endpoint;
  const described = endpoint.value;
  const [config, scaling] = await Promise.all([readConfig(plane, described), readScaling(plane, described)]);
  const unanswered = [config, scaling].filter((answer): answer is NoAnswer => answer.kind !== 'answered');
  const configured = config.kind === 'answered' ? (config.value?.ProductionVariants ?? []) : [];
  const scaled = (name: string) => (scaling.kind === 'answered' ? (scaling.value.get(name) ?? null) : undefined);
  const summaries = new Map((described.ProductionVariants ?? []).map(summary => [summary.VariantName!, summary]));
  // While it is created, only the configuration knows the variants.
  const names = [...new Set([...summaries.keys(), ...configured.map(variant => variant.VariantName!)])];
  return {
    kind: 'answered',
    value: {
      endpointName,
      status: described.EndpointStatus!,
      failureReason: described.FailureReason,
      configName: described.EndpointConfigName,
      createdAt: described.CreationTime?.toISOString(),
      changedAt: described.LastModifiedTime?.toISOString(),
      variants: names.map(name =>
        variantState(
          name,
          summaries.get(name),
          configured.find(variant => variant.VariantName === name),
          scaled(name),
        ),
      ),
      lastDeployment: deploymentState(described),
      unknown: unanswered.map(sayNoAnswer),
    },
  };
}

function variantState(
  name: string,
  summary: ProductionVariantSummary | undefined,
  config: ProductionVariant | undefined,
  scaling: ScalingState | null | undefined,
): VariantState {
  const running = summary?.InstancePools?.map(pool => ({
    type: pool.InstanceType as string,
    instances: pool.CurrentInstanceCount,
  }));
  const pool = config?.InstancePools?.toSorted((one, other) => one.Priority! - other.Priority!);
  const planned = pool?.map(rung => rung.InstanceType as string) ?? (config?.InstanceType ? [config.InstanceType] : []);
  return {
    name,
    currentInstances: summary?.CurrentInstanceCount,
    desiredInstances: summary?.DesiredInstanceCount ?? config?.InitialInstanceCount,
    instanceTypes: running?.length ? running : planned.map(type => ({ type })),
    weight: summary?.CurrentWeight ?? config?.InitialVariantWeight,
    stages: (summary?.VariantStatus ?? []).map(stage => stage.StatusMessage ?? stage.Status!),
    inferenceAmi: config?.InferenceAmiVersion,
    downloadTimeoutSeconds: config?.ModelDataDownloadTimeoutInSeconds,
    healthCheckTimeoutSeconds: config?.ContainerStartupHealthCheckTimeoutInSeconds,
    scaling,
  };
}

function deploymentState({ LastDeploymentConfig: deployment }: DescribeEndpointOutput): DeploymentState | undefined {
  if (!deployment) return undefined;
  const blueGreen = deployment.BlueGreenUpdatePolicy;
  return {
    strategy: blueGreen?.TrafficRoutingConfiguration?.Type ?? 'ROLLING',
    terminationWaitSeconds: blueGreen?.TerminationWaitInSeconds,
    alarms: (deployment.AutoRollbackConfiguration?.Alarms ?? []).flatMap(alarm => alarm.AlarmName ?? []),
  };
}

async function readConfig(
  plane: ControlPlane,
  endpoint: DescribeEndpointOutput,
): Promise<Answer<DescribeEndpointConfigOutput | undefined>> {
  const name = endpoint.EndpointConfigName ?? endpoint.PendingDeploymentSummary?.EndpointConfigName;
  if (name === undefined) return { kind: 'answered', value: undefined };
  return plane.ask('sagemaker:DescribeEndpointConfig', abortSignal =>
    plane.sageMaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: name }), { abortSignal }),
  );
}

async function readScaling(
  plane: ControlPlane,
  endpoint: DescribeEndpointOutput,
): Promise<Answer<Map<string, ScalingState>>> {
  const variants = (endpoint.ProductionVariants ?? []).map(variant => variant.VariantName!);
  if (variants.length === 0) return { kind: 'answered', value: new Map() };
  const client = plane.applicationAutoScaling;
  const resourceId = (variant: string) => `endpoint/${endpoint.EndpointName}/variant/${variant}`;
  return plane.ask('application-autoscaling:DescribeScalableTargets', async abortSignal => {
    const { ScalableTargets: targets = [] } = await client.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker', ResourceIds: variants.map(resourceId) }),
      { abortSignal },
    );
    const scaling = new Map<string, ScalingState>();
    for (const target of targets) {
      const resource = { ServiceNamespace: 'sagemaker', ResourceId: target.ResourceId! } as const;
      const { ScalingPolicies: policies = [] } = await client.send(new DescribeScalingPoliciesCommand(resource), {
        abortSignal,
      });
      const { ScalingActivities: activities = [] } = await client.send(
        new DescribeScalingActivitiesCommand({ ...resource, MaxResults: 1 }),
        { abortSignal },
      );
      const [last] = activities;
      scaling.set(variants.find(variant => resourceId(variant) === target.ResourceId)!, {
        minCapacity: target.MinCapacity!,
        maxCapacity: target.MaxCapacity!,
        policies: policies.map(policy => {
          const tracking = policy.TargetTrackingScalingPolicyConfiguration;
          return {
            name: policy.PolicyName!,
            metric:
              tracking?.PredefinedMetricSpecification?.PredefinedMetricType ??
              tracking?.CustomizedMetricSpecification?.MetricName,
            target: tracking?.TargetValue,
          };
        }),
        lastActivity: last && {
          at: last.StartTime!.toISOString(),
          status: last.StatusCode!,
          description: last.StatusMessage ?? last.Description!,
        },
      });
    }
    return scaling;
  });
}
