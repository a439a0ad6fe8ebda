import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { TemplateContext } from '../../assembly';
import { partitionOf } from '../../contract';
import { type Finding, fail, finding, pass, type Rule, skip } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { unanswered } from '../unanswered';

const CREDENTIALS: Rule = {
  name: 'credentials',
  rule: 'There are valid AWS credentials, of the account that the stack is for.',
  source: 'CDK developer guide, "Configure environments"',
};

const REGION: Rule = {
  name: 'region',
  rule: 'A region is chosen, one with bidirectional streaming, and the one that the stack is for.',
  source: 'endpoint rule set of sagemaker-runtime-http2, 2025-10-01',
};

/** Who asks, and where. */
export interface Identity {
  readonly findings: readonly Finding[];
  /** What the template's pseudo parameters come to; only the stack's name where nobody could be asked. */
  readonly context: TemplateContext;
  /** Whether AWS answered, so that the other questions are worth asking. */
  readonly state: 'known' | 'offline' | 'unknown';
}

/** Asks AWS who this is, and holds account and region against those of the stack. */
export async function identify(
  plane: ControlPlane,
  stackName: string,
  environment: { readonly accountId?: string; readonly region?: string } = {},
): Promise<Identity> {
  const configured = await plane.region();
  const region = configured ?? environment.region;
  const partition = region === undefined ? undefined : partitionOf(region);
  const context = { stackName, region, partition: partition?.name, dnsSuffix: partition?.dnsSuffix };
  const regionFinding = finding(REGION, regionOutcome(configured, environment.region));
  if (region === undefined) {
    const outcome = skip('Nobody can be asked without a region.');
    return { findings: [finding(CREDENTIALS, outcome), regionFinding], context, state: 'unknown' };
  }
  const answer = await plane.ask('sts:GetCallerIdentity', abortSignal =>
    plane.sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
  );
  if (answer.kind !== 'answered') {
    const offline = answer.kind === 'unreachable';
    const outcome = offline
      ? fail(
          `Offline: ${answer.message}.`,
          'Check the network, the proxy and AWS_ENDPOINT_URL; what needs no network was checked.',
        )
      : unanswered(answer);
    return {
      findings: [finding(CREDENTIALS, outcome), regionFinding],
      context,
      state: offline ? 'offline' : 'unknown',
    };
  }
  const { Account: accountId, Arn: arn } = answer.value;
  const expected = environment.accountId;
  const outcome =
    expected !== undefined && expected !== accountId
      ? fail(
          `The credentials are of account ${accountId}; the stack is for ${expected}.`,
          `Choose a profile of account ${expected}, for example with AWS_PROFILE.`,
        )
      : pass(`${arn}`);
  return {
    findings: [finding(CREDENTIALS, outcome), regionFinding],
    context: { ...context, accountId: expected ?? accountId },
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
      `Pass --region ${expected}, or make the stack for ${configured}.`,
    );
  }
  const region = configured ?? expected!;
  return partitionOf(region)
    ? pass(region)
    : fail(
        `No partition with bidirectional streaming holds the region ${region}.`,
        'Choose a region such as us-east-1.',
      );
}
