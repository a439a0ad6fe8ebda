import { readEndpointPlans, readPrivateAccessPlans, type Template, TemplateReader } from '../../assembly';
import { type Finding, finding, type Report, type Rule, skip, warn } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { checkBootstrap } from './bootstrap';
import { checkEndpointName } from './endpoint-name';
import { checkExecutionRole } from './execution-role';
import { checkHosting } from './hosting';
import { identify } from './identity';
import { checkModelImage } from './image';
import { checkModelPackage } from './model-package';
import { checkQuotas } from './quota';
import { checkPrivateAccess, checkRuntimePort } from './reach';
import { checkStackState } from './stack-state';

const ANSWERS: Rule = {
  name: 'aws',
  rule: 'Bootstrap, stack, endpoint name, quota, model package and image are as the stack needs them.',
  source: 'AWS itself',
};

const ENDPOINT: Rule = { name: 'endpoint', rule: 'The stack holds an endpoint.', source: 'this command' };

/** A synthesized stack that is to be deployed. */
export interface PreflightSubject {
  readonly stackName: string;
  readonly template: Template;
  /** Account and region that the stack is bound to; absent for an environment-agnostic one. */
  readonly environment?: { readonly accountId?: string; readonly region?: string };
}

/** How a preflight looks. */
export interface PreflightOptions {
  /**
   * Where the streaming runtime is tried.
   *
   * @default - the region's own
   */
  readonly runtimeUri?: URL;
}

/** What a preflight found. */
export interface PreflightReport extends Report {
  /** Whether AWS could be asked at all: without it, only what needs no network was checked. */
  readonly online: boolean;
}

/**
 * Looks at everything that is known to fail a deployment, before it is made. It changes nothing.
 *
 * Every question to AWS is bounded; a look that is not allowed is a warning that names the IAM action; without network or credentials
 * what the template alone tells is still checked, and the report says so.
 */
export async function preflight(
  subject: PreflightSubject,
  plane: ControlPlane,
  options: PreflightOptions = {},
): Promise<PreflightReport> {
  const { stackName, template } = subject;
  const identity = await identify(plane, stackName, subject.environment);
  const online = identity.state === 'known';
  const { region } = identity.context;
  const reader = new TemplateReader(template, identity.context);
  const plans = readEndpointPlans(reader);
  const perEndpoint = async (check: (plan: (typeof plans)[number]) => Promise<Finding[]> | Finding[]) =>
    (await Promise.all(plans.map(check))).flat();
  const groups = await Promise.all([
    online ? [await checkBootstrap(plane, identity.context)] : [],
    online ? [await checkStackState(plane, stackName)] : [],
    online ? perEndpoint(async plan => [await checkEndpointName(plane, stackName, plan)]) : [],
    online ? checkQuotas(plane, plans, region!) : [],
    perEndpoint(plan => checkModelPackage(plane, plan, region, online)),
    online ? perEndpoint(plan => checkModelImage(plane, plan)) : [],
    perEndpoint(checkHosting),
    perEndpoint(checkExecutionRole),
    checkPrivateAccess(readPrivateAccessPlans(reader)),
    online ? [await checkRuntimePort(region!, options.runtimeUri)] : [],
  ]);
  const findings = [...identity.findings, ...groups.flat()];
  if (!online) findings.push(notAsked(identity.state));
  if (plans.length === 0) findings.push(noEndpoint(stackName));
  return { command: 'preflight', subject: stackName, findings, online };
}

function notAsked(state: string): Finding {
  return finding(
    ANSWERS,
    skip(
      state === 'offline'
        ? 'Offline: bootstrap, stack, name, quota, package and image were not looked at.'
        : 'Without credentials and region: bootstrap, stack, name, quota, package and image were not looked at.',
    ),
  );
}

function noEndpoint(stackName: string): Finding {
  return finding(
    ENDPOINT,
    warn(
      `${stackName} holds no AWS::SageMaker::Endpoint, so there was little to check.`,
      'Name the stack with the endpoint.',
    ),
  );
}
