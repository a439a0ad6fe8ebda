import {
  DescribeStacksCommand,
  paginateDescribeStackEvents,
  paginateListStackResources,
  paginateListStacks,
  type StackResourceSummary,
  type StackSummary,
} from '@aws-sdk/client-cloudformation';
import type { Answer } from './ask';
import type { ControlPlane } from './control-plane';

/** The outputs of a stack, by their key. */
export function readStackOutputs(
  plane: ControlPlane,
  stackNameOrId: string,
): Promise<Answer<Readonly<Record<string, string>>>> {
  return plane.ask('cloudformation:DescribeStacks', async abortSignal => {
    const command = new DescribeStacksCommand({ StackName: stackNameOrId });
    const { Stacks = [] } = await plane.cloudFormation.send(command, { abortSignal });
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!]));
  });
}

/** Lists a stack's resources. A deleted stack is only known by its ID, for 90 days. */
export function listStackResources(
  plane: ControlPlane,
  stackNameOrId: string,
): Promise<Answer<StackResourceSummary[]>> {
  return plane.ask('cloudformation:ListStackResources', async abortSignal => {
    const resources: StackResourceSummary[] = [];
    const pages = paginateListStackResources(
      { client: plane.cloudFormation },
      { StackName: stackNameOrId },
      { abortSignal },
    );
    for await (const page of pages) resources.push(...(page.StackResourceSummaries ?? []));
    return resources;
  });
}

/** The newest deleted stack of a name, or `undefined` where none is on record. CloudFormation keeps them for 90 days. */
export function findDeletedStack(plane: ControlPlane, stackName: string): Promise<Answer<StackSummary | undefined>> {
  return plane.ask('cloudformation:ListStacks', async abortSignal => {
    const pages = paginateListStacks(
      { client: plane.cloudFormation },
      { StackStatusFilter: ['DELETE_COMPLETE'] },
      { abortSignal },
    );
    // Newest first.
    for await (const page of pages) {
      const found = page.StackSummaries?.find(summary => summary.StackName === stackName);
      if (found) return found;
    }
    return undefined;
  });
}

/** The event that failed a stack's last deployment. */
export interface StackFailure {
  readonly logicalId: string;
  readonly resourceType: string;
  readonly reason: string;
  /** Name of the resource, where it got one. */
  readonly physicalId?: string;
  readonly at: Date;
}

/** Reasons that only repeat that another resource failed. */
const CONSEQUENCE = /^Resource (creation|update|deletion) cancelled$|^The following resource\(s\) failed/i;

/** The first failure in a stack's last deployment, or `undefined` when there was none. */
export function findStackFailure(plane: ControlPlane, stackName: string): Promise<Answer<StackFailure | undefined>> {
  return plane.ask('cloudformation:DescribeStackEvents', async abortSignal => {
    let first: StackFailure | undefined;
    const pages = paginateDescribeStackEvents(
      { client: plane.cloudFormation },
      { StackName: stackName },
      { abortSignal },
    );
    for await (const page of pages) {
      for (const event of page.StackEvents ?? []) {
        const ofStack = event.PhysicalResourceId === event.StackId;
        const status = event.ResourceStatus ?? '';
        // Newest first: the event that began the last deployment ends the search.
        if (ofStack && /^(CREATE|UPDATE|DELETE|IMPORT)_IN_PROGRESS$/.test(status)) return first;
        const reason = event.ResourceStatusReason ?? '';
        if (!ofStack && status.endsWith('_FAILED') && !CONSEQUENCE.test(reason)) {
          first = {
            logicalId: event.LogicalResourceId!,
            resourceType: event.ResourceType!,
            reason,
            physicalId: event.PhysicalResourceId,
            at: event.Timestamp!,
          };
        }
      }
    }
    return first;
  });
}
