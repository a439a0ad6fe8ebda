import { DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { type EndpointDefinition, knownValue } from '../../assembly';
import { type Finding, fail, finding, type Observation, pass, type Rule, warn } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { unanswered } from '../unanswered';

const RULE: Rule = {
  name: 'endpoint-name',
  rule: "The endpoint's name is free, or belongs to this stack.",
  source: 'API reference, CreateEndpoint: the name is unique in the account and region',
};

/** Checks whether the name of an endpoint is free, or taken by this stack's own endpoint. */
export async function checkEndpointName(
  plane: ControlPlane,
  stackName: string,
  endpoint: EndpointDefinition,
): Promise<Finding> {
  return finding(RULE, await judge(plane, stackName, knownValue(endpoint.deployedName)));
}

async function judge(plane: ControlPlane, stackName: string, name: string | undefined): Promise<Observation> {
  if (name === undefined) return pass('CloudFormation makes up the name');
  const endpoint = await plane.ask('sagemaker:DescribeEndpoint', abortSignal =>
    plane.sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }), { abortSignal }),
  );
  if (endpoint.kind === 'absent') return pass(`${name} is free`);
  if (endpoint.kind !== 'answered') return unanswered(endpoint);
  const { EndpointArn: arn, EndpointStatus: status } = endpoint.value;
  const owner = await plane.ask('cloudformation:DescribeStackResources', abortSignal =>
    plane.cloudFormation.send(new DescribeStackResourcesCommand({ PhysicalResourceId: arn }), { abortSignal }),
  );
  if (owner.kind !== 'answered' && owner.kind !== 'absent') return unanswered(owner);
  const stack = owner.kind === 'answered' ? owner.value.StackResources?.[0]?.StackName : undefined;
  if (stack !== stackName) {
    return fail(
      `${name} exists already, ${stack === undefined ? 'and belongs to no stack' : `in the stack ${stack}`}.`,
      `Choose another name: npx cdk deploy ${stackName} -c endpointName=another-name`,
    );
  }
  if (status === 'Failed') {
    return warn(
      `${name} belongs to the stack and has Failed; an endpoint in this state cannot be updated.`,
      `See why: npx bidi status ${name} --explain; then npx cdk destroy ${stackName} before the next deployment.`,
    );
  }
  return status === 'InService'
    ? pass(`${name} belongs to the stack and is in service; it is updated in place`)
    : warn(`${name} is ours and ${status}.`, `Wait: npx bidi status ${name} --wait`);
}
