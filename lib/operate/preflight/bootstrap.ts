import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type Finding, fail, finding, pass, type Rule } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { unanswered } from '../unanswered';
import type { Environment } from './identity';

const RULE: Rule = {
  name: 'bootstrap',
  rule: 'Account and region are bootstrapped for the CDK, with a version that the stack can use.',
  source: 'CDK developer guide, "Bootstrap your environment"',
};

/** Stack that `cdk bootstrap` makes where no other name is given. */
const TOOLKIT_STACK = 'CDKToolkit';

/** Version of the bootstrap stack that the CDK's default synthesizer asks for. */
const REQUIRED_VERSION = 6;

/** Checks the bootstrap stack and its version. */
export async function checkBootstrap(plane: ControlPlane, environment: Environment): Promise<Finding> {
  const bootstrap = `npx cdk bootstrap aws://${environment.account ?? 'ACCOUNT'}/${environment.region}`;
  const answer = await plane.ask('cloudformation:DescribeStacks', abortSignal =>
    plane.cloudFormation.send(new DescribeStacksCommand({ StackName: TOOLKIT_STACK }), { abortSignal }),
  );
  if (answer.kind === 'absent') {
    return finding(
      RULE,
      fail(
        `There is no stack ${TOOLKIT_STACK} in ${environment.region}.`,
        `${bootstrap} (ignore this if you bootstrapped with another name)`,
      ),
    );
  }
  if (answer.kind !== 'answered') return finding(RULE, unanswered(answer));
  const [stack] = answer.value.Stacks ?? [];
  const version = Number(stack?.Outputs?.find(output => output.OutputKey === 'BootstrapVersion')?.OutputValue);
  if (!(version >= REQUIRED_VERSION)) {
    return finding(
      RULE,
      fail(
        `${TOOLKIT_STACK} has version ${Number.isNaN(version) ? 'unknown' : version}; at least ${REQUIRED_VERSION} is needed.`,
        bootstrap,
      ),
    );
  }
  if (!/^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE$/.test(stack?.StackStatus ?? '')) {
    return finding(RULE, fail(`${TOOLKIT_STACK} is ${stack?.StackStatus}.`, bootstrap));
  }
  return finding(RULE, pass(`${TOOLKIT_STACK}, version ${version}`));
}
