import type { LoadSource } from '../../lib/capacity/generator-pool';
import { emptyStatistics, type LoadStatistics, recordMs } from '../../lib/capacity/load-statistics';

/** What a modelled load makes of a number of sessions, added to statistics that are already those of a healthy load. */
export type LoadModel = (sessions: number, statistics: LoadStatistics, random: () => number) => void;

/** A seeded generator of numbers from 0 to 1 (mulberry32), so that a failure can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A load without time: what is counted follows from a model, so that search and verdict can be tested exactly. */
export class ModelledLoad implements LoadSource {
  active = 0;
  processes = 1;
  private readonly random = seeded(42);

  constructor(
    private readonly model: LoadModel,
    readonly processLimit = 1,
  ) {}

  setSessions(wanted: number): void {
    this.active = wanted;
  }

  async collect(): Promise<LoadStatistics> {
    const statistics = emptyStatistics();
    statistics.elapsedMs = 1_000;
    statistics.sentMessages = 10 * this.active;
    statistics.receivedMessages = 10 * this.active;
    recordMs(statistics.generatorLag, 1);
    this.model(this.active, statistics, this.random);
    return statistics;
  }

  async grow(): Promise<void> {
    this.processes++;
  }

  async stop(): Promise<void> {}
}
