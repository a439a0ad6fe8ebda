import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONCURRENCY_SCALING } from '../contract';
import type { LoadSource } from './generator-pool';
import { findKnee } from './knee';
import { type SearchOptions, searchSessions, trySessions } from './search';
import { type CapacityLimits, type CapacityStep, judgeStep } from './step';

/** How a capacity is measured. */
export interface CapacityOptions extends CapacityLimits {
  /** Time for which a number of sessions is measured, in milliseconds. */
  readonly holdMs: number;
  /** Time between the last open and the measurement, in milliseconds. */
  readonly settleMs: number;
  /** Most sessions that are opened in a second. */
  readonly opensPerSecond: number;
  /** Time that an open may take, in milliseconds. */
  readonly openTimeoutMs: number;
  /** Which numbers are tried: a search, or a list. */
  readonly sessions: SearchOptions | readonly number[];
  /**
   * Instances that share the load.
   *
   * @default 1
   */
  readonly instances?: number;
  /**
   * Share of what one instance holds that the scaling target is.
   *
   * @default 0.75
   */
  readonly targetShare?: number;
  /** Ends the measurement; what was measured so far is the result. */
  readonly abortSignal?: AbortSignal;
  /** Called with the progress of the measurement. */
  readonly onProgress?: (progress: CapacityProgress) => void;
}

/** The progress of a measurement. */
export type CapacityProgress =
  | { readonly phase: 'opening'; readonly sessions: number; readonly active: number }
  | { readonly phase: 'measuring'; readonly sessions: number; readonly active: number; readonly remainingMs: number }
  | { readonly phase: 'step'; readonly step: CapacityStep }
  | { readonly phase: 'growing'; readonly processes: number };

/** The verdict of the measurement. */
export interface CapacityVerdict {
  /**
   * `found`: the endpoint broke a limit. `not-reached`: it held everything that was tried. `generator-limited`: the load generator
   * broke first, so the endpoint's limit is not known. `never-held`: not even the smallest number held.
   */
  readonly kind: 'found' | 'not-reached' | 'generator-limited' | 'never-held';
  /** Sessions that one instance holds; of `not-reached` and `generator-limited`, at least. 0 when it never held. */
  readonly sessionsPerInstance: number;
  /** Where the lag begins to rise steeply, in sessions of one instance; absent when it does not before the limit. */
  readonly kneePerInstance?: number;
  /**
   * For the stack: a share of the smaller of the two. Absent when nothing held. Only of `found` is it what one instance could bear; of
   * `not-reached` and `generator-limited` it is safe, and may be lower than it need be.
   */
  readonly targetConcurrency?: number;
  /** The reason, in words. */
  readonly reason: string;
}

/** A measurement. */
export interface CapacityResult {
  readonly startedAt: string;
  readonly seconds: number;
  readonly limits: CapacityLimits;
  readonly instances: number;
  readonly targetShare: number;
  /** In the order in which they were tried. */
  readonly steps: readonly CapacityStep[];
  readonly verdict: CapacityVerdict;
  /** The load generator. */
  readonly generator: { readonly node: string; readonly processor: string; readonly cores: number };
}

/** How often in a row a step is repeated because something else kept the generator's machine busy. */
const REPEAT_LIMIT = 2;

/** Time between two counts of the open sessions, in milliseconds. */
const COUNT_INTERVAL_MS = 100;

/**
 * Finds how many real-time sessions an endpoint holds within the limits, by trying.
 *
 * The load is open-loop: a message is due whether or not the endpoint keeps up, and lag counts from then, so that a slow endpoint does
 * not slow the load down. Where the generator is the limit, another process is added and the step repeated; when there are no
 * more, no verdict is given.
 *
 * @throws the error of the load generator, unless `abortSignal` ended the measurement.
 */
export async function measureCapacity(source: LoadSource, options: CapacityOptions): Promise<CapacityResult> {
  const begin = Date.now();
  const steps: CapacityStep[] = [];
  let repeats = 0;
  const { sessions: tried, abortSignal } = options;
  const search = Array.isArray(tried) ? trySessions(tried) : searchSessions(tried as SearchOptions);
  try {
    let next = search.next();
    while (!next.done) {
      const step = await runStep(source, next.value, options);
      steps.push(step);
      options.onProgress?.({ phase: 'step', step });
      if (step.verdict === 'generator-limited') {
        if (source.processes < source.processLimit) {
          await source.grow();
          options.onProgress?.({ phase: 'growing', processes: source.processes });
        } else if (++repeats > REPEAT_LIMIT) break;
        continue; // the same number again
      }
      repeats = 0;
      next = search.next(step.verdict === 'held');
    }
  } catch (error) {
    if (!abortSignal?.aborted) throw error;
  }
  const instances = options.instances ?? 1;
  const targetShare = options.targetShare ?? CONCURRENCY_SCALING.targetShare;
  return {
    startedAt: new Date(begin).toISOString(),
    seconds: (Date.now() - begin) / 1_000,
    limits: { maxLagMs: options.maxLagMs, maxErrors: options.maxErrors },
    instances,
    targetShare,
    steps,
    verdict: concludeCapacity(steps, { maxLagMs: options.maxLagMs, instances, targetShare }),
    generator: { node: process.version, processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length },
  };
}

async function runStep(source: LoadSource, sessions: number, options: CapacityOptions): Promise<CapacityStep> {
  const { abortSignal, onProgress } = options;
  source.setSessions(sessions);
  const deadline =
    Date.now() + options.openTimeoutMs + (Math.abs(sessions - source.active) / options.opensPerSecond) * 1_000;
  while (source.active !== sessions && Date.now() < deadline) {
    onProgress?.({ phase: 'opening', sessions, active: source.active });
    await sleep(COUNT_INTERVAL_MS, undefined, { signal: abortSignal });
  }
  const complete = source.active >= sessions;
  await sleep(options.settleMs, undefined, { signal: abortSignal });
  const ramp = await source.collect();
  const end = Date.now() + options.holdMs;
  for (let remainingMs = options.holdMs; remainingMs > 0; remainingMs = end - Date.now()) {
    onProgress?.({ phase: 'measuring', sessions, active: source.active, remainingMs });
    await sleep(Math.min(remainingMs, COUNT_INTERVAL_MS), undefined, { signal: abortSignal });
  }
  return judgeStep(sessions, ramp, await source.collect(), complete, source.processes, options);
}

/** Share of the largest lag that the lag has to rise by for its curve to have a knee. */
const KNEE_SHARE = 0.2;

/** The verdict of the steps on one instance. */
export function concludeCapacity(
  steps: readonly CapacityStep[],
  {
    maxLagMs,
    instances = 1,
    targetShare = CONCURRENCY_SCALING.targetShare,
  }: Pick<CapacityOptions, 'maxLagMs' | 'instances' | 'targetShare'>,
): CapacityVerdict {
  const held = Math.max(0, ...steps.filter(step => step.verdict === 'held').map(step => step.sessions));
  const broke = steps
    .filter(step => step.verdict === 'broke')
    .toSorted((one, other) => one.sessions - other.sessions)[0];
  const limited = steps.at(-1)?.verdict === 'generator-limited';
  const sessionsPerInstance = Math.floor(held / instances);
  // Where only the generator was slow, its lag is no point of the endpoint's curve.
  const knee = findKnee(
    steps
      .filter(step => step.verdict !== 'generator-limited')
      .map(step => ({ sessions: step.sessions, lagMs: step.lagMs.p95 })),
    KNEE_SHARE * maxLagMs,
  );
  // A knee beyond what holds changes nothing.
  const kneePerInstance = knee === undefined || knee > held ? undefined : Math.floor(knee / instances);
  const usable = Math.min(sessionsPerInstance, kneePerInstance ?? sessionsPerInstance);
  const found = {
    sessionsPerInstance,
    kneePerInstance,
    targetConcurrency: held === 0 ? undefined : Math.max(1, Math.floor(usable * targetShare)),
  };
  if (limited) {
    const { processes, lagP99Ms, eventLoopP99Ms } = steps.at(-1)!.generator;
    return {
      kind: 'generator-limited',
      ...found,
      reason:
        `At ${steps.at(-1)!.sessions} sessions the load generator itself was up to ${Math.max(lagP99Ms, eventLoopP99Ms).toFixed(0)} ms late (p99, ` +
        `${processes} process${processes === 1 ? '' : 'es'}), so what was measured is its own limit. Run it on a machine with more cores.`,
    };
  }
  if (held === 0) {
    return {
      kind: 'never-held',
      sessionsPerInstance: 0,
      reason: broke
        ? `${broke.sessions} sessions already broke: ${broke.reasons.join('; ')}.`
        : 'Nothing was measured.',
    };
  }
  if (!broke) {
    return {
      kind: 'not-reached',
      ...found,
      reason: `${held} sessions held; more were not tried.`,
    };
  }
  return {
    kind: 'found',
    ...found,
    reason: `${held} sessions held; ${broke.sessions} did not: ${broke.reasons.join('; ')}.`,
  };
}
