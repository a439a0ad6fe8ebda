import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type Answer, type ControlPlane, listStackResources } from '../aws';

/** The stack or the endpoint that a name stands for. */
export interface Target {
  /** The stack, when the name is a stack's. */
  readonly stackName?: string;
  /** Names of its endpoints: of a stack all that exist now, otherwise the one that was named. */
  readonly endpointNames: readonly string[];
}

/** Takes a name for a stack if there is one, otherwise for an endpoint. */
export async function resolveTarget(plane: ControlPlane, name: string): Promise<Answer<Target>> {
  const resources = await listStackResources(plane, name);
  if (resources.kind === 'answered') {
    const endpointNames = resources.value
      .filter(resource => resource.ResourceType === 'AWS::SageMaker::Endpoint')
      .filter(resource => resource.ResourceStatus !== 'DELETE_COMPLETE' && resource.PhysicalResourceId)
      // The physical ID of an endpoint is its ARN.
      .map(resource => resource.PhysicalResourceId!.split('/').at(-1)!);
    return { kind: 'answered', value: { stackName: name, endpointNames } };
  }
  // Without permission to ask CloudFormation, the name is taken for an endpoint's.
  if (resources.kind === 'absent' || resources.kind === 'denied') {
    return { kind: 'answered', value: { endpointNames: [name] } };
  }
  return resources;
}

/**
 * Like {@link resolveTarget}, but while the stack is being deployed and has no endpoint yet, it waits for one: model and role are
 * made before it.
 */
export async function awaitTarget(
  plane: ControlPlane,
  name: string,
  pollIntervalMs: number,
  abortSignal?: AbortSignal,
): Promise<Answer<Target>> {
  for (;;) {
    const target = await resolveTarget(plane, name);
    if (target.kind !== 'answered' || target.value.endpointNames.length > 0) return target;
    const stack = await plane.ask('cloudformation:DescribeStacks', abortSignal =>
      plane.cloudFormation.send(new DescribeStacksCommand({ StackName: name }), { abortSignal }),
    );
    const status = stack.kind === 'answered' ? stack.value.Stacks?.[0]?.StackStatus : undefined;
    if (!/^(CREATE|UPDATE|REVIEW)_IN_PROGRESS$/.test(status ?? '')) return target;
    await sleep(pollIntervalMs, undefined, { signal: abortSignal });
  }
}
