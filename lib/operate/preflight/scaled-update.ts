import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import { type EndpointDefinition, knownValue, knownValues, type VariantDefinition } from '../../assembly';
import { type Finding, fail, finding, type Observation, pass, type Rule, warn } from '../../report/finding';
import type { Answer, ControlPlane } from '../aws';
import { unanswered } from '../unanswered';

const RULE: Rule = {
  name: 'scaled-update',
  rule: 'The update changes no instance type of a scaled variant, and removes no scaled variant.',
  source: 'SageMaker AI developer guide, "Update endpoints that use auto scaling"',
};

/**
 * Compares the scaled variants of an endpoint in AWS with those of the template. Finds nothing for an endpoint that does not
 * exist yet.
 */
export async function checkScaledUpdate(
  plane: ControlPlane,
  stackName: string,
  endpoint: EndpointDefinition,
): Promise<Finding[]> {
  const name = knownValue(endpoint.deployedName);
  if (name === undefined) return [];
  const deployed = await deployedVariants(plane, name);
  if (deployed === undefined || deployed.kind === 'absent') return [];
  if (deployed.kind !== 'answered') return [finding(RULE, unanswered(deployed))];
  const scaled = await scaledVariants(plane, name, deployed.value);
  if (scaled.kind === 'absent') return [];
  if (scaled.kind !== 'answered') return [finding(RULE, unanswered(scaled))];
  return scaled.value.length > 0 ? [finding(RULE, judge(stackName, endpoint.variants, scaled.value))] : [];
}

function judge(
  stackName: string,
  planned: readonly VariantDefinition[],
  scaled: readonly ProductionVariant[],
): Observation {
  const changes = scaled.flatMap(variant => changeOf(variant, planned) ?? []);
  if (changes.length === 0) return pass('The scaled variants keep their instance types');
  const seen = changes.map(({ seen }) => seen).join('; ');
  const next = `Deploy twice. First without another change: npx cdk deploy ${stackName} -c ${stackName}:scalingPaused=true (in code: paused: true). Then with the change, without the pause.`;
  return changes.some(({ isRefused }) => isRefused)
    ? fail(`SageMaker refuses this update while the variant is a scalable target: ${seen}.`, next)
    : warn(`SageMaker may refuse this update while the variant is a scalable target: ${seen}.`, next);
}

interface Change {
  readonly seen: string;
  /** Whether the documentation covers the case: it names the instance type and does not mention pools. */
  readonly isRefused: boolean;
}

/** The effect of the update on a variant that scales, where there is one. */
function changeOf(deployed: ProductionVariant, planned: readonly VariantDefinition[]): Change | undefined {
  const variant = planned.find(({ name }) => name === deployed.VariantName);
  const before = typesOf(deployed);
  if (!variant) return { seen: `${deployed.VariantName} would go`, isRefused: true };
  const after = knownValues(variant.instanceTypes);
  // Types that only CloudFormation knows are not judged.
  if (after.length === 0 || after.length < (variant.instanceTypes?.length ?? 0)) return undefined;
  if (after.join() === before.join()) return undefined;
  return {
    seen: `${deployed.VariantName} would change from ${before.join(', ')} to ${after.join(', ')}`,
    isRefused: before.length === 1 && after.length === 1,
  };
}

function typesOf({ InstanceType, InstancePools = [] }: ProductionVariant): string[] {
  if (InstancePools.length === 0) return InstanceType ? [InstanceType] : [];
  const ordered = InstancePools.toSorted((one, other) => (one.Priority ?? 0) - (other.Priority ?? 0));
  return ordered.flatMap(pool => pool.InstanceType ?? []);
}

/** The variants in AWS; `undefined` when the endpoint could not be described, which the check of its name reports. */
async function deployedVariants(
  plane: ControlPlane,
  name: string,
): Promise<Answer<readonly ProductionVariant[]> | undefined> {
  const endpoint = await plane.ask('sagemaker:DescribeEndpoint', abortSignal =>
    plane.sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }), { abortSignal }),
  );
  if (endpoint.kind !== 'answered') return undefined;
  return plane.ask('sagemaker:DescribeEndpointConfig', async abortSignal => {
    const { EndpointConfigName } = endpoint.value;
    const config = await plane.sageMaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }), {
      abortSignal,
    });
    return config.ProductionVariants ?? [];
  });
}

/** Those of the variants that are scalable targets. */
function scaledVariants(
  plane: ControlPlane,
  name: string,
  variants: readonly ProductionVariant[],
): Promise<Answer<readonly ProductionVariant[]>> {
  const resourceId = ({ VariantName }: ProductionVariant) => `endpoint/${name}/variant/${VariantName}`;
  return plane.ask('application-autoscaling:DescribeScalableTargets', async abortSignal => {
    const { ScalableTargets = [] } = await plane.applicationAutoScaling.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker', ResourceIds: variants.map(resourceId) }),
      { abortSignal },
    );
    const ids = ScalableTargets.map(({ ResourceId }) => ResourceId);
    return variants.filter(variant => ids.includes(resourceId(variant)));
  });
}
