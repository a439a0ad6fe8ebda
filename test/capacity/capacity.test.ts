import { type CapacityOptions, concludeCapacity, measureCapacity } from '../../lib/capacity/capacity';
import { EchoLoad } from '../../lib/capacity/echo-load';
import { type LoadStatistics, recordMs } from '../../lib/capacity/load-statistics';
import type { CapacityStep } from '../../lib/capacity/step';
import { type LoadModel, ModelledLoad } from './modelled-load';
import { inProcess, SyntheticEndpoint, type SyntheticEndpointOptions } from './synthetic-endpoint';

const OPTIONS: CapacityOptions = {
  maxLagMs: 250,
  maxErrors: 0.01,
  holdMs: 1,
  settleMs: 0,
  opensPerSecond: 1_000,
  openTimeoutMs: 1_000,
  sessions: { start: 4, max: 1_000, resolution: 0.05 },
};

const lags =
  (count: number, lag: (random: number) => number): LoadModel =>
  (_, statistics, random) => {
    for (let index = 0; index < count; index++) recordMs(statistics.lag, lag(random()));
  };

describe('by a model', () => {
  const slowsAbove =
    (limit: number): LoadModel =>
    (sessions, statistics, random) =>
      lags(200, draw => (sessions > limit ? 400 : 20) + 30 * draw)(sessions, statistics, random);

  test.each([5, 9, 17, 64, 100, 333, 777])('a limit of %i sessions is found within 10 %%', async limit => {
    const { verdict } = await measureCapacity(new ModelledLoad(slowsAbove(limit)), OPTIONS);
    expect(verdict.kind).toBe('found');
    expect(verdict.sessionsPerInstance).toBeLessThanOrEqual(limit);
    expect(limit - verdict.sessionsPerInstance).toBeLessThanOrEqual(Math.max(1, limit * 0.1));
    expect(verdict.targetConcurrency).toBe(Math.max(1, Math.floor(0.75 * verdict.sessionsPerInstance)));
  });

  test('a queue that fills up is limited where its p95 lag passes the limit', async () => {
    // M/M/c near saturation: the answer time grows with 1 / (1 - load).
    const queue: LoadModel = (sessions, statistics, random) =>
      lags(500, draw => (-20 * Math.log(1 - draw)) / Math.max(0.01, 1 - sessions / 200))(sessions, statistics, random);
    const { verdict } = await measureCapacity(new ModelledLoad(queue), OPTIONS);
    // p95 of an exponential distribution is 3 times its mean: 60 / (1 - n / 200) = 250 at n = 152.
    expect(verdict.sessionsPerInstance).toBeGreaterThan(137);
    expect(verdict.sessionsPerInstance).toBeLessThan(167);
  });

  test.each<[string, Partial<LoadStatistics>, string]>([
    ['errors', { errors: { ModelRefusedError: 5 } }, 'ModelRefusedError'],
    ['stalled sessions', { stalled: 3 }, '3 stalled'],
    ['no answers at all', { receivedMessages: 0 }, 'nothing was answered'],
  ])('%s limit as lag does', async (_, fault, reason) => {
    const model: LoadModel = (sessions, statistics, random) => {
      lags(100, () => 20)(sessions, statistics, random);
      if (sessions > 50) Object.assign(statistics, fault);
    };
    const { verdict } = await measureCapacity(new ModelledLoad(model), OPTIONS);
    expect(verdict.kind).toBe('found');
    expect(Math.abs(verdict.sessionsPerInstance - 50)).toBeLessThanOrEqual(5);
    expect(verdict.reason).toContain(reason);
  });

  test('an endpoint that holds everything is said to hold at least that', async () => {
    const { verdict } = await measureCapacity(new ModelledLoad(slowsAbove(1_000)), { ...OPTIONS, sessions: [5, 10] });
    expect(verdict).toMatchObject({ kind: 'not-reached', sessionsPerInstance: 10, targetConcurrency: 7 });
  });

  test('an endpoint that holds nothing has no capacity', async () => {
    const { verdict, steps } = await measureCapacity(new ModelledLoad(slowsAbove(0)), { ...OPTIONS, sessions: [4, 8] });
    expect(verdict).toMatchObject({ kind: 'never-held', sessionsPerInstance: 0 });
    expect(steps).toHaveLength(1);
  });

  test('a generator that cannot keep up gets help, then another try, and then only what held is known', async () => {
    const model: LoadModel = (sessions, statistics, random) => {
      lags(100, () => (sessions > 8 ? 400 : 20))(sessions, statistics, random);
      if (sessions > 8) for (let index = 0; index < 100; index++) recordMs(statistics.generatorLag, 80);
    };
    const { verdict, steps } = await measureCapacity(new ModelledLoad(model, 3), OPTIONS);
    expect(steps.map(step => [step.sessions, step.verdict, step.generator.processes])).toEqual([
      [4, 'held', 1],
      [8, 'held', 1],
      [16, 'generator-limited', 1],
      [16, 'generator-limited', 2],
      [16, 'generator-limited', 3],
      [16, 'generator-limited', 3],
      [16, 'generator-limited', 3],
    ]);
    expect(verdict).toMatchObject({ kind: 'generator-limited', sessionsPerInstance: 8, targetConcurrency: 6 });
    expect(verdict.reason).toContain('its own limit');
  });

  test('a generator that was disturbed for a moment does not end the measurement', async () => {
    let disturbed = false;
    const model: LoadModel = (sessions, statistics, random) => {
      const now = sessions === 16 && !disturbed;
      slowsAbove(now ? 0 : 30)(sessions, statistics, random);
      if (now && statistics.lag.totalCount > 0) {
        statistics.eventLoopP99Ms = 300;
        disturbed = statistics.receivedMessages > 0 && ++calls > 1;
      }
    };
    let calls = 0;
    const { verdict } = await measureCapacity(new ModelledLoad(model), OPTIONS);
    expect(verdict).toMatchObject({ kind: 'found', sessionsPerInstance: 30 });
  });

  test('a measurement that is ended keeps what it has', async () => {
    const abort = new AbortController();
    const { steps } = await measureCapacity(new ModelledLoad(slowsAbove(1_000)), {
      ...OPTIONS,
      sessions: [2, 4, 6, 8],
      abortSignal: abort.signal,
      onProgress: progress => {
        if (progress.phase === 'step' && progress.step.sessions === 4) abort.abort();
      },
    });
    expect(steps.map(step => step.sessions)).toEqual([2, 4]);
  });
});

describe('against an endpoint in this process', () => {
  const MAX_LAG_MS = 600;

  async function measure(endpoint: SyntheticEndpointOptions, sessions: readonly number[]) {
    const load = new EchoLoad({ messageBytes: 64, intervalMs: 50 });
    const source = inProcess(new SyntheticEndpoint(endpoint), load, { maxLagMs: MAX_LAG_MS });
    try {
      const options = { ...OPTIONS, maxLagMs: MAX_LAG_MS, holdMs: 1_000, settleMs: 50, openTimeoutMs: 300, sessions };
      return await measureCapacity(source, options);
    } finally {
      await source.stop();
    }
  }

  test('one that slows above 37 sessions is found within 10 %', async () => {
    const { verdict, steps: tried } = await measure({ limit: 37, slowMs: 800 }, [34, 37, 41]);
    expect(verdict).toMatchObject({ kind: 'found', sessionsPerInstance: 37 });
    // On a busy machine the generator may be late once; such a step says so, and is repeated.
    const steps = tried.filter(step => step.verdict !== 'generator-limited');
    expect(steps.map(step => step.verdict)).toEqual(['held', 'held', 'broke']);
    // 37 sessions, 20 messages a second each.
    expect(steps[1]!.sentPerSecond).toBeGreaterThan(500);
    expect(steps[1]!.sentPerSecond).toBeLessThan(800);
    expect(steps[2]!.lagMs.p95).toBeGreaterThan(700);
  });

  test.each([
    ['refuses', 'refuse'],
    ['drops', 'drop'],
  ] as const)('one that %s sessions beyond its limit is found by its errors', async (_, beyond) => {
    const { verdict, steps } = await measure({ limit: 10, beyond }, [12]);
    expect(verdict).toMatchObject({ kind: 'never-held', sessionsPerInstance: 0 });
    expect(steps[0]!.errors).toHaveProperty('Refused');
  });

  test('one that falls silent is found by what it does not answer', async () => {
    const { verdict, steps } = await measure({ limit: 10, beyond: 'silence' }, [12]);
    expect(verdict).toMatchObject({ kind: 'never-held', sessionsPerInstance: 0 });
    expect(steps[0]!.stalled).toBeGreaterThan(0);
  });
});

test('several instances share what was held, and the knee counts before the limit', () => {
  const step = (sessions: number, lag: number, verdict: CapacityStep['verdict'] = 'held') =>
    ({ sessions, lagMs: { p95: lag }, verdict, reasons: ['p95'], generator: {} }) as unknown as CapacityStep;
  const steps = [step(10, 10), step(40, 11), step(80, 12), step(90, 80), step(100, 95), step(110, 400, 'broke')];
  expect(concludeCapacity(steps, { maxLagMs: 250 })).toMatchObject({
    kind: 'found',
    sessionsPerInstance: 100,
    kneePerInstance: 80,
    targetConcurrency: 60,
  });
  expect(
    concludeCapacity([...steps.slice(0, 5), step(110, 110, 'broke')], { maxLagMs: 100, instances: 2 }),
  ).toMatchObject({
    sessionsPerInstance: 50,
    kneePerInstance: 40,
    targetConcurrency: 30,
  });
});
