/** One figure: what was measured, of whom. */
export interface Measurement {
  /** What, such as `echo/50x3200/messages`. With the subject it names the figure from run to run. */
  readonly id: string;
  /** Of whom, such as `echo container`. */
  readonly subject: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** The median of the rounds. */
  readonly value: number;
  /** Each round's figure, in order. */
  readonly rounds: readonly number[];
}

/** What the kit set itself. */
export interface Goal {
  readonly text: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly value: number;
  readonly limit: number;
  readonly met: boolean;
}

/** Something that could not be measured here. */
export interface Skipped {
  readonly what: string;
  readonly why: string;
}

/** Gathers what a run measures. */
export class Recorder {
  readonly measurements: Measurement[] = [];
  readonly goals: Goal[] = [];
  readonly skipped: Skipped[] = [];

  /** @param progress told of each figure as it comes */
  constructor(private readonly progress: (line: string) => void = () => {}) {}

  measure(id: string, subject: string, unit: string, better: 'higher' | 'lower', rounds: readonly number[]): number {
    const value = significant(median(rounds));
    this.measurements.push({ id, subject, unit, better, value, rounds: rounds.map(significant) });
    this.progress(`  ${id.padEnd(36)} ${subject.padEnd(24)} ${value} ${unit}`);
    return value;
  }

  goal(text: string, unit: string, better: 'higher' | 'lower', value: number, limit: number): void {
    const met = better === 'higher' ? value >= limit : value <= limit;
    this.goals.push({ text, unit, better, value: significant(value), limit, met });
    this.progress(`  ${met ? '✓' : '✗'} ${text}: ${significant(value)} ${unit}`);
  }

  skip(what: string, why: string): void {
    this.skipped.push({ what, why });
    this.progress(`  skipped: ${what} (${why})`);
  }
}

/** The middle value; of an even number of values the mean of the two in the middle. Not a number for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Each round's ratio, so that what slows the whole machine down for a while falls on both sides. */
export function ratios(of: readonly number[], to: readonly number[]): number[] {
  if (of.length !== to.length) throw new RangeError('Both sides need the same rounds.');
  return of.map((value, round) => value / to[round]!);
}

/** Four significant digits: more would pretend. */
export function significant(value: number): number {
  return Number(value.toPrecision(4));
}
