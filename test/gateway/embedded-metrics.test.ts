import { GATEWAY_DIMENSION, GATEWAY_NAMESPACE, GatewayMetric } from '../../lib/contract';
import { EmbeddedMetrics, type GatewayEvent } from '../../lib/gateway';

const session = { session: 1, endpointName: 'speech', path: '/', client: 'token-1', openMs: 1 };
const opened: GatewayEvent = { type: 'session-opened', ...session };
const none = { frames: 0, bytes: 0 };
const ended = (error?: string): GatewayEvent => ({
  type: 'session-ended',
  ...session,
  durationMs: 1,
  handOvers: 0,
  received: none,
  sent: none,
  endedBy: 'model',
  close: { code: error ? 1011 : 1000, reason: '' },
  error,
});
const refused = (statusCode: number): GatewayEvent => ({
  type: 'refused',
  path: '/',
  statusCode,
  code: 'ERR_BIDI_GATEWAY',
  message: '',
});

/** The lines that a gateway writes: after the events of each round, and at its end. */
function linesOf(...rounds: GatewayEvent[][]): Record<string, unknown>[] {
  jest.useFakeTimers();
  const lines: string[] = [];
  const metrics = new EmbeddedMetrics('Speech/Gateway', line => lines.push(line));
  for (const events of rounds) {
    for (const event of events) metrics.observe(event);
    jest.advanceTimersByTime(60_000);
  }
  metrics[Symbol.dispose]();
  jest.useRealTimers();
  return lines.map(line => JSON.parse(line));
}

test('a line a minute as the specification of the embedded metric format has it, and one at the end', () => {
  const lines = linesOf([opened, opened, ended()], [ended('ERR_BIDI_PLATFORM'), refused(503), refused(401)]);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toEqual({
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        {
          Namespace: GATEWAY_NAMESPACE,
          Dimensions: [[GATEWAY_DIMENSION]],
          Metrics: Object.values(GatewayMetric).map(Name => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    Gateway: 'Speech/Gateway',
    OpenSessions: 2,
    OpenedSessions: 2,
    FailedOpens: 0,
    BrokenSessions: 0,
  });
  // One session was open as the minute began; the fault of a client is no failed open.
  expect(lines[1]).toMatchObject({ OpenSessions: 1, OpenedSessions: 0, FailedOpens: 1, BrokenSessions: 1 });
  expect(lines[2]).toMatchObject({ OpenSessions: 0, OpenedSessions: 0, FailedOpens: 0, BrokenSessions: 0 });
});
