import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

/** Times are recorded in microseconds up to ten minutes, to three significant digits. */
const LONGEST_US = 600_000_000;

/** A histogram of times in microseconds. */
export function timeHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: LONGEST_US, numberOfSignificantValueDigits: 3 });
}

/** Records a time in milliseconds; a longer one than ten minutes counts as ten minutes. */
export function recordMs(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(LONGEST_US, Math.max(0, Math.round(ms * 1_000))));
}

/** Counts of one or more generators over a period. */
export interface LoadStatistics {
  /** From when a message was due to its answer, in microseconds. A message that is still unanswered counts with its age. */
  readonly lag: Histogram;
  /** From the first due message of a session to its first answer, in microseconds. */
  readonly firstResponse: Histogram;
  /** From the call to the open session, in microseconds. */
  readonly open: Histogram;
  /** How late the generator's own timers were, in microseconds. */
  readonly generatorLag: Histogram;
  sentMessages: number;
  sentBytes: number;
  receivedMessages: number;
  receivedBytes: number;
  /** Sessions that were opened. */
  opened: number;
  /** Sessions that had nothing answered for longer than the largest lag. */
  stalled: number;
  /** Failed opens and broken sessions, by the error's name. */
  readonly errors: Record<string, number>;
  /** 99th percentile of the event loop's delay, in milliseconds; of several generators the largest. */
  eventLoopP99Ms: number;
  /** Share of one core that the busiest generator used. */
  cpuShare: number;
  /** Length of the period, in milliseconds. */
  elapsedMs: number;
}

export function emptyStatistics(): LoadStatistics {
  return {
    lag: timeHistogram(),
    firstResponse: timeHistogram(),
    open: timeHistogram(),
    generatorLag: timeHistogram(),
    sentMessages: 0,
    sentBytes: 0,
    receivedMessages: 0,
    receivedBytes: 0,
    opened: 0,
    stalled: 0,
    errors: {},
    eventLoopP99Ms: 0,
    cpuShare: 0,
    elapsedMs: 0,
  };
}

const HISTOGRAMS = ['lag', 'firstResponse', 'open', 'generatorLag'] as const;
const COUNTS = ['sentMessages', 'sentBytes', 'receivedMessages', 'receivedBytes', 'opened', 'stalled'] as const;

/** The sum of the statistics of several generators. */
export function mergeStatistics(parts: readonly LoadStatistics[]): LoadStatistics {
  const whole = emptyStatistics();
  for (const part of parts) {
    for (const name of HISTOGRAMS) whole[name].add(part[name]);
    for (const name of COUNTS) whole[name] += part[name];
    for (const [name, count] of Object.entries(part.errors)) whole.errors[name] = (whole.errors[name] ?? 0) + count;
    whole.eventLoopP99Ms = Math.max(whole.eventLoopP99Ms, part.eventLoopP99Ms);
    whole.cpuShare = Math.max(whole.cpuShare, part.cpuShare);
    whole.elapsedMs = Math.max(whole.elapsedMs, part.elapsedMs);
  }
  return whole;
}

/** Statistics in the form in which they are sent to another process. */
export type EncodedStatistics = Omit<LoadStatistics, (typeof HISTOGRAMS)[number]> &
  Readonly<Record<(typeof HISTOGRAMS)[number], string>>;

export function encodeStatistics(statistics: LoadStatistics): EncodedStatistics {
  const { lag, firstResponse, open, generatorLag, ...rest } = statistics;
  const encode = (histogram: Histogram) => encodeIntoCompressedBase64(histogram);
  return {
    ...rest,
    lag: encode(lag),
    firstResponse: encode(firstResponse),
    open: encode(open),
    generatorLag: encode(generatorLag),
  };
}

export function decodeStatistics(encoded: EncodedStatistics): LoadStatistics {
  const { lag, firstResponse, open, generatorLag, ...rest } = encoded;
  return {
    ...rest,
    lag: decodeFromCompressedBase64(lag),
    firstResponse: decodeFromCompressedBase64(firstResponse),
    open: decodeFromCompressedBase64(open),
    generatorLag: decodeFromCompressedBase64(generatorLag),
  };
}

/** Percentiles of a histogram of microseconds, in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export function percentilesMs(histogram: Histogram): Percentiles {
  const at = (percentile: number) =>
    histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1_000;
  return {
    p50: at(50),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    max: histogram.totalCount === 0 ? 0 : histogram.maxValue / 1_000,
  };
}
