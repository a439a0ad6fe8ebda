import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { partitionOf } from '../../contract';
import { type Finding, fail, finding, pass, type Rule, skip } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { unanswered } from '../unanswered';

const CREDENTIALS: Rule = {
  name: 'credentials',
  rule: 'The AWS credentials are valid, and belong to the account of the stack.',
  source: 'CDK developer guide, "Configure environments"',
};

const REGION: Rule = {
  name: 'region',
  rule: 'The region is the region of the stack, and has bidirectional streaming.',
  source: 'endpoint rule set of sagemaker-runtime-http2, 2025-10-01',
};

/** Account and region that a stack is deployed to, as far as they are known. */
export interface Environment {
  readonly account?: string;
  readonly region?: string;
}

/** The caller's account and region. */
export interface Identity {
  readonly findings: readonly Finding[];
  /** Where the stack would be deployed: as the stack says, else as the credentials and the configuration say. */
  readonly environment: Environment;
  /** Whether AWS answered; otherwise no other request is sent. */
  readonly state: 'known' | 'offline' | 'unknown';
}

/** Asks AWS for the caller's account, and compares account and region with those of the stack. */
export async function identify(
  plane: ControlPlane,
  { account: expected, region: expectedRegion }: Environment,
): Promise<Identity> {
  const configured = await plane.region();
  const region = configured ?? expectedRegion;
  const environment = { account: expected, region };
  const regionFinding = finding(REGION, regionOutcome(configured, expectedRegion));
  if (region === undefined) {
    const outcome = skip('AWS cannot be asked without a region.');
    return { findings: [finding(CREDENTIALS, outcome), regionFinding], environment, state: 'unknown' };
  }
  const answer = await plane.ask('sts:GetCallerIdentity', abortSignal =>
    plane.sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
  );
  if (answer.kind !== 'answered') {
    const offline = answer.kind === 'unreachable';
    const outcome = offline
      ? fail(
          `Offline: ${answer.message}.`,
          'Check the network, the proxy and AWS_ENDPOINT_URL; the checks that need no network were run.',
        )
      : unanswered(answer);
    return {
      findings: [finding(CREDENTIALS, outcome), regionFinding],
      environment,
      state: offline ? 'offline' : 'unknown',
    };
  }
  const { Account: account, Arn: arn } = answer.value;
  const outcome =
    expected !== undefined && expected !== account
      ? fail(
          `The credentials belong to account ${account}; the stack is for account ${expected}.`,
          `Choose a profile of account ${expected}, for example with AWS_PROFILE.`,
        )
      : pass(`${arn}`);
  return {
    findings: [finding(CREDENTIALS, outcome), regionFinding],
    environment: { account: expected ?? account, region },
    state: 'known',
  };
}

function regionOutcome(configured: string | undefined, expected: string | undefined) {
  if (configured === undefined && expected === undefined) {
    return fail('No region is configured.', 'Set AWS_REGION, or pass --region.');
  }
  if (configured !== undefined && expected !== undefined && configured !== expected) {
    return fail(
      `The configured region is ${configured}; the stack is for ${expected}.`,
      `Pass --region ${expected}, or set the region of the stack to ${configured}.`,
    );
  }
  const region = configured ?? expected!;
  return partitionOf(region)
    ? pass(region)
    : fail(
        `The region ${region} is in no partition with bidirectional streaming.`,
        'Choose a region such as us-east-1.',
      );
}
