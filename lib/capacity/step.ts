import { type LoadStatistics, type Percentiles, percentilesMs } from './load-statistics';

/** The limits that a step has to keep. */
export interface CapacityLimits {
  /** Largest 95th percentile of the lag, in milliseconds. */
  readonly maxLagMs: number;
  /** Largest share of sessions that may fail or stall. */
  readonly maxErrors: number;
}

/** One number of sessions, held for a while. */
export interface CapacityStep {
  readonly sessions: number;
  /** How long it was measured, in seconds. */
  readonly seconds: number;
  /** From when a message was due to its answer, in milliseconds. */
  readonly lagMs: Percentiles;
  /** From a session's first due message to its first answer, in milliseconds. */
  readonly firstResponseMs: Percentiles;
  /** From the call to the open session, in milliseconds. */
  readonly openMs: Percentiles;
  readonly sentPerSecond: number;
  readonly receivedPerSecond: number;
  readonly receivedBytesPerSecond: number;
  /** Failed opens and broken sessions, by the error's name, ramp included. */
  readonly errors: Readonly<Record<string, number>>;
  /** Sessions that had nothing answered for longer than the largest lag. */
  readonly stalled: number;
  /** Failed and stalled sessions by sessions. */
  readonly errorShare: number;
  /** Lag that the generator itself added. */
  readonly generator: {
    readonly processes: number;
    /** 99th percentile of how late its timers were, in milliseconds. */
    readonly lagP99Ms: number;
    /** 99th percentile of its event loop's delay, in milliseconds. */
    readonly eventLoopP99Ms: number;
    /** Share of one core, of the busiest process. */
    readonly cpuShare: number;
  };
  /** Whether it kept the limits; `generator-limited` when the generator was too slow to tell. */
  readonly verdict: 'held' | 'broke' | 'generator-limited';
  /** The reasons why it did not hold, in words. */
  readonly reasons: readonly string[];
}

/** Share of the largest lag that the generator's own lag may be: beyond it, its own slowness is what is measured. */
const GENERATOR_SHARE = 0.2;

/** Generator lag that is always allowed, in milliseconds: the resolution of timers. */
const TIMER_RESOLUTION_MS = 10;

/**
 * Judges one step.
 *
 * @param ramp what was counted until all sessions were open; its opens and errors belong to the step, its lags do not
 * @param complete whether all sessions were open in time
 */
export function judgeStep(
  sessions: number,
  ramp: LoadStatistics,
  hold: LoadStatistics,
  complete: boolean,
  processes: number,
  limits: CapacityLimits,
): CapacityStep {
  const errors: Record<string, number> = { ...ramp.errors };
  for (const [name, count] of Object.entries(hold.errors)) errors[name] = (errors[name] ?? 0) + count;
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const errorShare = (failed + hold.stalled) / sessions;
  const lagMs = percentilesMs(hold.lag);
  const generatorLag = percentilesMs(hold.generatorLag).p99;
  const generator = {
    processes,
    lagP99Ms: generatorLag,
    eventLoopP99Ms: hold.eventLoopP99Ms,
    cpuShare: hold.cpuShare,
  };
  const reasons: string[] = [];
  if (lagMs.p95 > limits.maxLagMs) reasons.push(`p95 lag ${lagMs.p95.toFixed(0)} ms is over ${limits.maxLagMs} ms`);
  if (errorShare > limits.maxErrors) {
    const kinds = Object.entries(errors).map(([name, count]) => `${count} ${name}`);
    if (hold.stalled > 0) kinds.push(`${hold.stalled} stalled`);
    reasons.push(`${kinds.join(', ')} in ${sessions} sessions is over ${percent(limits.maxErrors)}`);
  }
  if (!complete) reasons.push('not every session could be opened in time');
  if (hold.receivedMessages === 0) reasons.push('nothing was answered');
  const generatorLimit = Math.max(TIMER_RESOLUTION_MS, GENERATOR_SHARE * limits.maxLagMs);
  const limited = Math.max(generator.lagP99Ms, generator.eventLoopP99Ms) > generatorLimit;
  const perSecond = (count: number) => count / (hold.elapsedMs / 1_000);
  return {
    sessions,
    seconds: hold.elapsedMs / 1_000,
    lagMs,
    firstResponseMs: percentilesMs(merged(ramp, hold, 'firstResponse')),
    openMs: percentilesMs(merged(ramp, hold, 'open')),
    sentPerSecond: perSecond(hold.sentMessages),
    receivedPerSecond: perSecond(hold.receivedMessages),
    receivedBytesPerSecond: perSecond(hold.receivedBytes),
    errors,
    stalled: hold.stalled,
    errorShare,
    generator,
    // A step that holds with a slow generator also holds with a fast one.
    verdict: reasons.length === 0 ? 'held' : limited ? 'generator-limited' : 'broke',
    reasons,
  };
}

function merged(ramp: LoadStatistics, hold: LoadStatistics, name: 'firstResponse' | 'open') {
  const whole = ramp[name];
  whole.add(hold[name]);
  return whole;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 ? 1 : 0)} %`;
}
