import {
  type EndpointDefinition,
  type EndpointSource,
  type ModelDefinition,
  modelsOf,
  readEndpoints,
  readPrivateAccess,
  type VariantDefinition,
} from '../../assembly';
import { type Finding, finding, type Report, type Rule, skip, warn } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { checkBootstrap } from './bootstrap';
import { checkEndpointName } from './endpoint-name';
import { checkExecutionRole } from './execution-role';
import { checkPackageHosting, checkVolumeKey } from './hosting';
import { identify } from './identity';
import { checkModelImage } from './image';
import { checkModelPackage } from './model-package';
import { checkQuotas } from './quota';
import { checkPrivateAccess, checkRuntimePort } from './reach';
import { checkScaledUpdate } from './scaled-update';
import { checkStackState } from './stack-state';

const ANSWERS: Rule = {
  name: 'aws',
  rule: 'Bootstrap, stack, endpoint name, quota, model package and image fit the stack.',
  source: 'AWS itself',
};

const ENDPOINT: Rule = { name: 'endpoint', rule: 'The stack holds an endpoint.', source: 'this command' };

/** Options of {@link preflight}. */
export interface PreflightOptions {
  /**
   * Where the streaming runtime is tried.
   *
   * @default - the region's own
   */
  readonly runtimeUri?: URL;
}

/** The report of a preflight. */
export interface PreflightReport extends Report {
  /** Whether AWS answered at all. Without it only the checks that need no network were made. */
  readonly online: boolean;
}

/**
 * Checks everything that is known to fail a deployment before the deployment is made. Changes nothing.
 *
 * Every request to AWS has a time limit. A denied request is a warning that names the IAM action. Without network or credentials
 * only the template is checked, and the report says so.
 *
 * @throws ExplainedError where no region is configured.
 */
export async function preflight(
  stack: EndpointSource,
  plane: ControlPlane,
  options: PreflightOptions = {},
): Promise<PreflightReport> {
  const identity = await identify(plane, stack);
  const online = identity.state === 'known';
  const { environment } = identity;
  const source = { ...stack, ...environment };
  const endpoints = readEndpoints(source);
  const perEndpoint = async (check: (endpoint: EndpointDefinition) => Promise<Finding[]> | Finding[]) =>
    (await Promise.all(endpoints.map(check))).flat();
  const perModel = (check: ModelCheck) => perEndpoint(endpoint => checkModels(endpoint, check));
  const groups = await Promise.all([
    online ? [await checkBootstrap(plane, environment)] : [],
    online ? [await checkStackState(plane, stack.name)] : [],
    online ? perEndpoint(async endpoint => [await checkEndpointName(plane, stack.name, endpoint)]) : [],
    online ? perEndpoint(endpoint => checkScaledUpdate(plane, stack.name, endpoint)) : [],
    online ? checkQuotas(plane, endpoints, environment.region!) : [],
    perModel((model, variants) => checkModelPackage(plane, model, variants, environment.region, online)),
    online ? perModel(model => checkModelImage(plane, model)) : [],
    perEndpoint(checkVolumeKey),
    perModel(checkPackageHosting),
    perModel(checkExecutionRole),
    checkPrivateAccess(readPrivateAccess(source)),
    online ? [await checkRuntimePort(environment.region!, options.runtimeUri)] : [],
  ]);
  const findings = [...identity.findings, ...groups.flat()];
  if (!online) findings.push(notAsked(identity.state));
  if (endpoints.length === 0) findings.push(noEndpoint(stack.name));
  return { command: 'preflight', subject: stack.name, findings, online };
}

type ModelCheck = (
  model: ModelDefinition,
  variants: readonly VariantDefinition[],
) => Promise<readonly Finding[]> | readonly Finding[];

/**
 * Checks every model of an endpoint, each with the variants that run it. Where there are several, each finding names its model.
 */
async function checkModels(endpoint: EndpointDefinition, check: ModelCheck): Promise<Finding[]> {
  const models = modelsOf(endpoint).filter(({ isOutsideTemplate }) => !isOutsideTemplate);
  const findings = await Promise.all(
    models.map(async model => {
      const variants = endpoint.variants.filter(variant => variant.model.name === model.name);
      const found = await check(model, variants);
      return models.length > 1 ? found.map(finding => ({ ...finding, seen: `${model.name}: ${finding.seen}` })) : found;
    }),
  );
  return findings.flat();
}

function notAsked(state: string): Finding {
  return finding(
    ANSWERS,
    skip(
      state === 'offline'
        ? 'Offline: bootstrap, stack, name, quota, package and image were not checked.'
        : 'Without credentials and region: bootstrap, stack, name, quota, package and image were not checked.',
    ),
  );
}

function noEndpoint(stackName: string): Finding {
  return finding(
    ENDPOINT,
    warn(
      `${stackName} has no AWS::SageMaker::Endpoint, so most checks do not apply.`,
      'Name the stack with the endpoint.',
    ),
  );
}
