import { Latencies } from './latency';
import { processUsage } from './process-usage';

/** Round trips of the paths, a figure a round. */
export interface RoundTrips {
  readonly p50: ReadonlyMap<string, number[]>;
  readonly p99: ReadonlyMap<string, number[]>;
  /** Processor time of the process under test for a message of its path, in microseconds; none where the system does not tell. */
  readonly cpu: readonly number[];
}

/** What is timed: one message at a time, the paths in turn, after a round that warms up. */
export interface RoundTripPlan {
  /** Sends one message and waits for its echo, by the name of the path. */
  readonly paths: Readonly<Record<string, () => Promise<unknown>>>;
  /** The process under test, and the path that leads through it. */
  readonly pid: number;
  readonly subject: string;
  readonly quick: boolean;
}

export async function timeRoundTrips({ paths, pid, subject, quick }: RoundTripPlan): Promise<RoundTrips> {
  const rounds = quick ? 1 : 5;
  const messages = quick ? 50 : 1_000;
  const p50 = new Map(Object.keys(paths).map(path => [path, [] as number[]]));
  const p99 = new Map(Object.keys(paths).map(path => [path, [] as number[]]));
  const cpu: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    for (const [path, roundTrip] of Object.entries(paths)) {
      const latencies = new Latencies();
      const before = processUsage(pid);
      for (let message = 0; message < messages; message += 1) {
        const startedAt = performance.now();
        await roundTrip();
        latencies.recordMs(performance.now() - startedAt);
      }
      const after = processUsage(pid);
      // The first round warms up.
      if (round < 0) continue;
      p50.get(path)!.push(latencies.percentileMs(50));
      p99.get(path)!.push(latencies.percentileMs(99));
      if (path === subject && before && after) {
        cpu.push(((after.cpuSeconds - before.cpuSeconds) / messages) * 1_000_000);
      }
    }
  }
  return { p50, p99, cpu };
}

/** What the path of the process under test takes longer than the other, a figure a round. */
export function addedMs({ p50 }: RoundTrips, subject: string, reference: string): number[] {
  return p50.get(subject)!.map((value, round) => value - p50.get(reference)![round]!);
}
