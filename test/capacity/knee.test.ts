import { findKnee } from '../../lib/capacity/knee';
import { searchSessions, trySessions } from '../../lib/capacity/search';

const curve = (lag: (sessions: number) => number, loads = [4, 8, 16, 32, 64, 96, 112, 120]) =>
  loads.map(sessions => ({ sessions, lagMs: lag(sessions) }));

test.each<[string, (sessions: number) => number, number | undefined]>([
  ['a flat line', () => 20, undefined],
  ['noise', sessions => 20 + (sessions % 3), undefined],
  ['a cliff', sessions => (sessions > 96 ? 900 : 20), 96],
  ['a queue near saturation (service 10 ms, 125 servers)', sessions => 10 / (1 - sessions / 125), 96],
  ['a straight rise', sessions => sessions * 10, undefined],
  ['a fall', sessions => 1_000 / sessions, undefined],
])('the knee of %s', (_, lag, knee) => {
  expect(findKnee(curve(lag))).toBe(knee);
});

test('a rise that nobody would notice has no knee', () => {
  const lag = (sessions: number) => (sessions > 96 ? 8 : 1);
  expect(findKnee(curve(lag))).toBe(96);
  expect(findKnee(curve(lag), 50)).toBeUndefined();
});

test('two points have no knee, and the order of points does not matter', () => {
  expect(
    findKnee([
      { sessions: 1, lagMs: 1 },
      { sessions: 2, lagMs: 100 },
    ]),
  ).toBeUndefined();
  expect(findKnee(curve(sessions => (sessions > 96 ? 900 : 20)).reverse())).toBe(96);
});

describe('the search', () => {
  const run = (search: Generator<number, void, boolean>, holds: (sessions: number) => boolean) => {
    const tried: number[] = [];
    for (let next = search.next(); !next.done; next = search.next(holds(next.value))) tried.push(next.value);
    return tried;
  };

  test.each([1, 2, 3, 7, 10, 99, 100, 101, 499])('finds %i within its resolution, in few steps', limit => {
    const tried = run(searchSessions({ start: 4, max: 500, resolution: 0.05 }), sessions => sessions <= limit);
    const held = Math.max(0, ...tried.filter(sessions => sessions <= limit));
    expect(limit - held).toBeLessThanOrEqual(Math.max(1, limit * 0.05));
    expect(tried.length).toBeLessThanOrEqual(16);
    expect(new Set(tried).size).toBe(tried.length);
  });

  test('stops at the largest number, and below one session', () => {
    expect(run(searchSessions({ start: 4, max: 20, resolution: 0.05 }), () => true)).toEqual([4, 8, 16, 20]);
    expect(run(searchSessions({ start: 4, max: 20, resolution: 0.05 }), () => false)).toEqual([4, 2, 1]);
  });

  test('a list ends at its first break', () => {
    expect(run(trySessions([1, 5, 10]), sessions => sessions < 5)).toEqual([1, 5]);
  });
});
