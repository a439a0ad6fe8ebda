import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type Finding, fail, finding, pass, type Rule, warn } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { unanswered } from '../unanswered';

const RULE: Rule = {
  name: 'stack-state',
  rule: 'The stack is new, or in a state from which it can be updated.',
  source: 'CloudFormation user guide, "Stack status codes"',
};

/** Checks whether CloudFormation accepts an update of the stack in its present status. */
export async function checkStackState(plane: ControlPlane, stackName: string): Promise<Finding> {
  const answer = await plane.ask('cloudformation:DescribeStacks', abortSignal =>
    plane.cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }), { abortSignal }),
  );
  if (answer.kind === 'absent') return finding(RULE, pass(`${stackName} does not exist yet`));
  if (answer.kind !== 'answered') return finding(RULE, unanswered(answer));
  const status = answer.value.Stacks?.[0]?.StackStatus ?? 'in an unknown state';
  if (status.endsWith('_IN_PROGRESS')) {
    return finding(
      RULE,
      fail(
        `${stackName} is ${status}: another deployment is running.`,
        `Wait for it: npx bidi status ${stackName} --wait`,
      ),
    );
  }
  if (/^(ROLLBACK_(COMPLETE|FAILED)|CREATE_FAILED)$/.test(status)) {
    return finding(
      RULE,
      warn(
        `${stackName} is ${status}: its first deployment failed. The CDK replaces it.`,
        `See why first: npx bidi status ${stackName} --explain`,
      ),
    );
  }
  if (/_FAILED$/.test(status)) {
    return finding(
      RULE,
      fail(
        `${stackName} is ${status}.`,
        status === 'DELETE_FAILED' ? `npx bidi destroy-check ${stackName}` : `npx cdk rollback ${stackName}`,
      ),
    );
  }
  return finding(RULE, pass(`${stackName} is ${status}`));
}
