import {
  decodeStatistics,
  emptyStatistics,
  encodeStatistics,
  mergeStatistics,
  percentilesMs,
  recordMs,
  timeHistogram,
} from '../../lib/capacity/load-statistics';
import { seeded } from './modelled-load';

const SAMPLES = 100_000;

/** Inverse of the standard normal distribution's cumulative function at the percentiles that are reported. */
const NORMAL = { p50: 0, p90: 1.2816, p95: 1.6449, p99: 2.3263 } as const;

/** Draws by the inverse of the distribution's cumulative function, on an even grid: no luck is involved. */
function histogramOf(quantile: (share: number) => number) {
  const histogram = timeHistogram();
  for (let index = 0; index < SAMPLES; index++) recordMs(histogram, quantile((index + 0.5) / SAMPLES));
  return percentilesMs(histogram);
}

describe('percentiles of known distributions are exact to half a percent', () => {
  const within = (seen: number, known: number) => expect(Math.abs(seen - known) / known).toBeLessThan(0.005);

  test('uniform from 0 to 1000 ms', () => {
    const { p50, p90, p95, p99, max } = histogramOf(share => 1_000 * share);
    for (const [seen, known] of [
      [p50, 500],
      [p90, 900],
      [p95, 950],
      [p99, 990],
      [max, 1_000],
    ] as const)
      within(seen, known);
  });

  test('exponential with a mean of 50 ms', () => {
    const quantile = (share: number) => -50 * Math.log(1 - share);
    const seen = histogramOf(quantile);
    within(seen.p50, quantile(0.5));
    within(seen.p95, quantile(0.95));
    within(seen.p99, quantile(0.99));
  });

  test('log-normal around 20 ms', () => {
    // Each percentile is e^(ln 20 + 0.5 z), z by the table; the samples come by the Box-Muller transform.
    const random = seeded(7);
    const histogram = timeHistogram();
    for (let index = 0; index < 4 * SAMPLES; index++) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      recordMs(histogram, 20 * Math.exp(0.5 * normal));
    }
    const seen = percentilesMs(histogram);
    for (const name of ['p50', 'p90', 'p95', 'p99'] as const) {
      expect(Math.abs(seen[name] / (20 * Math.exp(0.5 * NORMAL[name])) - 1)).toBeLessThan(0.02);
    }
  });

  test('nothing recorded is zero, and ten minutes are the longest', () => {
    expect(percentilesMs(timeHistogram())).toEqual({ p50: 0, p90: 0, p95: 0, p99: 0, max: 0 });
    const histogram = timeHistogram();
    recordMs(histogram, 3_600_000);
    recordMs(histogram, -1);
    expect(percentilesMs(histogram).max).toBeGreaterThan(599_000);
    expect(histogram.totalCount).toBe(2);
  });
});

test('what several processes counted is as if one had', () => {
  const parts = [1, 2, 3].map(seed => {
    const part = emptyStatistics();
    const random = seeded(seed);
    for (let index = 0; index < 1_000; index++) recordMs(part.lag, 100 * random());
    part.opened = seed;
    part.errors.ConnectError = seed;
    part.cpuShare = seed / 10;
    part.elapsedMs = 1_000;
    return part;
  });
  const whole = emptyStatistics();
  for (const part of parts) whole.lag.add(part.lag);
  const merged = mergeStatistics(
    parts.map(part =>
      decodeStatistics(JSON.parse(JSON.stringify(encodeStatistics(part))) as ReturnType<typeof encodeStatistics>),
    ),
  );
  const seen = percentilesMs(merged.lag);
  for (const [name, known] of Object.entries(percentilesMs(whole.lag))) {
    expect(Math.abs(seen[name as keyof typeof seen] / known - 1)).toBeLessThan(0.001);
  }
  expect(merged).toMatchObject({ opened: 6, errors: { ConnectError: 6 }, cpuShare: 0.3, elapsedMs: 1_000 });
});
