/** Rules that measure times: what comes of a busy machine once is not held against a container, and a slow container is caught. */
import { randomUUID } from 'node:crypto';
import { METERING_CHECK } from '../../lib/check/live/checks/metering-check';
import { OPEN_CHECKS } from '../../lib/check/live/checks/open-checks';
import { Inbox } from '../../lib/check/live/inbox';
import { liveLimits } from '../../lib/check/live/limits';
import { LiveContext } from '../../lib/check/live/live-context';
import type { ProbeMessage, ProbeSocket } from '../../lib/check/live/probe-socket';
import { Opcode } from '../../lib/wire/frame';

/** A context whose WebSockets are made up, one after the other. */
class FakeContext extends LiveContext {
  constructor(private readonly socket: () => Partial<ProbeSocket>) {
    super({ origin: 'ws://127.0.0.2:9000' }, liveLimits(1, { meteringMs: 3_500 }), {
      burst: 1,
      sessions: 1,
      messages: 1,
      busySessions: 1,
      slowReaderBytes: 1,
    });
  }

  override withSocket<T>(run: (socket: ProbeSocket) => Promise<T>): Promise<T> {
    return run(this.socket() as ProbeSocket);
  }
}

const acceptTime = OPEN_CHECKS.find(({ name }) => name === 'accept-time')!;

test.each([
  ['pass', [400, 1, 1, 1, 1].map(ms => ms / 2)],
  ['warn', [400, 1, 1, 1, 1]],
  ['pass', [400, 400, 400, 1, 1, 2, 2, 2, 2, 2]],
  ['fail', [400, 400, 400, 1, 1, 400, 400, 400, 1, 1]],
])('accept-time: %s of the times %j', async (verdict, times) => {
  const left = [...times];
  const context = new FakeContext(() => ({ openMs: left.shift()! }));
  expect(await acceptTime.run(context)).toMatchObject({ verdict });
  expect(left).toEqual([]);
});

test.each([
  ['pass', [0, 1_000, 2_000, 3_000]],
  ['pass', [0, 1_350, 2_000, 3_000]],
  ['fail', [0, 550, 1_600, 2_600]],
  ['fail', [0, 800, 1_600, 2_400]],
])('metering: %s of records at %j ms', async (verdict, times) => {
  jest.useFakeTimers();
  try {
    const messages = new Inbox<ProbeMessage>();
    const responseHeaders = { 'x-amzn-sagemaker-metadata-stream-supported': 'true' };
    const running = METERING_CHECK.run(new FakeContext(() => ({ responseHeaders, messages })));
    for (const atMs of times) {
      const record = { Metering: { Dimension: 'messages', ConsumedUnits: 1, ClientToken: randomUUID() } };
      const payload = Buffer.from(JSON.stringify(record));
      setTimeout(() => messages.push({ opcode: Opcode.TEXT, payload, frames: 1 }), atMs);
    }
    await jest.advanceTimersByTimeAsync(4_000);
    expect(await running).toMatchObject({ verdict });
  } finally {
    jest.useRealTimers();
  }
});
