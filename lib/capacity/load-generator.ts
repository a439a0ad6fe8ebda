import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadContext, LoadProtocol, LoadSession } from './load-protocol';
import { emptyStatistics, type LoadStatistics, recordMs } from './load-statistics';

/** How a {@link LoadGenerator} works. */
export interface LoadGeneratorOptions {
  /** Opens one session. */
  open(abortSignal: AbortSignal): Promise<LoadSession>;
  readonly protocol: LoadProtocol;
  /** Most sessions that are opened in a second. */
  readonly opensPerSecond: number;
  /** Lag beyond which a session without answers counts as stalled, in milliseconds. */
  readonly maxLagMs: number;
}

/** Resolution of the event loop's delay, in milliseconds. What is measured includes it. */
const EVENT_LOOP_RESOLUTION_MS = 10;

/** Pause before a failed session is replaced, in milliseconds. */
const REPLACE_DELAY_MS = 1_000;

/** Time in which a session has to end, in milliseconds. */
const END_TIMEOUT_MS = 5_000;

/**
 * Holds a number of sessions open at once, each at its own real-time pace, and counts the answers. A session that fails is counted and
 * replaced, so that the number of sessions stays the same.
 */
export class LoadGenerator {
  private readonly running = new Set<RunningSession>();
  private readonly eventLoop = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  private statistics = emptyStatistics();
  private since = performance.now();
  private cpu = process.cpuUsage();
  private wanted = 0;
  private opening: Promise<void> | undefined;
  private nextOpenAt = 0;

  constructor(private readonly options: LoadGeneratorOptions) {
    this.eventLoop.enable();
  }

  /** Sessions that are open and send. */
  get active(): number {
    return [...this.running].filter(session => session.state === 'sending').length;
  }

  /** Sets how many sessions are to be open. Returns at once; {@link active} is the number that is open. */
  setSessions(wanted: number): void {
    this.wanted = wanted;
    const surplus = [...this.running].filter(session => session.state !== 'ending').slice(wanted);
    for (const session of surplus) session.end();
    this.opening ??= this.openWanted().finally(() => {
      this.opening = undefined;
    });
  }

  /** The counts since the last call. A silent session counts with the age of its oldest unanswered message. */
  collect(): LoadStatistics {
    const now = performance.now();
    const statistics = this.statistics;
    for (const session of this.running) {
      const pendingSince = session.pendingSince();
      if (pendingSince === undefined || now - pendingSince <= this.options.maxLagMs) continue;
      statistics.stalled++;
      recordMs(statistics.lag, now - pendingSince);
    }
    statistics.elapsedMs = now - this.since;
    const cpu = process.cpuUsage(this.cpu);
    statistics.cpuShare = (cpu.user + cpu.system) / 1_000 / Math.max(1, statistics.elapsedMs);
    statistics.eventLoopP99Ms = Math.max(0, this.eventLoop.percentile(99) / 1e6 - EVENT_LOOP_RESOLUTION_MS);
    this.statistics = emptyStatistics();
    this.since = now;
    this.cpu = process.cpuUsage();
    this.eventLoop.reset();
    return statistics;
  }

  /** Ends every session, in order where that is possible in time. */
  async stop(): Promise<void> {
    this.wanted = 0;
    const sessions = [...this.running];
    for (const session of sessions) session.end();
    await Promise.all([this.opening, ...sessions.map(session => session.done)]);
    this.eventLoop.disable();
  }

  private async openWanted(): Promise<void> {
    for (;;) {
      const alive = [...this.running].filter(session => session.state !== 'ending').length;
      if (alive >= this.wanted) return;
      const waitMs = this.nextOpenAt - performance.now();
      if (waitMs > 0) {
        await sleep(waitMs);
        continue;
      }
      this.nextOpenAt = performance.now() + 1_000 / this.options.opensPerSecond;
      this.start();
    }
  }

  private start(): void {
    const session = new RunningSession(this.options, () => this.statistics);
    this.running.add(session);
    void session.done.then(failed => {
      this.running.delete(session);
      if (failed) this.nextOpenAt = Math.max(this.nextOpenAt, performance.now() + REPLACE_DELAY_MS);
      if (this.running.size < this.wanted) this.setSessions(this.wanted);
    });
  }
}

/** One session from its open to its end. */
class RunningSession implements LoadContext {
  state: 'opening' | 'sending' | 'ending' = 'opening';
  pendingSince: () => number | undefined = () => undefined;
  /** Resolves when it is over, with whether it failed. Never rejects. */
  readonly done: Promise<boolean>;
  private readonly ended = new AbortController();
  private session: LoadSession | undefined;
  private firstDueAt: number | undefined;
  private hasAnswer = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: LoadGeneratorOptions,
    /** The counters that are collected next. */
    private readonly statistics: () => LoadStatistics,
  ) {
    this.done = this.run();
  }

  get signal(): AbortSignal {
    return this.ended.signal;
  }

  /** Asks it to end: in order at first, by force when that takes too long. */
  end(): void {
    if (this.state === 'ending') return;
    this.state = 'ending';
    this.ended.abort();
    this.pendingSince = () => undefined;
    this.timer = setTimeout(() => this.session?.abort(new Error('The load ended.')), END_TIMEOUT_MS);
  }

  private async run(): Promise<boolean> {
    const begin = performance.now();
    try {
      this.session = await this.options.open(this.signal);
      const statistics = this.statistics();
      statistics.opened++;
      recordMs(statistics.open, performance.now() - begin);
      if (this.state === 'opening') this.state = 'sending';
      await this.options.protocol.run(this.session, this);
      return false;
    } catch (error) {
      this.session?.abort(error);
      if (this.state === 'ending') return false;
      const { errors } = this.statistics();
      const { name } = error as Error;
      errors[name] = (errors[name] ?? 0) + 1;
      return true;
    } finally {
      clearTimeout(this.timer);
    }
  }

  async *ticks(intervalMs: number): AsyncGenerator<number, void> {
    // Sessions that were opened together must not send at the same moments.
    const first = performance.now() + Math.random() * intervalMs;
    for (let tick = 0; ; tick++) {
      const dueAt = first + tick * intervalMs;
      const waitMs = dueAt - performance.now();
      if (waitMs > 0) {
        await sleep(waitMs, undefined, { signal: this.signal }).catch(() => {});
        if (!this.signal.aborted) recordMs(this.statistics().generatorLag, performance.now() - dueAt);
      }
      if (this.signal.aborted) return;
      this.firstDueAt ??= dueAt;
      yield dueAt;
    }
  }

  sent(bytes: number): void {
    const statistics = this.statistics();
    statistics.sentMessages++;
    statistics.sentBytes += bytes;
  }

  answered(dueAt: number, bytes: number): void {
    const now = performance.now();
    const statistics = this.statistics();
    statistics.receivedMessages++;
    statistics.receivedBytes += bytes;
    recordMs(statistics.lag, now - dueAt);
    if (!this.hasAnswer) {
      this.hasAnswer = true;
      recordMs(statistics.firstResponse, now - (this.firstDueAt ?? dueAt));
    }
  }

  watch(pendingSince: () => number | undefined): void {
    this.pendingSince = pendingSince;
  }
}
