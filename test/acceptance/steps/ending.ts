import assert from 'node:assert/strict';
import { deploymentContext, ENDPOINT_NAME, STACK, type Stage, type Step } from '../stage';
import { until } from '../until';

/** Times that `cdk destroy` is tried: a resource may be busy for a moment. */
const ATTEMPTS = 3;

interface Leftovers {
  readonly findings: readonly { readonly name: string; readonly verdict: string; readonly seen: string }[];
}

/** Waits until CloudFormation does nothing with the stack. An update that the run left is rolled back first: a stack cannot be deleted in one. */
async function settled({ backend }: Stage, abortSignal: AbortSignal): Promise<void> {
  const { deployed, pace } = backend;
  await until(
    async () => {
      const status = await deployed.stackStatus(STACK);
      // It may have ended in the meantime.
      if (status === 'UPDATE_IN_PROGRESS') await deployed.cancelUpdate(STACK).catch(() => undefined);
      return !/^(CREATE|DELETE|UPDATE|ROLLBACK)_.*IN_PROGRESS$/.test(status ?? '');
    },
    pace.pollMs,
    abortSignal,
  );
}

/** What is played at the end of every run that deployed something. */
export const ENDING: readonly Step[] = [
  {
    name: 'destroy',
    title: 'cdk destroy takes the stack away',
    boundMinutes: 90,
    play: async (stage, abortSignal) => {
      const { backend, instanceType } = stage;
      for (let attempt = 1; ; attempt += 1) {
        try {
          await settled(stage, abortSignal);
          await backend.cdk.destroy([STACK], deploymentContext(instanceType), { abortSignal });
          break;
        } catch (error) {
          if (attempt === ATTEMPTS || abortSignal.aborted) {
            throw new Error(
              `${(error as Error).message}\nIt is still there and bills by the hour. Delete it by hand: aws cloudformation delete-stack --stack-name ${STACK} --region ${backend.region}`,
            );
          }
        }
      }
      assert.equal(await backend.deployed.stackStatus(STACK), undefined);
      return `${STACK} and ${ENDPOINT_NAME} are gone`;
    },
  },
  {
    name: 'destroy-check',
    title: 'bidi destroy-check finds nothing that bills by the hour',
    boundMinutes: 5,
    play: async ({ backend: { cdk, region } }, abortSignal) => {
      const words = ['destroy-check', STACK, '--region', region, '--app', cdk.assembly];
      const { findings } = (await cdk.bidi(words, { exitCodes: [0, 1], abortSignal })) as Leftovers;
      const failures = findings.filter(({ verdict }) => verdict === 'fail').map(({ seen }) => seen);
      assert.deepEqual(failures, []);
      const kept = findings.filter(({ verdict }) => verdict === 'warn').map(({ name }) => name);
      return kept.length > 0 ? `nothing by the hour; kept: ${kept.join(', ')}` : 'nothing is left';
    },
  },
];
