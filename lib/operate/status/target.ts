import { type Answer, type ControlPlane, listStackResources } from '../aws';

/** What a name turned out to be. */
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
  // Whoever may not ask CloudFormation can still name the endpoint.
  if (resources.kind === 'absent' || resources.kind === 'denied') {
    return { kind: 'answered', value: { endpointNames: [name] } };
  }
  return resources;
}
