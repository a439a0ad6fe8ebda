import type { Goal, Measurement, Skipped } from './measurement';

/** One run, as it is kept. */
export interface Results {
  readonly startedAt: string;
  readonly tookSeconds: number;
  /** The commit that was measured, with `+` when the working tree differed from it. */
  readonly commit: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly measurements: readonly Measurement[];
  readonly goals: readonly Goal[];
  readonly skipped: readonly Skipped[];
}

/** A figure that differs from an earlier run's. */
export interface Move {
  readonly id: string;
  readonly subject: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
  /** 0.1 is ten percent more than before. */
  readonly change: number;
  readonly better: boolean;
}

/**
 * What moved between two runs, the worst first.
 *
 * @param threshold smallest change that counts, where 0.1 is ten percent
 */
export function compare(baseline: Results, results: Results, threshold = 0.1): Move[] {
  const key = ({ id, subject }: Measurement) => `${id}\n${subject}`;
  const earlier = new Map(baseline.measurements.map(measurement => [key(measurement), measurement]));
  return results.measurements
    .flatMap((measurement): Move[] => {
      const before = earlier.get(key(measurement))?.value;
      if (before === undefined || before === 0) return [];
      const { id, subject, unit, value: after } = measurement;
      const change = after / before - 1;
      if (Math.abs(change) < threshold) return [];
      return [{ id, subject, unit, before, after, change, better: change > 0 === (measurement.better === 'higher') }];
    })
    .sort((a, b) => Number(a.better) - Number(b.better) || Math.abs(b.change) - Math.abs(a.change));
}
