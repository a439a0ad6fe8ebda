import { Annotations, Duration, Stack, Token } from 'aws-cdk-lib';
import {
  PredefinedMetric,
  ScalableTarget,
  type ScalingSchedule,
  ServiceNamespace,
} from 'aws-cdk-lib/aws-applicationautoscaling';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { BURSTABLE_INSTANCE_FAMILIES, CONCURRENCY_SCALING, instanceFamily } from '../contract';
import type { Rollout } from './rollout';
import { numberViolation, throwIfInvalid, type Violation } from './violations';

/** How the number of instances follows the number of open streams. */
export interface ConcurrencyScalingProps {
  /**
   * Fewest instances. At least 1: an endpoint without instances cannot take a stream.
   *
   * @default 1
   */
  readonly minCapacity?: number;
  /** Most instances. The account needs quota for as many, and for twice as many while an update is under way. */
  readonly maxCapacity: number;
  /**
   * Open streams that one instance should have. 70 to 80 % of what it holds at a latency that you accept: measure it, then
   * leave the rest for the minutes that a new instance takes to start.
   */
  readonly targetConcurrency: number;
  /**
   * Pause after instances were added before more are.
   *
   * @default Duration.seconds(60)
   */
  readonly scaleOutCooldown?: Duration;
  /**
   * Pause after instances were removed before more are.
   *
   * @default Duration.seconds(300)
   */
  readonly scaleInCooldown?: Duration;
  /**
   * Whether instances are only ever added. When one is removed, its streams have 30 seconds to end.
   *
   * @default false
   */
  readonly disableScaleIn?: boolean;
  /**
   * Times at which minimum and maximum change, by a name for each.
   *
   * @default - they stay
   */
  readonly schedules?: Readonly<Record<string, ScalingSchedule>>;
  /**
   * Whether the endpoint is left without its scalable target for now; it keeps the instances that it has. SageMaker refuses to change
   * the instance types of a variant that is a scalable target, or to remove the variant, and CloudFormation deletes resources only
   * after it has updated the others. So such a change takes two deployments: the first with scaling paused and nothing else changed,
   * the second with the change and without the pause.
   *
   * Source: developer guide, "Update endpoints that use auto scaling".
   *
   * @default false
   */
  readonly paused?: boolean;
}

/** The production variant that is scaled. */
interface VariantScalingProps extends ConcurrencyScalingProps {
  /** The variant as Application Auto Scaling names it. */
  readonly resourceId: string;
  readonly instanceTypes: readonly string[];
  readonly instanceCount?: number;
  readonly rollout?: Rollout;
}

/**
 * Target tracking on the number of open streams, which the platform counts every 10 seconds. Made by
 * `autoScaleConcurrency` of a `BidiEndpoint` or of one of its variants.
 */
export class ConcurrencyScaling extends Construct {
  /** The scaled number of instances; `undefined` while scaling is paused. */
  readonly target?: ScalableTarget;

  /**
   * Scales one production variant.
   *
   * @internal
   *
   * @throws InvalidPropsError with every violation in the properties.
   */
  static _of(scope: Construct, id: string, props: VariantScalingProps): ConcurrencyScaling {
    return new ConcurrencyScaling(scope, id, props);
  }

  /** @throws InvalidPropsError with every violation in the properties. */
  private constructor(scope: Construct, id: string, props: VariantScalingProps) {
    super(scope, id);
    const { minCapacity = 1, maxCapacity } = props;
    throwIfInvalid(this.node.path, scalingViolations({ ...props, minCapacity }));
    if (props.instanceCount !== undefined) {
      Annotations.of(this).addInfoV2(
        'sagemaker-bidi-kit:scaledInstanceCount',
        `instanceCount ${props.instanceCount} counts for the first deployment only. Scaling keeps its own count across updates; change minCapacity and maxCapacity instead.`,
      );
    }

    if (props.paused) return;
    this.target = new ScalableTarget(this, 'Target', {
      serviceNamespace: ServiceNamespace.SAGEMAKER,
      resourceId: props.resourceId,
      scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      minCapacity,
      maxCapacity,
      role: this.serviceLinkedRole(),
    });
    this.target.scaleToTrackMetric('OpenStreams', {
      predefinedMetric: PredefinedMetric.SAGEMAKER_VARIANT_CONCURRENT_REQUESTS_PER_MODEL_HIGH_RESOLUTION,
      targetValue: props.targetConcurrency,
      scaleOutCooldown: props.scaleOutCooldown ?? Duration.seconds(CONCURRENCY_SCALING.scaleOutCooldownSeconds),
      scaleInCooldown: props.scaleInCooldown ?? Duration.seconds(CONCURRENCY_SCALING.scaleInCooldownSeconds),
      disableScaleIn: props.disableScaleIn,
    });
    for (const [name, schedule] of Object.entries(props.schedules ?? {})) this.target.scaleOnSchedule(name, schedule);
  }

  /** Application Auto Scaling creates this role by itself and takes no other for SageMaker. */
  private serviceLinkedRole() {
    const roleArn = Stack.of(this).formatArn({
      service: 'iam',
      region: '',
      resource: 'role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com',
      resourceName: 'AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
    });
    return Role.fromRoleArn(this, 'Role', roleArn, { mutable: false });
  }
}

function scalingViolations(props: VariantScalingProps & { readonly minCapacity: number }): Violation[] {
  const { minCapacity, maxCapacity, targetConcurrency, instanceCount, instanceTypes, schedules = {} } = props;
  const known = (value: number | undefined): value is number => value !== undefined && !Token.isUnresolved(value);
  const minima = [minCapacity, ...Object.values(schedules).map(schedule => schedule.minCapacity)].filter(known);
  const whole = { min: 1, max: Number.MAX_SAFE_INTEGER };
  const burstable = instanceTypes.filter(type => BURSTABLE_INSTANCE_FAMILIES.includes(instanceFamily(type) ?? ''));
  return [
    numberViolation('minCapacity', minCapacity, whole),
    numberViolation('maxCapacity', maxCapacity, whole),
    known(minCapacity) && known(maxCapacity) && maxCapacity < minCapacity
      ? `maxCapacity is ${maxCapacity} and minCapacity ${minCapacity}; it must not be less.`
      : undefined,
    known(instanceCount) &&
    ((known(minCapacity) && instanceCount < minCapacity) || (known(maxCapacity) && instanceCount > maxCapacity))
      ? `instanceCount is ${instanceCount}; it must lie between minCapacity ${minCapacity} and maxCapacity ${maxCapacity}.`
      : undefined,
    !known(targetConcurrency) || targetConcurrency > 0
      ? undefined
      : `targetConcurrency is ${targetConcurrency}; it must be more than 0 open streams.`,
    // The fleet may be at its smallest when an update comes.
    minima.length > 0 ? props.rollout?._fleetViolation(Math.min(...minima), 'and scaling allows') : undefined,
    burstable.length > 0
      ? `Scaling on concurrency is not for burstable types (${burstable.join(', ')}): what one of them holds depends on its CPU credits.`
      : undefined,
  ];
}
