import { DescribeStacksCommand, type StackResourceSummary } from '@aws-sdk/client-cloudformation';
import { type EndpointSource, knownValue, readEndpoints } from '../../assembly';
import { endpointLogGroup } from '../../contract';
import { type Answer, type ControlPlane, findDeletedStack, listStackResources } from '../aws';

/** Names of resources that may be left of a stack or an endpoint, by kind. */
export interface Candidates {
  /** Status of the stack while there is one. */
  readonly stackStatus?: string;
  /** When the stack was deleted, where CloudFormation remembers it. */
  readonly stackDeletedAt?: Date;
  readonly endpoints: ReadonlySet<string>;
  readonly configs: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
  readonly logGroups: ReadonlySet<string>;
  /** URIs in Amazon ECR. */
  readonly images: ReadonlySet<string>;
  /** Resources that CloudFormation reports as kept. */
  readonly kept: readonly { readonly type: string; readonly id: string }[];
}

/** Kinds that are looked up by themselves, so that what CloudFormation remembers of them does not matter. */
const LOOKED_UP = [
  'AWS::SageMaker::Endpoint',
  'AWS::SageMaker::EndpointConfig',
  'AWS::SageMaker::Model',
  'AWS::Logs::LogGroup',
];

/**
 * Gathers the names of resources that may be left: from the stack while it exists, from CloudFormation's memory of the
 * deleted stack, and from the template.
 *
 * @param subject name of a stack or an endpoint.
 * @param source the stack's template, where it is at hand.
 */
export async function gatherCandidates(
  plane: ControlPlane,
  subject: string,
  source: EndpointSource | undefined,
): Promise<Answer<Candidates>> {
  const stack = await plane.ask('cloudformation:DescribeStacks', abortSignal =>
    plane.cloudFormation.send(new DescribeStacksCommand({ StackName: subject }), { abortSignal }),
  );
  if (stack.kind !== 'answered' && stack.kind !== 'absent') return stack;
  let known: { id: string; deletedAt?: Date } | undefined;
  if (stack.kind === 'answered') known = { id: subject };
  else {
    const deleted = await findDeletedStack(plane, subject);
    if (deleted.kind !== 'answered') return deleted;
    if (deleted.value) known = { id: deleted.value.StackId!, deletedAt: deleted.value.DeletionTime };
  }
  let resources: StackResourceSummary[] = [];
  if (known) {
    const listed = await listStackResources(plane, known.id);
    if (listed.kind !== 'answered') return listed;
    resources = listed.value;
  }
  const stackStatus = stack.kind === 'answered' ? stack.value.Stacks?.[0]?.StackStatus : undefined;
  const named = (type: string) =>
    resources.filter(resource => resource.ResourceType === type).flatMap(resource => resource.PhysicalResourceId ?? []);
  const definitions = source ? readEndpoints(source) : [];
  const endpoints = new Set([
    ...named('AWS::SageMaker::Endpoint').map(lastSegment),
    ...definitions.flatMap(({ deployedName }) => knownValue(deployedName) ?? []),
  ]);
  if (!known && definitions.length === 0) endpoints.add(subject);
  return {
    kind: 'answered',
    value: {
      stackStatus,
      stackDeletedAt: known?.deletedAt,
      endpoints,
      configs: new Set(named('AWS::SageMaker::EndpointConfig').map(lastSegment)),
      models: new Set(named('AWS::SageMaker::Model').map(lastSegment)),
      logGroups: new Set([...named('AWS::Logs::LogGroup'), ...[...endpoints].map(endpointLogGroup)]),
      images: new Set(
        definitions.flatMap(({ variants }) => variants.flatMap(({ model }) => knownValue(model.imageUri) ?? [])),
      ),
      kept: resources
        .filter(resource => !LOOKED_UP.includes(resource.ResourceType!))
        .filter(resource => stackStatus !== undefined || resource.ResourceStatus === 'DELETE_SKIPPED')
        .filter(resource => resource.ResourceStatus !== 'DELETE_COMPLETE' && resource.PhysicalResourceId)
        .map(resource => ({ type: resource.ResourceType!, id: resource.PhysicalResourceId! })),
    },
  };
}

/** The name in an ARN of SageMaker, or the name itself. */
function lastSegment(id: string): string {
  return id.split('/').at(-1)!;
}
