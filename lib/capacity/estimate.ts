import type { SearchOptions } from './search';

/** The largest extent of a measurement. */
export interface LoadEstimate {
  readonly maxSessions: number;
  readonly minutes: number;
  /** Hours of all sessions together, by which some models bill. */
  readonly sessionHours: number;
}

/** Durations of the parts of a step. */
export interface StepTimes {
  /** In seconds. */
  readonly hold: number;
  /** In seconds. */
  readonly settle: number;
  /** Sessions opened in a second. */
  readonly openRate: number;
}

/**
 * The largest extent of a measurement: a search is taken to double up to the largest number, and then to halve the gap below it.
 */
export function estimateLoad(tried: SearchOptions | readonly number[], times: StepTimes): LoadEstimate {
  const numbers = Array.isArray(tried) ? [...(tried as readonly number[])] : worstCase(tried as SearchOptions);
  const stepSeconds = (sessions: number) => times.hold + times.settle + sessions / times.openRate;
  return {
    maxSessions: Math.max(...numbers),
    minutes: numbers.reduce((sum, sessions) => sum + stepSeconds(sessions), 0) / 60,
    sessionHours: numbers.reduce((sum, sessions) => sum + sessions * stepSeconds(sessions), 0) / 3_600,
  };
}

function worstCase({ start, max, resolution }: SearchOptions): number[] {
  const doublings = Math.max(1, Math.ceil(Math.log2(max / start)) + 1);
  const halvings = Math.ceil(Math.log2(1 / (2 * resolution))) + 1;
  return [
    ...Array.from({ length: doublings }, (_, index) => Math.min(max, start * 2 ** index)),
    ...Array.from({ length: halvings }, () => max),
  ];
}
