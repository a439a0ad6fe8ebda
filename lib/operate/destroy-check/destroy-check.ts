import { paginateDescribeScalableTargets } from '@aws-sdk/client-application-auto-scaling';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeImagesCommand } from '@aws-sdk/client-ecr';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
} from '@aws-sdk/client-sagemaker';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { EndpointSource } from '../../assembly';
import { ecrRegistryOf } from '../../contract';
import { parseImageReference } from '../../image/image-reference';
import {
  type Finding,
  finding,
  type Observation,
  pass,
  type Report,
  type Rule,
  skip,
  warn,
} from '../../report/finding';
import type { Answer, ControlPlane } from '../aws';
import { unanswered } from '../unanswered';
import { type Candidates, gatherCandidates } from './candidates';
import { COST_WORDS, type CostClass, costClassOf } from './cost';

/** A resource that was looked for, with how it bills where it exists. */
export interface Leftover extends Finding {
  readonly costClass: CostClass;
}

/** The report on what is left of a stack or an endpoint. */
export interface DestroyReport extends Report {
  readonly findings: readonly Leftover[];
  /** Whether AWS answered at all. */
  readonly online: boolean;
}

const CREDENTIALS: Rule = {
  name: 'credentials',
  rule: 'The AWS credentials are valid, and belong to the account of the stack.',
  source: 'AWS SDKs and tools reference, "Authentication and access"',
};

const SOURCE = 'SageMaker AI, CloudWatch and ECR pricing pages';

/** A resource that is left; `undefined` when it is gone. */
type Remains = { readonly what: string; readonly next: string; readonly costClass?: CostClass } | undefined;

/**
 * Looks for resources that are left after `cdk destroy`. One that bills by the hour is a failure, any other a warning. Deletes
 * nothing.
 *
 * CloudFormation keeps a deleted stack for 90 days; after that the names come from the template.
 *
 * @param subject name of a stack or an endpoint.
 * @param stack the stack with its template, where it is at hand.
 * @throws ExplainedError where no region is configured.
 */
export async function destroyCheck(
  plane: ControlPlane,
  subject: string,
  stack?: EndpointSource,
): Promise<DestroyReport> {
  const region = await plane.region();
  const identity = stack
    ? await plane.ask('sts:GetCallerIdentity', abortSignal =>
        plane.sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
      )
    : undefined;
  const account = identity?.kind === 'answered' ? identity.value.Account : undefined;
  const gathered = await gatherCandidates(
    plane,
    subject,
    stack && { ...stack, account: stack.account ?? account, region: stack.region ?? region },
  );
  if (gathered.kind !== 'answered') {
    if (gathered.kind === 'unauthenticated') {
      const findings = [
        { ...finding(CREDENTIALS, unanswered(gathered)), costClass: 'none' as const },
        leftover('stack', 'none', skip('AWS cannot be asked without credentials.')),
      ];
      return { command: 'destroy-check', subject, findings, online: false };
    }
    const online = gathered.kind !== 'unreachable';
    return { command: 'destroy-check', subject, findings: [leftover('stack', 'none', unanswered(gathered))], online };
  }
  const candidates = gathered.value;
  const regional = region === undefined ? '' : ` --region ${region}`;
  const findings = await Promise.all([
    ...[...candidates.endpoints].map(async name =>
      look('endpoint', name, 'hourly', await endpoint(plane, name, regional)),
    ),
    ...[...candidates.configs].map(async name =>
      look('endpoint-config', name, 'none', await endpointConfig(plane, name, regional)),
    ),
    ...[...candidates.models].map(async name => look('model', name, 'none', await model(plane, name, regional))),
    ...[...candidates.logGroups].map(async name =>
      look('log-group', name, 'storage', await logGroup(plane, name, regional)),
    ),
    ...[...candidates.endpoints].map(async name =>
      look('scaling', name, 'none', await scalableTargets(plane, name, regional)),
    ),
    ...[...candidates.images].map(async uri => look('image', uri, 'storage', await image(plane, uri, regional))),
  ]);
  return {
    command: 'destroy-check',
    subject,
    findings: [stackFinding(subject, candidates), ...findings, ...candidates.kept.map(keptFinding)],
    online: true,
  };
}

function leftover(name: string, costClass: CostClass, observation: Observation): Leftover {
  const rule = { name, rule: 'Nothing of the stack is left behind.', source: SOURCE };
  return { ...finding(rule, observation), costClass };
}

function look(name: string, id: string, costClass: CostClass, answer: Answer<Remains>): Leftover {
  if (answer.kind === 'absent' || (answer.kind === 'answered' && answer.value === undefined)) {
    return leftover(name, costClass, pass(`${id} is gone`));
  }
  if (answer.kind !== 'answered') return leftover(name, costClass, unanswered(answer));
  const { what, next, costClass: actual = costClass } = answer.value!;
  return leftover(name, actual, {
    verdict: actual === 'hourly' ? 'fail' : 'warn',
    seen: `${what}; ${COST_WORDS[actual]}.`,
    next,
  });
}

function stackFinding(subject: string, { stackStatus, stackDeletedAt, endpoints }: Candidates): Leftover {
  if (stackStatus !== undefined) {
    return leftover(
      'stack',
      'none',
      warn(`The stack ${subject} still exists: ${stackStatus}.`, `npx cdk destroy ${subject}`),
    );
  }
  const seen = stackDeletedAt
    ? `The stack ${subject} was deleted ${stackDeletedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`
    : `There is no stack ${subject}; looked for the endpoint ${[...endpoints].join(', ')}`;
  return leftover('stack', 'none', pass(seen));
}

function keptFinding({ type, id }: Candidates['kept'][number]): Leftover {
  const costClass = costClassOf(type);
  return leftover(type.split('::').at(-1)!, costClass, {
    verdict: costClass === 'hourly' ? 'fail' : 'warn',
    seen: `${id} (${type}) is kept; ${COST_WORDS[costClass]}.`,
    next: 'Delete it by hand if nothing else uses it.',
  });
}

function endpoint(plane: ControlPlane, name: string, regional: string): Promise<Answer<Remains>> {
  return plane.ask('sagemaker:DescribeEndpoint', async abortSignal => {
    const described = await plane.sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }), {
      abortSignal,
    });
    const instances = (described.ProductionVariants ?? []).reduce(
      (sum, variant) => sum + (variant.CurrentInstanceCount ?? 0),
      0,
    );
    return {
      what: `Endpoint ${name} is ${described.EndpointStatus} with ${instances} instance${instances === 1 ? '' : 's'}`,
      next: `aws sagemaker delete-endpoint --endpoint-name ${name}${regional}`,
      // An endpoint that failed has no instances, and nothing else of it is charged.
      costClass: described.EndpointStatus === 'Failed' && instances === 0 ? 'none' : 'hourly',
    };
  });
}

function endpointConfig(plane: ControlPlane, name: string, regional: string): Promise<Answer<Remains>> {
  return plane.ask('sagemaker:DescribeEndpointConfig', async abortSignal => {
    await plane.sageMaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: name }), { abortSignal });
    return {
      what: `Endpoint configuration ${name}`,
      next: `aws sagemaker delete-endpoint-config --endpoint-config-name ${name}${regional}`,
    };
  });
}

function model(plane: ControlPlane, name: string, regional: string): Promise<Answer<Remains>> {
  return plane.ask('sagemaker:DescribeModel', async abortSignal => {
    await plane.sageMaker.send(new DescribeModelCommand({ ModelName: name }), { abortSignal });
    return { what: `Model ${name}`, next: `aws sagemaker delete-model --model-name ${name}${regional}` };
  });
}

function logGroup(plane: ControlPlane, name: string, regional: string): Promise<Answer<Remains>> {
  return plane.ask('logs:DescribeLogGroups', async abortSignal => {
    const { logGroups = [] } = await plane.cloudWatchLogs.send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: name }),
      { abortSignal },
    );
    const group = logGroups.find(candidate => candidate.logGroupName === name);
    if (!group) return undefined;
    const kept = group.retentionInDays ? `for ${group.retentionInDays} days` : 'for ever';
    return {
      what: `Log group ${name} keeps ${megabytes(group.storedBytes ?? 0)} ${kept}`,
      next: `aws logs delete-log-group --log-group-name ${name}${regional}`,
    };
  });
}

function scalableTargets(plane: ControlPlane, endpointName: string, regional: string): Promise<Answer<Remains>> {
  return plane.ask('application-autoscaling:DescribeScalableTargets', async abortSignal => {
    const pages = paginateDescribeScalableTargets(
      { client: plane.applicationAutoScaling },
      { ServiceNamespace: 'sagemaker' },
      { abortSignal },
    );
    for await (const page of pages) {
      const target = page.ScalableTargets?.find(one => one.ResourceId?.startsWith(`endpoint/${endpointName}/`));
      if (target) {
        return {
          what: `Scaling of ${target.ResourceId} is still registered`,
          next: `aws application-autoscaling deregister-scalable-target --service-namespace sagemaker --scalable-dimension ${target.ScalableDimension} --resource-id ${target.ResourceId}${regional}`,
        };
      }
    }
    return undefined;
  });
}

function image(plane: ControlPlane, uri: string, regional: string): Promise<Answer<Remains>> {
  const reference = parseImageReference(uri);
  const registry = ecrRegistryOf(reference.registry);
  return plane.ask('ecr:DescribeImages', async abortSignal => {
    if (!registry) return undefined;
    const imageId = reference.digest ? { imageDigest: reference.digest } : { imageTag: reference.tag };
    const { imageDetails = [] } = await plane.ecr.send(
      new DescribeImagesCommand({
        registryId: registry.registryId,
        repositoryName: reference.repository,
        imageIds: [imageId],
      }),
      { abortSignal },
    );
    if (!imageDetails[0]) return undefined;
    const selector = reference.digest ? `imageDigest=${reference.digest}` : `imageTag=${reference.tag}`;
    return {
      what: `Image ${reference.repository}:${reference.tag ?? reference.digest} keeps ${megabytes(imageDetails[0].imageSizeInBytes ?? 0)}`,
      next: `aws ecr batch-delete-image --repository-name ${reference.repository} --image-ids ${selector}${regional}`,
    };
  });
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}
