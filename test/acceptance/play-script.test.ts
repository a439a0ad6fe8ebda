import { NotAvailableError } from '../interop/scorecard';
import { boundOf, planOf } from './plan';
import { playScript, type Script } from './play-script';
import { renderReport, reportOf } from './report';
import { ACCEPTANCE } from './script';
import type { Backend, Step } from './stage';

/** A backend whose steps are told below and that has nothing of its own. */
const backend = { kind: 'emulated', region: 'eu-west-1', instanceTypes: ['ml.c5.large'] } as unknown as Backend;
const NEVER = new AbortController().signal;

/** A script that notes what is played. The step `deploy` makes something that has to be destroyed. */
function scriptOf(played: string[], plays: Readonly<Record<string, Step['play']>> = {}): Script {
  const step = (name: string): Step => ({
    name,
    title: `${name} holds`,
    boundMinutes: 1,
    play: async (stage, abortSignal) => {
      played.push(name);
      if (name === 'deploy') stage.isDeployed = true;
      return (await plays[name]?.(stage, abortSignal)) ?? 'as expected';
    },
  });
  return {
    steps: ['preflight', 'deploy', 'update', 'scale'].map(step),
    ending: ['destroy', 'destroy-check'].map(step),
  };
}

const verdicts = ({ steps }: { steps: readonly { name: string; verdict: string }[] }) =>
  Object.fromEntries(steps.map(({ name, verdict }) => [name, verdict]));

test('every step is played in its order, and then the ending', async () => {
  const played: string[] = [];
  const outcome = await playScript(scriptOf(played), backend, { abortSignal: NEVER });
  expect(played).toEqual(['preflight', 'deploy', 'update', 'scale', 'destroy', 'destroy-check']);
  expect(outcome.verdict).toBe('passed');
});

test('a step that fails ends the steps, and what was deployed is destroyed', async () => {
  const played: string[] = [];
  const update = () => Promise.reject(new Error('2 of 4 sessions did not last.'));
  const outcome = await playScript(scriptOf(played, { update }), backend, { abortSignal: NEVER });
  expect(played).toEqual(['preflight', 'deploy', 'update', 'destroy', 'destroy-check']);
  expect(outcome.verdict).toBe('failed');
  expect(verdicts(outcome)).toMatchObject({ update: 'failed', scale: 'not-played', destroy: 'passed' });
});

test('a deployment that fails is destroyed too; before it there is nothing to destroy', async () => {
  const deploying: string[] = [];
  const deploy = () => Promise.reject(new Error('The stack rolled back.'));
  const failed = await playScript(scriptOf(deploying, { deploy }), backend, { abortSignal: NEVER });
  expect(verdicts(failed)).toMatchObject({ deploy: 'failed', destroy: 'passed' });
  const preflight = () => Promise.reject(new Error('No quota.'));
  const early = await playScript(scriptOf([], { preflight }), backend, { abortSignal: NEVER });
  expect(early.verdict).toBe('failed');
  expect(verdicts(early)).toMatchObject({ preflight: 'failed', destroy: 'not-played' });
});

test('an interruption ends the step that waits, and the ending is played without it', async () => {
  const interrupt = new AbortController();
  const played: string[] = [];
  const endings: boolean[] = [];
  const update: Step['play'] = (_, abortSignal) =>
    new Promise((_, reject) => {
      abortSignal.addEventListener('abort', () => reject(abortSignal.reason));
      interrupt.abort(new Error('It was interrupted by SIGINT.'));
    });
  const destroy: Step['play'] = async (_, abortSignal) => {
    endings.push(abortSignal.aborted);
    return 'gone';
  };
  const outcome = await playScript(scriptOf(played, { update, destroy }), backend, { abortSignal: interrupt.signal });
  expect(outcome.verdict).toBe('interrupted');
  expect(endings).toEqual([false]);
  expect(played).toEqual(['preflight', 'deploy', 'update', 'destroy', 'destroy-check']);
  expect(outcome.steps.find(({ name }) => name === 'update')?.seen).toBe('It was interrupted by SIGINT.');
});

test('a stack that cannot be destroyed fails the run, and what is left is still looked for', async () => {
  const played: string[] = [];
  const destroy = () => Promise.reject(new Error('DELETE_FAILED'));
  const outcome = await playScript(scriptOf(played, { destroy }), backend, { abortSignal: NEVER });
  expect(outcome.verdict).toBe('failed');
  expect(played.at(-1)).toBe('destroy-check');
});

test('what cannot be had here is skipped, with its reason', async () => {
  const scale = () => Promise.reject(new NotAvailableError('needs two instances'));
  const outcome = await playScript(scriptOf([], { scale }), backend, { abortSignal: NEVER });
  expect(outcome.verdict).toBe('passed');
  expect(verdicts(outcome).scale).toBe('skipped');
});

test('the report, as a table and as JSON, names no account', async () => {
  const update = () => Promise.reject(new Error('arn:aws:iam::123456789012:role/x is not allowed'));
  const scale: Step['play'] = async stage => {
    stage.skip('instances', 'none in 123456789012');
    return 'seen';
  };
  const outcome = await playScript(scriptOf([], { deploy: scale, update }), backend, { abortSignal: NEVER });
  const texts = [renderReport(outcome), JSON.stringify(reportOf(outcome, new Date()))];
  for (const text of texts) {
    expect(text).toContain('arn:aws:iam::<account>:role/x');
    expect(text).not.toContain('123456789012');
  }
  expect(renderReport(outcome)).toMatch(/^update +FAILED +0 s +arn:aws/m);
  expect(JSON.parse(texts[1]!)).toMatchObject({ verdict: 'failed', backend: 'emulated', region: 'eu-west-1' });
});

test('the plan tells every step with its bound, the instances and the hours, and invents no price', () => {
  const plan = planOf(ACCEPTANCE, 'eu-west-1', ['ml.c5.large', 'ml.m5.large']);
  for (const { name, boundMinutes } of [...ACCEPTANCE.steps, ...ACCEPTANCE.ending]) {
    expect(plan).toMatch(new RegExp(`^  ${name} .*\\(at most ${boundMinutes} min\\)$`, 'm'));
  }
  expect(plan).toContain('2 instances at most');
  expect(plan).not.toMatch(/\$|USD/);
  const { hours, instanceHours, instances } = boundOf(ACCEPTANCE);
  expect(instances).toBe(2);
  expect(instanceHours).toBeGreaterThan(hours);
  expect(instanceHours).toBeLessThan(2 * hours);
});
