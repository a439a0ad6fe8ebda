import { type Duration, Token } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import {
  DEFAULT_INSTANCE_TYPE,
  INSTANCE_POOL_LIMIT,
  INSTANCE_TYPE_PATTERN,
  isArmInstanceType,
  PROVISION_TIMEOUT_SECONDS,
} from '../contract';
import { durationViolation, numberViolation, type Violation } from './violations';

/** The instances that an endpoint runs on. */
export interface HostingCapacityProps {
  /**
   * Instance type. Not together with `instanceTypes`.
   *
   * @default 'ml.g6.2xlarge'
   */
  readonly instanceType?: string;
  /**
   * One to five instance types, best first. The platform takes the next one when a type has no capacity. A missing
   * quota makes the deployment fail: the account needs quota for every type. Not in every region.
   *
   * @default - `instanceType` alone
   */
  readonly instanceTypes?: readonly string[];
  /**
   * How long the platform looks for capacity, over all instance types together: whole seconds, 300 s to 1 h.
   *
   * @default - 5 minutes for each of `instanceTypes`; the platform's own limit with one type
   */
  readonly provisionTimeout?: Duration;
  /**
   * Number of instances to begin with.
   *
   * @default 1
   */
  readonly instanceCount?: number;
}

/** The instance types that are asked for, best first. */
export function instanceTypesOf({ instanceType, instanceTypes }: HostingCapacityProps): readonly string[] {
  return instanceTypes ?? [instanceType ?? DEFAULT_INSTANCE_TYPE];
}

/** The platform that the instance types run, such as `linux/amd64`. */
export function hostingPlatform(props: HostingCapacityProps): string {
  return (armTypesOf(props).length > 0 ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64).platform;
}

function armTypesOf(props: HostingCapacityProps): string[] {
  return instanceTypesOf(props).filter(type => !Token.isUnresolved(type) && isArmInstanceType(type));
}

/** The violations in the capacity that is asked for. */
export function capacityViolations(props: HostingCapacityProps): Violation[] {
  const types = instanceTypesOf(props);
  const repeated = types.filter((type, index) => types.indexOf(type) < index);
  const arm = armTypesOf(props);
  return [
    arm.length > 0 && arm.length < types.length
      ? `instanceTypes mixes Arm types (${arm.join(', ')}) with others; one image runs on one kind of processor only.`
      : undefined,
    props.instanceType !== undefined && props.instanceTypes !== undefined
      ? 'instanceType and instanceTypes exclude each other; give one of them.'
      : undefined,
    types.length < 1 || types.length > INSTANCE_POOL_LIMIT
      ? `instanceTypes names ${types.length} types; 1 to ${INSTANCE_POOL_LIMIT} are allowed.`
      : undefined,
    repeated.length > 0 ? `instanceTypes names ${repeated.join(', ')} more than once.` : undefined,
    ...types.map(type =>
      Token.isUnresolved(type) || INSTANCE_TYPE_PATTERN.test(type)
        ? undefined
        : `"${type}" is not a hosting instance type, such as ${DEFAULT_INSTANCE_TYPE}.`,
    ),
    numberViolation('instanceCount', props.instanceCount, { min: 1, max: Number.MAX_SAFE_INTEGER }),
    durationViolation('provisionTimeout', props.provisionTimeout, PROVISION_TIMEOUT_SECONDS),
  ];
}

/** The capacity as a production variant takes it. */
export function renderCapacity(
  props: HostingCapacityProps,
): Pick<
  CfnEndpointConfig.ProductionVariantProperty,
  'instanceType' | 'instancePools' | 'initialInstanceCount' | 'variantInstanceProvisionTimeoutInSeconds'
> {
  const [first, ...others] = instanceTypesOf(props);
  const pool = others.length > 0 ? [first!, ...others] : undefined;
  return {
    instanceType: pool ? undefined : first,
    instancePools: pool?.map((instanceType, index) => ({ instanceType, priority: index + 1 })),
    initialInstanceCount: props.instanceCount ?? 1,
    variantInstanceProvisionTimeoutInSeconds:
      props.provisionTimeout?.toSeconds() ?? (pool && pool.length * PROVISION_TIMEOUT_SECONDS.recommendedPerType),
  };
}
