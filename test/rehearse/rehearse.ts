/**
 * A deployment from bootstrap to destroy as the CDK CLI does it, without AWS: an emulator executes CloudFormation, an OCI registry
 * stands in for ECR, buildah builds the image by the CDK CLI's own path, and a local SageMaker streams to what is deployed. It plays the
 * acceptance, and what only an emulator can show.
 *
 * `npm run rehearse`. What it installs goes to the user's cache directory; nothing else of the machine is changed.
 */
import assert from 'node:assert/strict';
import { type Outcome, playScript } from '../acceptance/play-script';
import { ACCEPTANCE } from '../acceptance/script';
import { endAll, exitOnSignals } from '../interop/processes';
import { Scorecard } from '../interop/scorecard';
import { runDirectory } from '../interop/tool-directory';
import { rehearseDeepgram } from './deepgram';
import { cdkOf, type EmulatedAccount, startAccount } from './emulated-account';
import { EmulatedBackend } from './emulated-backend';
import { rehearsalPython } from './emulator';
import { rehearseGateway } from './gateway';
import { interruptAcceptance } from './interrupted-acceptance';
import { checkPublishedValues } from './published-values';
import { rehearsalSteps } from './rehearsal-steps';
import { imageTools } from './rehearsal-tools';
import { lintTemplates } from './template-lint';

/** What this rehearsal does not show beside what the acceptance itself names, because nothing here executes it. */
const NOT_EXECUTED: Readonly<Record<string, string>> = {
  "the bootstrap's AWS::S3::BucketPolicy":
    'it refuses the cleartext HTTP that the emulator speaks; the CDK owns and tests it',
  'IAM decisions': 'the emulator allows everything; the policies are checked by cfn-lint and by `bidi preflight`',
  'service quotas': 'the emulator knows none for SageMaker; the operate tests play them',
  'Fargate, the load balancer and its health checks, scaling by the gateway\u2019s figures':
    'the emulator keeps records only; the image is run by itself, and nothing of it has run in AWS',
  'instances, blue/green traffic and rollback':
    'the emulator changes records only; the properties of every rollout are held against the API model',
};

async function main(): Promise<number> {
  const scorecard = new Scorecard();
  const directory = runDirectory('rehearsal');
  try {
    const python = await scorecard.check('the emulator and cfn-lint are installed', rehearsalPython);
    if (python) {
      await checkPublishedValues(python, scorecard, process.argv.includes('--record'));
      await lintTemplates(python, directory, scorecard);
      const tools = await scorecard.check('buildah and docker-registry are at hand', () => imageTools(python));
      const account = tools && (await startAccount({ python, ...tools, directory }, scorecard));
      if (account) await rehearse(account, scorecard);
    }
  } finally {
    await endAll();
  }
  return scorecard.close();
}

async function rehearse(account: EmulatedAccount, scorecard: Scorecard): Promise<void> {
  await playAcceptance(account, scorecard);
  const cdk = cdkOf(account);
  await rehearseDeepgram(cdk, account.deployed, scorecard);
  await rehearseGateway(cdk, account, scorecard);
  await scorecard.check('nothing is left but the bootstrap', async () => {
    assert.deepEqual(await account.deployed.leftovers(), []);
    assert.deepEqual(await account.deployed.stacks(), ['CDKToolkit']);
  });
  await scorecard.check('an acceptance that is interrupted in its middle leaves nothing either, and fails', () =>
    interruptAcceptance(account),
  );
  for (const [what, why] of Object.entries(NOT_EXECUTED)) scorecard.skip(what, why);
}

/** The acceptance, with the steps that the rehearsal adds, each as a check. */
async function playAcceptance(account: EmulatedAccount, scorecard: Scorecard): Promise<Outcome> {
  await using backend = new EmulatedBackend(account);
  const script = { ...ACCEPTANCE, steps: [...ACCEPTANCE.steps, ...rehearsalSteps(account)] };
  return await playScript(
    script,
    backend,
    { abortSignal: new AbortController().signal },
    {
      onResult: ({ name, title, verdict, seen }) => {
        if (verdict === 'passed') scorecard.pass(`${name}: ${title} (${seen})`);
        else if (verdict === 'failed') scorecard.fail(`${name}: ${title}`, seen);
        else scorecard.skip(`${name}: ${title}`, seen);
      },
      onSkip: ({ what, why }) => scorecard.skip(what, why),
    },
  );
}

exitOnSignals();
main().then(
  exitCode => {
    process.exitCode = exitCode;
  },
  error => {
    console.error(error);
    process.exitCode = 1;
  },
);
