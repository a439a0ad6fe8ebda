import {
  SESSION_LIMIT_MS,
  StreamErrorCode,
  WEBSOCKET_PING_INTERVAL_MS,
  WEBSOCKET_PING_TOLERANCE,
} from '../../contract';
import type { EndpointUnderTest } from '../endpoint-under-test';
import { ORDERLY } from '../outcome';
import type { Probe } from '../probe';
import type { ProbeSession } from '../probe-session';

const GUIDE = 'developer guide, "Container contract to support bidirectional streaming capabilities"';
const MINUTE_MS = 60_000;

/** What keeps a stream open, and what ends it when nothing else does. */
export const PING_PROBES: readonly Probe[] = [
  {
    name: 'container-ping',
    area: 'pings',
    rule: 'The platform answers the pings of the container.',
    source: GUIDE,
    expected: 'answered',
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.tell({ probe: 'ping', data: 'x' });
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const { session } = await probe.report();
        if (session.pongs.length > 0) return 'answered';
        await new Promise(resolve => setTimeout(resolve, 100));
      }
      return 'not answered';
    },
  },
  {
    name: 'ping-interval',
    area: 'pings',
    rule: 'The platform pings the container every 60 s.',
    source: GUIDE,
    expected: 'every 60 s',
    slowMs: 3.5 * MINUTE_MS,
    play: async endpoint => {
      await using probe = await endpoint.open();
      await endpoint.wait(3.5 * MINUTE_MS);
      const pings = pingsOf((await probe.report()).session.frames);
      if (pings.length < 2) return `${pings.length} in 3.5 minutes`;
      const realMs = (pings.at(-1)! - pings[0]!) / (pings.length - 1);
      const seconds = (realMs * WEBSOCKET_PING_INTERVAL_MS) / endpoint.realMs(WEBSOCKET_PING_INTERVAL_MS) / 1_000;
      return `every ${Math.round(seconds / 10) * 10} s`;
    },
  },
  {
    name: 'unanswered-pings',
    area: 'pings',
    rule: `The platform ends a stream whose container leaves ${WEBSOCKET_PING_TOLERANCE} pings in a row unanswered.`,
    source: GUIDE,
    expected: `ended after ${WEBSOCKET_PING_TOLERANCE} pings`,
    slowMs: 8 * MINUTE_MS,
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.tell({ probe: 'pongs', answer: false });
      const end = await within(endpoint, 8 * MINUTE_MS, probe.end());
      if (end === undefined) return 'still open after 8 minutes';
      await using other = await endpoint.open();
      const { session } = await other.report(probe.name);
      return end === ORDERLY ? ORDERLY : `ended after ${pingsOf(session.frames).length} pings`;
    },
  },
  {
    name: 'session-limit',
    area: 'pings',
    behaviour: 'session-limit',
    rule: 'A stream ends at 30 minutes.',
    source: 'API reference, ResponseStream',
    expected: 'time-exceeded',
    slowMs: SESSION_LIMIT_MS + 2 * MINUTE_MS,
    play: async endpoint => {
      await using probe = await endpoint.open();
      const busy = setInterval(() => void probe.session.send('x').catch(() => undefined), endpoint.realMs(20_000));
      const end = await within(endpoint, SESSION_LIMIT_MS + 2 * MINUTE_MS, probe.end());
      clearInterval(busy);
      if (end === undefined) return 'still open after 32 minutes';
      return SESSION_LIMIT_VALUES[end] ?? end;
    },
  },
  {
    name: 'idle-timeout',
    area: 'pings',
    behaviour: 'idle-timeout',
    rule: 'A stream on which nothing passes stays open.',
    source: GUIDE,
    expected: 'none',
    slowMs: 10 * MINUTE_MS,
    play: idleTimeout,
  },
];

/** Values of the behaviour `session-limit`, by how the stream ended. */
const SESSION_LIMIT_VALUES: Readonly<Record<string, string>> = {
  [`ModelStreamError ${StreamErrorCode.MODEL_INVOCATION_TIME_EXCEEDED}`]: 'time-exceeded',
  [`ModelStreamError ${StreamErrorCode.STREAM_BROKEN}`]: 'stream-broken',
  'ModelStreamError 1001': 'close-code',
  InternalStreamFailure: 'internal-stream-failure',
  'stream reset': 'stream-reset',
  [ORDERLY]: 'orderly-end',
};

async function idleTimeout(endpoint: EndpointUnderTest): Promise<string> {
  await using probe = await endpoint.open();
  const began = performance.now();
  const end = await within(endpoint, 10 * MINUTE_MS, probe.end());
  if (end === undefined) return 'none';
  const seconds = ((performance.now() - began) * MINUTE_MS) / endpoint.realMs(MINUTE_MS) / 1_000;
  const known = end === 'stream reset' ? [60, 350].find(value => Math.abs(seconds - value) < value / 2) : undefined;
  return known === undefined ? `${end} after about ${Math.round(seconds / 10) * 10} s` : `${known}-seconds`;
}

/** What a promise resolves with, or undefined when a duration of the platform passes before. */
async function within<T>(endpoint: EndpointUnderTest, platformMs: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), endpoint.realMs(platformMs));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pingsOf(frames: Awaited<ReturnType<ProbeSession['report']>>['session']['frames']): number[] {
  return frames.filter(({ opcode }) => opcode === 'ping').map(({ at }) => at);
}
