import { DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { ask, type ControlPlane } from '../aws';
import type { Finding } from '../finding';
import { finding, type Outcome, type Rule, unanswered } from '../outcome';
import type { EndpointPlan } from '../stack';

const RULE: Rule = {
  name: 'endpoint-name',
  rule: "The endpoint's name is free, or belongs to this stack.",
  source: 'API reference, CreateEndpoint: the name is unique in the account and region',
};

/** Looks whether the name of an endpoint is free or ours. */
export async function checkEndpointName(plane: ControlPlane, stackName: string, plan: EndpointPlan): Promise<Finding> {
  return finding(RULE, await outcome(plane, stackName, plan.endpointName));
}

async function outcome(plane: ControlPlane, stackName: string, name: string | undefined): Promise<Outcome> {
  if (name === undefined) return { verdict: 'pass', seen: 'CloudFormation makes up the name' };
  const endpoint = await ask(
    'sagemaker:DescribeEndpoint',
    abortSignal => plane.sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }), { abortSignal }),
    plane.timeoutMs,
  );
  if (endpoint.kind === 'absent') return { verdict: 'pass', seen: `${name} is free` };
  if (endpoint.kind !== 'answered') return unanswered(endpoint);
  const { EndpointArn: arn, EndpointStatus: status } = endpoint.value;
  const owner = await ask(
    'cloudformation:DescribeStackResources',
    abortSignal =>
      plane.cloudFormation.send(new DescribeStackResourcesCommand({ PhysicalResourceId: arn }), { abortSignal }),
    plane.timeoutMs,
  );
  if (owner.kind !== 'answered' && owner.kind !== 'absent') return unanswered(owner);
  const stack = owner.kind === 'answered' ? owner.value.StackResources?.[0]?.StackName : undefined;
  if (stack !== stackName) {
    return {
      verdict: 'fail',
      seen: `${name} exists already, ${stack === undefined ? 'made by no stack' : `made by the stack ${stack}`}.`,
      next: `Choose another name: npx cdk deploy ${stackName} -c endpointName=another-name`,
    };
  }
  if (status === 'Failed') {
    return {
      verdict: 'warn',
      seen: `${name} is ours and has Failed; an endpoint in that state cannot be updated.`,
      next: `See why: npx bidi status ${name} --explain; then npx cdk destroy ${stackName} before the next deployment.`,
    };
  }
  return status === 'InService'
    ? { verdict: 'pass', seen: `${name} is ours and in service; it is updated in place` }
    : { verdict: 'warn', seen: `${name} is ours and ${status}.`, next: `Wait: npx bidi status ${name} --wait` };
}
