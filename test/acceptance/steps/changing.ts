import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { StackOutput } from '../../../lib/contract';
import { HeldSessions } from '../held-sessions';
import { observe } from '../observe';
import { probedEndpoint } from '../probe-container';
import { changeEchoContainer, SECOND_EDITION } from '../source-tree';
import { ENDPOINT_NAME, STACK, type Stage, type Step, TARGET_CONCURRENCY, VARIANT_NAME } from '../stage';
import { until } from '../until';
import { deploy } from './deploying';
import { scaleOutAndIn } from './scaling';

/** Sessions that are open while the endpoint is updated. */
const SESSIONS_THROUGH_UPDATE = 4;

/** How long the line of a stopped container may take to reach the log, in milliseconds. */
const STOP_PATIENCE_MS = 5 * 60_000;

/** Waits until new streams reach the changed container. */
async function changed({ backend }: Stage, abortSignal: AbortSignal): Promise<void> {
  using endpoint = probedEndpoint(backend);
  const isChanged = async () => {
    await using probe = await endpoint.open();
    return (await probe.report()).process.environment.includes(SECOND_EDITION);
  };
  await until(isChanged, backend.pace.pollMs, abortSignal);
}

/** The container that was replaced got SIGTERM and ended by itself: the echo container writes `draining` at the one and `stopped` at the other. */
async function stoppedInOrder(stage: Stage, abortSignal: AbortSignal): Promise<void> {
  const { backend } = stage;
  const isStopped = async () => {
    const events = (await backend.containerLog()).flatMap(line => /"event":"(draining|stopped)"/.exec(line)?.[1] ?? []);
    return events.includes('draining') && events.includes('stopped');
  };
  const late = AbortSignal.timeout(STOP_PATIENCE_MS);
  try {
    await until(isStopped, backend.pace.pollMs, AbortSignal.any([abortSignal, late]));
  } catch (error) {
    if (!late.aborted) throw error;
    observe(stage, 'stopped-with-sigterm', 'not in the log of the container');
    throw new Error(
      `The old container did not write within ${STOP_PATIENCE_MS / 60_000} minutes that it was stopped in order.`,
    );
  }
  observe(stage, 'stopped-with-sigterm', 'SIGTERM, and time to end');
}

/** What happens to an endpoint in use. */
export const CHANGING: readonly Step[] = [
  {
    name: 'update',
    title: 'an update of the container cuts no open session, and the old container is stopped in order',
    boundMinutes: 90,
    addedInstances: 1,
    play: async (stage, abortSignal) => {
      const { backend } = stage;
      const { holdToAgeMs, messageMs } = backend.pace;
      const before = await backend.deployed.endpoint(ENDPOINT_NAME);
      await using sessions = await HeldSessions.open(ENDPOINT_NAME, backend.streams(), {
        count: SESSIONS_THROUGH_UPDATE,
        messageMs,
      });
      changeEchoContainer(backend.source);
      const ended = new AbortController();
      const either = AbortSignal.any([abortSignal, ended.signal]);
      const deployment = deploy(stage, either);
      try {
        await Promise.race([changed(stage, either), failureOf(deployment)]);
        // As long as the update lasts; the platform ends a stream at 30 minutes, so that these end themselves before.
        const held = sleep(Math.max(holdToAgeMs - sessions.ageMs, 0), undefined, { signal: either });
        await Promise.race([held, backend.kind === 'aws' ? deployment : failureOf(deployment)]);
        await sessions.close().catch(error => {
          observe(stage, 'update-keeps-streams', 'cut');
          throw error;
        });
        observe(stage, 'update-keeps-streams', 'none cut');
        await deployment;
      } finally {
        ended.abort();
        await deployment.catch(() => undefined); // thrown above, unless something else was
      }
      await assertUpdated(stage, before);
      await stoppedInOrder(stage, abortSignal);
      return `${SESSIONS_THROUGH_UPDATE} sessions kept, ${sessions.exchanged} messages came back`;
    },
  },
  {
    name: 'scale',
    title: 'instances follow the open streams, out and in',
    boundMinutes: 75,
    addedInstances: 1,
    play: async (stage, abortSignal) => {
      const { backend } = stage;
      const target = `endpoint/${ENDPOINT_NAME}/variant/${VARIANT_NAME}`;
      assert.ok((await backend.deployed.scalableTargets()).includes(target), `${target} is no scalable target.`);
      if (backend.cannot.scale) {
        stage.skip('instances that come and go with the open streams', backend.cannot.scale);
        stage.skip('what scale-in does to open streams', backend.cannot.scale);
        return `${target} is scaled at ${TARGET_CONCURRENCY} open streams`;
      }
      return scaleOutAndIn(stage, abortSignal);
    },
  },
  {
    name: 'alarms',
    title: 'the alarm on streams that the container refuses fires, and clears',
    boundMinutes: 60,
    play: async (stage, abortSignal) => {
      const { backend } = stage;
      const names = [...(await backend.deployed.alarms(STACK)).keys()];
      const alarm = names.find(name => name.includes('ModelErrors'));
      assert.ok(alarm, `No alarm on model errors among ${names.join(', ')}.`);
      const reaches = (state: string) =>
        until(
          async () => (await backend.deployed.alarms(STACK)).get(alarm) === state,
          backend.pace.pollMs,
          abortSignal,
        );
      if (backend.cannot.evaluateAlarms) {
        stage.skip('that CloudWatch evaluates the alarms', backend.cannot.evaluateAlarms);
        await backend.deployed.setAlarm(alarm, 'ALARM');
        await reaches('ALARM');
        await backend.deployed.setAlarm(alarm, 'OK');
        await reaches('OK');
        return `${names.length} alarms are there; ModelErrors went to ALARM and back to OK as it was set`;
      }
      await whileRefused(stage, abortSignal, () => reaches('ALARM'));
      await reaches('OK');
      return `${names.length} alarms are there; ModelErrors fired on refused streams and cleared after`;
    },
  },
];

/** Settles only if the work fails. */
function failureOf(work: Promise<unknown>): Promise<never> {
  return work.then(() => new Promise<never>(() => {}));
}

/** Model and configuration are new ones, the endpoint is the same. */
async function assertUpdated(
  { backend, outputs }: Stage,
  before: Awaited<ReturnType<Stage['backend']['deployed']['endpoint']>>,
) {
  const after = await backend.deployed.endpoint(ENDPOINT_NAME);
  assert.notEqual(after.model.PrimaryContainer?.Image, before.model.PrimaryContainer?.Image);
  assert.equal(after.model.PrimaryContainer?.Image, outputs[StackOutput.IMAGE_URI]);
  assert.notEqual(after.model.ModelName, before.model.ModelName);
  assert.notEqual(after.config.EndpointConfigName, before.config.EndpointConfigName);
  assert.equal(after.endpoint.EndpointArn, before.endpoint.EndpointArn);
  assert.deepEqual(after.endpoint.CreationTime, before.endpoint.CreationTime);
  assert.ok(after.endpoint.LastModifiedTime! > before.endpoint.LastModifiedTime!);
}

/** Opens streams that the container refuses, for as long as something takes. */
async function whileRefused({ backend }: Stage, abortSignal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  using endpoint = probedEndpoint(backend);
  const ended = new AbortController();
  const refuse = async () => {
    while (!ended.signal.aborted) {
      await endpoint.opening({ modelInvocationPath: 'probe', modelQueryString: 'status=503' });
      await sleep(backend.pace.pollMs, undefined, { signal: AbortSignal.any([ended.signal, abortSignal]) }).catch(
        () => undefined,
      );
      if (abortSignal.aborted) return;
    }
  };
  const refusing = refuse();
  try {
    await work();
  } finally {
    ended.abort();
    await refusing;
  }
}
