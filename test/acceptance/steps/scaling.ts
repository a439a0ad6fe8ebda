import { setTimeout as sleep } from 'node:timers/promises';
import { SESSION_LIMIT_MS } from '../../../lib/contract';
import type { EndpointUnderTest, ProbeSession } from '../../../lib/fidelity';
import { HeldSessions } from '../held-sessions';
import { observe } from '../observe';
import { probedEndpoint } from '../probe-container';
import { ENDPOINT_NAME, type Stage, TARGET_CONCURRENCY, VARIANT_NAME } from '../stage';
import { until } from '../until';

/** Streams that are opened to find one on each of the two instances. */
const OPENS_AT_MOST = 40;

/** A stream that outlives the stop of its container's instance by so long, in milliseconds, was not cut by it: SIGKILL comes after 30 s. */
const SURVIVAL_MS = 60_000;

/** Age of a stream, in milliseconds, at which the platform may have ended it for its own limit. */
const OLD_MS = SESSION_LIMIT_MS - 60_000;

/** Between two messages of a stream, in milliseconds: a quiet one might be ended for that. */
const MESSAGE_MS = 5_000;

/** A stream to one container, and how it ended. */
interface Watched {
  readonly probe: ProbeSession;
  readonly openedAt: number;
  /** When the container told of a signal, in milliseconds. */
  signalledAt?: number;
  /** When it ended, in milliseconds. */
  endedAt?: number;
  /** How the stream ended; undefined while it is open. */
  end?: string;
}

/**
 * Opens more streams than one instance is to have, until there are two instances; leaves one stream on each, until there is one again; and
 * records what became of the stream on the other.
 */
export async function scaleOutAndIn(stage: Stage, abortSignal: AbortSignal): Promise<string> {
  const { backend } = stage;
  const { pollMs, messageMs } = backend.pace;
  const reaches = (count: number) =>
    until(async () => (await backend.deployed.instances(ENDPOINT_NAME, VARIANT_NAME)) === count, pollMs, abortSignal);
  using endpoint = probedEndpoint(backend);
  const watched: Watched[] = [];
  try {
    await using sessions = await HeldSessions.open(ENDPOINT_NAME, backend.streams(), {
      count: 2 * TARGET_CONCURRENCY,
      messageMs,
    });
    await reaches(2);
    watched.push(...(await oneOnEach(endpoint)));
    await sessions.close();
    await reaches(1);
    const observed = await fateOf(watched, pollMs, abortSignal);
    observe(stage, 'scale-in-open-streams', observed);
    return `1 to 2 to 1 instances; a stream on the one that was removed: ${observed}`;
  } finally {
    for (const { probe } of watched) probe.session.abort();
  }
}

/** One open stream on each of two containers. */
async function oneOnEach(endpoint: EndpointUnderTest): Promise<Watched[]> {
  const found = new Map<string, Watched>();
  for (let opens = 0; opens < OPENS_AT_MOST && found.size < 2; opens += 1) {
    const probe = await endpoint.open();
    const { startedAt } = (await probe.report()).process;
    if (found.has(startedAt)) probe.session.abort();
    else found.set(startedAt, watch(probe));
  }
  if (found.size < 2) throw new Error(`${OPENS_AT_MOST} streams reached one of the two instances only.`);
  return [...found.values()];
}

function watch(probe: ProbeSession): Watched {
  const watched: Watched = { probe, openedAt: performance.now() };
  const read = async () => {
    try {
      for (let part = await probe.next(); part; part = await probe.next()) {
        if (part.bytes.toString().startsWith('{"probe":"signal"')) watched.signalledAt = performance.now();
      }
      watched.end = 'orderly end';
    } catch (error) {
      watched.end = (error as Error).name;
    }
    watched.endedAt = performance.now();
  };
  const speak = async () => {
    for (; watched.end === undefined; await sleep(MESSAGE_MS, undefined, { ref: false })) {
      await probe.askFor({ text: 'still here' });
    }
  };
  void read();
  speak().catch(() => undefined); // the reading tells how the stream ended
  return watched;
}

/** `cut` when one stream ended, `drained` when the one whose container was signalled, or both, went on. */
async function fateOf(watched: readonly Watched[], pollMs: number, abortSignal: AbortSignal): Promise<string> {
  const since = performance.now();
  return until(
    async () => {
      const ended = watched.find(({ end }) => end !== undefined);
      if (ended)
        return (ended.endedAt ?? 0) - ended.openedAt < OLD_MS ? 'cut' : 'not seen: the streams grew too old first';
      const from = Math.max(since, ...watched.map(({ signalledAt = 0 }) => signalledAt));
      return performance.now() - from > SURVIVAL_MS ? 'drained' : undefined;
    },
    pollMs,
    abortSignal,
  );
}
