import { Latencies } from '../../bench/latency';
import { median, Recorder, ratios, significant } from '../../bench/measurement';

describe('the statistics', () => {
  test.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('ratios are taken round by round, so a slow round falls on both sides', () => {
    expect(median(ratios([100, 10, 98], [50, 5, 49]))).toBe(2);
    expect(() => ratios([1], [1, 2])).toThrow(RangeError);
  });

  test('the percentiles of a uniform distribution are its values', () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 10_000; ms += 1) latencies.recordMs(ms);
    for (const percentile of [1, 50, 90, 99, 99.9]) {
      // Three digits are kept.
      expect(Math.abs(latencies.percentileMs(percentile) / (percentile * 100) - 1)).toBeLessThan(0.002);
    }
    expect(latencies.count).toBe(10_000);
  });

  test('the percentiles of an exponential distribution are where its quantile function says', () => {
    const latencies = new Latencies();
    const count = 50_000;
    for (let at = 0; at < count; at += 1) latencies.recordMs(-10 * Math.log(1 - (at + 0.5) / count));
    for (const percentile of [50, 90, 99]) {
      const quantile = -10 * Math.log(1 - percentile / 100);
      expect(Math.abs(latencies.percentileMs(percentile) / quantile - 1)).toBeLessThan(0.005);
    }
  });

  test('times beyond what is tracked are kept at its ends', () => {
    const latencies = new Latencies();
    latencies.recordMs(0);
    latencies.recordMs(10_000_000);
    expect(latencies.percentileMs(50)).toBe(0.001);
    expect(latencies.percentileMs(100)).toBeGreaterThanOrEqual(60_000);
  });

  test('four digits are enough', () => {
    expect([12_345.6, 0.000123456, 0].map(significant)).toEqual([12_350, 0.0001235, 0]);
  });
});

test.each([
  ['higher', 4, true],
  ['higher', 3.9, false],
  ['lower', 4, true],
  ['lower', 4.1, false],
] as const)('a goal where %s is better, at %d of 4', (better, value, met) => {
  const recorder = new Recorder();
  recorder.goal('goal', '×', better, value, 4);
  expect(recorder.goals[0]!.met).toBe(met);
});
