import {
  paginateListAWSDefaultServiceQuotas,
  paginateListServiceQuotas,
  type ServiceQuota,
} from '@aws-sdk/client-service-quotas';
import { type EndpointDefinition, knownValue, knownValues } from '../../assembly';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip, warn } from '../../report/finding';
import type { Answer, ControlPlane } from '../aws';
import { unanswered } from '../unanswered';

const RULE: Rule = {
  name: 'quota',
  rule: 'The quota allows the instances of the stack, for each instance type of the pool.',
  source: 'Service Quotas, Amazon SageMaker; Deepgram: a pool falls back on capacity, not on quota',
};

const SERVICE = 'sagemaker';

/** SageMaker has more than two thousand quotas, a hundred a page, and the service is slow to page. In milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

/** Compares the quota of every instance type with the instances that the stack asks for: one finding a type. */
export async function checkQuotas(
  plane: ControlPlane,
  endpoints: readonly EndpointDefinition[],
  region: string,
): Promise<Finding[]> {
  const demands = new Map<string, Demand>();
  for (const { variants, isRolledOut } of endpoints) {
    for (const variant of variants) {
      const instances = knownValue(variant.instanceCount) ?? 1;
      const peak = Math.max(instances, knownValue(variant.maxCapacity) ?? 0);
      for (const type of knownValues(variant.instanceTypes)) {
        const known = demands.get(type) ?? { instances: 0, peak: 0 };
        demands.set(type, {
          instances: known.instances + instances,
          peak: known.peak + (isRolledOut ? peak : 2 * peak),
        });
      }
    }
  }
  if (demands.size === 0) {
    return [finding(RULE, skip('The template names no instance type that is known before the deployment.'))];
  }
  const quotas = await readQuotas(plane, new Set([...demands.keys()].map(quotaName)));
  return [...demands].map(([type, demand]) =>
    finding(
      { ...RULE, name: `quota-${type}` },
      quotas.kind === 'answered' ? judge(type, demand, quotas.value.get(quotaName(type)), region) : unanswered(quotas),
    ),
  );
}

/** Instances of one type that a stack asks for. */
interface Demand {
  /** To come into service. */
  readonly instances: number;
  /** At most: scaled out, and both fleets of a blue/green update. */
  readonly peak: number;
}

/** The name under which Service Quotas knows an instance type's limit for endpoints. */
function quotaName(instanceType: string): string {
  return `${instanceType} for endpoint usage`;
}

function judge(
  type: string,
  { instances, peak }: Demand,
  quota: ServiceQuota | undefined,
  region: string,
): Observation {
  if (quota?.Value === undefined) {
    return fail(
      `Service Quotas knows no "${quotaName(type)}" in ${region}.`,
      'The region may not offer the type for endpoints: choose another type or region.',
    );
  }
  const ask = (desired: number) =>
    `aws service-quotas request-service-quota-increase --service-code ${SERVICE} --quota-code ${quota.QuotaCode} --desired-value ${desired} --region ${region}`;
  if (quota.Value < instances) {
    return fail(`The quota is ${quota.Value}; the stack needs ${instances}.`, ask(peak));
  }
  if (quota.Value < peak) {
    return warn(
      `The quota is ${quota.Value}: enough to start with ${instances}, but scaling and a blue/green update can need ${peak}.`,
      ask(peak),
    );
  }
  return pass(`The quota is ${quota.Value}; up to ${peak} are needed, in addition to other endpoints`);
}

/** Applied quotas first; a type whose quota was never changed may only stand among the defaults. */
async function readQuotas(plane: ControlPlane, names: ReadonlySet<string>): Promise<Answer<Map<string, ServiceQuota>>> {
  const found = new Map<string, ServiceQuota>();
  const collect = async (pages: AsyncIterable<{ Quotas?: ServiceQuota[] }>) => {
    for await (const page of pages) {
      for (const quota of page.Quotas ?? []) {
        const name = quota.QuotaName ?? '';
        if (names.has(name) && !found.has(name)) found.set(name, quota);
      }
      if (found.size === names.size) return;
    }
  };
  const client = plane.serviceQuotas;
  const query = { ServiceCode: SERVICE, MaxResults: 100 };
  const applied = await plane.ask(
    'servicequotas:ListServiceQuotas',
    abortSignal => collect(paginateListServiceQuotas({ client }, query, { abortSignal })),
    LIST_TIMEOUT_MS,
  );
  if (applied.kind !== 'answered') return applied;
  if (found.size < names.size) {
    const defaults = await plane.ask(
      'servicequotas:ListAWSDefaultServiceQuotas',
      abortSignal => collect(paginateListAWSDefaultServiceQuotas({ client }, query, { abortSignal })),
      LIST_TIMEOUT_MS,
    );
    if (defaults.kind !== 'answered') return defaults;
  }
  return { kind: 'answered', value: found };
}
