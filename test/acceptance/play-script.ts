import { NotAvailableError } from '../interop/scorecard';
import type { Backend, Stage, Step } from './stage';
import { withoutAccount } from './without-account';

/** How a step ended. */
export interface StepResult {
  readonly name: string;
  readonly title: string;
  readonly verdict: 'passed' | 'failed' | 'skipped' | 'not-played';
  /** What was seen, or why it failed or was not played. */
  readonly seen: string;
  readonly seconds: number;
}

/** Something that the run did not show. */
export interface Skip {
  readonly what: string;
  readonly why: string;
}

/** What a run came to. */
export interface Outcome {
  readonly verdict: 'passed' | 'failed' | 'interrupted';
  readonly steps: readonly StepResult[];
  readonly skips: readonly Skip[];
  readonly stage: Stage;
}

/** Called as things happen. */
export interface Listener {
  onBegin?(step: Step): void;
  onResult?(result: StepResult): void;
  onSkip?(skip: Skip): void;
}

/** A script: its steps, and those that are played at the end whatever happened. */
export interface Script {
  readonly steps: readonly Step[];
  readonly ending: readonly Step[];
}

/** Time in which a step that is ended puts its own things in order, in milliseconds. */
const GRACE_MS = 30_000;

/** Longest time of a step that is not played in AWS, in minutes. */
const EMULATED_BOUND_MINUTES = 5;

/**
 * Plays the steps in their order until one fails or the run is interrupted, and then, in every case, the ending: nothing that was deployed
 * stays. It never rejects because of a step.
 */
export async function playScript(
  { steps, ending }: Script,
  backend: Backend,
  { abortSignal, slow = false }: { readonly abortSignal: AbortSignal; readonly slow?: boolean },
  listener: Listener = {},
): Promise<Outcome> {
  const results: StepResult[] = [];
  const skips: Skip[] = [];
  const stage: Stage = {
    backend,
    slow,
    instanceType: backend.instanceTypes[0]!,
    isDeployed: false,
    outputs: {},
    fidelity: [],
    skip(what, why) {
      const skip = { what, why: withoutAccount(why) };
      skips.push(skip);
      listener.onSkip?.(skip);
    },
  };
  const note = (result: StepResult): void => {
    results.push(result);
    listener.onResult?.(result);
  };
  const playOrPass = async (step: Step, signals: readonly AbortSignal[], reason: string | undefined): Promise<void> => {
    const { name, title } = step;
    if (reason !== undefined) return note({ name, title, verdict: 'not-played', seen: reason, seconds: 0 });
    listener.onBegin?.(step);
    note(await play(step, stage, signals));
  };
  for (const step of steps) {
    const failed = results.find(({ verdict }) => verdict === 'failed');
    const reason = abortSignal.aborted ? 'The run was interrupted.' : failed && `${failed.name} failed.`;
    await playOrPass(step, [abortSignal], reason);
  }
  // The ending has no part in the interruption: that is what it is for.
  for (const step of ending) await playOrPass(step, [], stage.isDeployed ? undefined : 'Nothing was deployed.');
  const isFailed = results.some(({ verdict }) => verdict === 'failed');
  const verdict = abortSignal.aborted ? 'interrupted' : isFailed ? 'failed' : 'passed';
  return { verdict, steps: results, skips, stage };
}

async function play(step: Step, stage: Stage, signals: readonly AbortSignal[]): Promise<StepResult> {
  const { name, title } = step;
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1_000);
  const minutes = stage.backend.kind === 'aws' ? step.boundMinutes : EMULATED_BOUND_MINUTES;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`It took longer than ${minutes} minutes.`)), minutes * 60_000);
  const abortSignal = AbortSignal.any([...signals, late.signal]);
  try {
    const seen = await orAborted(step.play(stage, abortSignal), abortSignal);
    return { name, title, verdict: 'passed', seen: withoutAccount(seen), seconds: seconds() };
  } catch (error) {
    const reason = abortSignal.aborted ? abortSignal.reason : error;
    const seen = withoutAccount(reason instanceof Error ? reason.message : String(reason));
    const verdict = reason instanceof NotAvailableError ? 'skipped' : 'failed';
    return { name, title, verdict, seen, seconds: seconds() };
  } finally {
    clearTimeout(timer);
  }
}

/** The step's own end, or the signal's reason when the step has not ended a while after it. */
async function orAborted<T>(work: Promise<T>, abortSignal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  const late = new Promise<never>((_, reject) => {
    onAbort = () => {
      timer = setTimeout(() => reject(abortSignal.reason), GRACE_MS);
    };
  });
  if (abortSignal.aborted) onAbort();
  else abortSignal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    abortSignal.removeEventListener('abort', onAbort);
  }
}
