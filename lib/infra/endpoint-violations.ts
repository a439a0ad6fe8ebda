import { RemovalPolicy, Token } from 'aws-cdk-lib';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import {
  DEFAULT_VARIANT_NAME,
  endpointLogGroup,
  endpointNameViolation,
  instanceFamily,
  METRIC_FREQUENCIES_SECONDS,
  PRODUCTION_VARIANT_LIMIT,
} from '../contract';
import type { BidiEndpointProps } from './bidi-endpoint-props';
import { instanceTypesOf } from './hosting-capacity';
import { type ProductionVariantProps, variantViolations } from './production-variant';
import type { Violation } from './violations';

/** The violations in an endpoint's properties, as far as they can be judged without the models. */
export function endpointViolations(props: BidiEndpointProps): Violation[] {
  const { endpointName, metrics, vpc, rollout, variants } = props;
  const inferentia = inferentiaTypesOf(props);
  return [
    known(endpointName) ? endpointNameViolation(endpointName) : undefined,
    ...(variants ? variantsViolations(variants, props) : variantViolations(props)),
    metrics?.frequency &&
    !metrics.frequency.isUnresolved() &&
    !(METRIC_FREQUENCIES_SECONDS as readonly number[]).includes(metrics.frequency.toSeconds())
      ? `metrics.frequency is ${metrics.frequency.toSeconds()} s; allowed are ${METRIC_FREQUENCIES_SECONDS.join(', ')} s.`
      : undefined,
    props.removalPolicy === RemovalPolicy.SNAPSHOT
      ? 'removalPolicy SNAPSHOT means nothing for an endpoint, of which no snapshot can be taken; use RETAIN or DESTROY.'
      : undefined,
    props.logGroup && (props.logRetention !== undefined || props.logEncryptionKey)
      ? 'logRetention and logEncryptionKey mean nothing with a logGroup, which has its own.'
      : undefined,
    logGroupNameViolation(props),
    !vpc && (props.vpcSubnets || props.securityGroups)
      ? 'vpcSubnets and securityGroups mean nothing without a vpc.'
      : undefined,
    props.securityGroups?.length === 0 ? 'securityGroups is empty; name at least one, or leave it out.' : undefined,
    ...(rollout?._violations() ?? []),
    ...(variants ?? [props]).map(({ instanceCount }) => rollout?._fleetViolation(instanceCount ?? 1)),
    // Source of both: developer guide, "Deployment guardrails", "Exclusions".
    rollout && inferentia.length > 0
      ? `rollout is not for ${inferentia.join(', ')}: the platform updates Inf1 instances all at once, without steps, alarms or a wait.`
      : undefined,
    rollout?.isRolling && variants && variants.length > 1
      ? 'A rolling rollout is not for several variants: the platform excludes them. Use allAtOnce, canary or linear.'
      : undefined,
  ];
}

/** SageMaker writes to the log group of this name and to no other. */
function logGroupNameViolation({ endpointName, logGroup }: BidiEndpointProps): Violation {
  // The name of a group of this app is a token; its L1 holds the name that was given.
  const l1 = logGroup?.node.defaultChild as CfnLogGroup | undefined;
  const name = l1?.logGroupName ?? logGroup?.logGroupName;
  if (!known(name) || !known(endpointName) || name === endpointLogGroup(endpointName)) return undefined;
  return `logGroup is named ${name}; SageMaker writes to ${endpointLogGroup(endpointName)}.`;
}

/** The violations in a list of variants. */
function variantsViolations(variants: readonly ProductionVariantProps[], endpoint: BidiEndpointProps): Violation[] {
  const names = variants.map(({ variantName }) => variantName ?? DEFAULT_VARIANT_NAME);
  const repeated = names.filter((name, index) => names.indexOf(name) < index);
  const misplaced = VARIANT_PROPERTIES.filter(name => endpoint[name] !== undefined);
  const weights = variants.map(({ weight = 1 }) => weight);
  return [
    misplaced.length > 0
      ? `${misplaced.join(', ')} and variants exclude each other; say it of each variant.`
      : undefined,
    variants.length < 1 || variants.length > PRODUCTION_VARIANT_LIMIT
      ? `variants names ${variants.length} variants; 1 to ${PRODUCTION_VARIANT_LIMIT} are allowed.`
      : undefined,
    repeated.length > 0
      ? `Several variants have the name ${[...new Set(repeated)].join(', ')}; give each a variantName of its own.`
      : undefined,
    names.some(name => Token.isUnresolved(name))
      ? 'A variantName is known at deployment only (a token); with variants it has to be a value.'
      : undefined,
    weights.length > 0 && weights.every(weight => weight === 0)
      ? 'The weight of every variant is 0; at least one has to be more, or no stream finds an instance.'
      : undefined,
    ...variants.flatMap((variant, index) =>
      variantViolations(variant).map(violation => violation && `Variant ${names[index]}: ${violation}`),
    ),
  ];
}

/** Properties of an endpoint that describe its one variant. */
const VARIANT_PROPERTIES = [
  'model',
  'variantName',
  'instanceType',
  'instanceTypes',
  'instanceCount',
  'provisionTimeout',
  'inferenceAmi',
  'startupHealthCheckTimeout',
  'modelDownloadTimeout',
  'routingStrategy',
  'capacityReservationArn',
] as const satisfies readonly (keyof ProductionVariantProps)[];

/** Instance types to which the platform allows no rollout strategies. */
export function inferentiaTypesOf(props: BidiEndpointProps): string[] {
  return (props.variants ?? [props]).flatMap(instanceTypesOf).filter(type => instanceFamily(type) === 'inf1');
}

function known(value: string | undefined): value is string {
  return value !== undefined && !Token.isUnresolved(value);
}
