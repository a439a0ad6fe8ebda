import type { SessionSummary } from '../../../lib/local';
import { HeldPayloads } from '../../../lib/local/inspector/held-payloads';
import {
  ENDED_SESSIONS_KEPT,
  LINES_KEPT,
  PAYLOAD_BYTES,
  PAYLOAD_PART_BYTES,
  Recording,
  STEPS_KEPT,
} from '../../../lib/local/inspector/recording';
import { Ring } from '../../../lib/local/inspector/ring';

const name = { endpoint: 'echo', variant: 'AllTraffic', instance: 0 };

function opened(recording: Recording, requestId: string): void {
  recording.observe({ type: 'session-opened', requestId, path: 'path', name });
}

function message(recording: Recording, requestId: string, payload: Uint8Array): void {
  recording.observeStream(requestId, {
    type: 'message',
    direction: 'received',
    dataType: 'BINARY',
    completionState: 'COMPLETE',
    payload,
  });
}

function ended(recording: Recording, requestId: string): void {
  const session: SessionSummary = {
    ...name,
    requestId,
    path: 'path',
    durationMs: 1,
    firstResponseMs: undefined,
    received: { events: 0, bytes: 0 },
    sent: { events: 0, bytes: 0 },
    outcome: 'ended',
    message: undefined,
    metering: {},
    droppedMeteringRecords: 0,
  };
  recording.observe({ type: 'session-ended', session });
}

test('a ring keeps the last, in order, and says how many are missing', () => {
  const dropped: number[] = [];
  const ring = new Ring<number>(3, item => dropped.push(item));
  for (const item of [0, 1, 2, 3, 4]) ring.push(item);
  expect(ring.since(0)).toEqual({ items: [2, 3, 4], skipped: 2 });
  expect(ring.since(4)).toEqual({ items: [4], skipped: 0 });
  expect(ring.since(5)).toEqual({ items: [], skipped: 0 });
  expect(dropped).toEqual([0, 1]);
});

test('payload is kept only while a page is open, and forgotten with the last', () => {
  const recording = new Recording();
  opened(recording, 'one');
  message(recording, 'one', Buffer.from('before'));
  expect(recording.payloadBytes).toBe(0);
  const closes = [recording.openPage(), recording.openPage()];
  message(recording, 'one', Buffer.from('while'));
  closes[0]!();
  closes[0]!(); // a second call changes nothing
  expect(recording.payloadBytes).toBe(5);
  closes[1]!();
  expect(recording.payloadBytes).toBe(0);
  const { items } = recording.stepsOf('one')!.since(0);
  expect(items.map(({ bytes, payload }) => [bytes, payload])).toEqual([
    [6, undefined],
    [5, undefined],
  ]);
});

test('a payload is copied: the buffer of the network is used again', () => {
  const recording = new Recording();
  opened(recording, 'one');
  recording.openPage();
  const shared = Buffer.from('first');
  message(recording, 'one', shared);
  shared.write('other');
  expect(String(recording.stepsOf('one')!.since(0).items[0]!.payload)).toBe('first');
});

test('steps, payload, sessions and lines are bounded', () => {
  const recording = new Recording();
  recording.openPage();
  const large = Buffer.alloc(2 * PAYLOAD_PART_BYTES);
  const sessions = Math.ceil(PAYLOAD_BYTES / PAYLOAD_PART_BYTES / STEPS_KEPT) + 1;
  for (let session = 0; session < sessions; session += 1) {
    opened(recording, `large-${session}`);
    for (let index = 0; index < STEPS_KEPT + 10; index += 1) message(recording, `large-${session}`, large);
    expect(recording.payloadBytes).toBeLessThanOrEqual(PAYLOAD_BYTES);
  }
  expect(recording.payloadBytes).toBeGreaterThan(PAYLOAD_BYTES - 24 * PAYLOAD_PART_BYTES);
  const { items, skipped } = recording.stepsOf('large-0')!.since(0);
  expect([items.length, skipped, items[0]!.payload]).toEqual([STEPS_KEPT, 10, undefined]);
  for (let session = 0; session < sessions; session += 1) ended(recording, `large-${session}`);
  for (let session = 0; session < ENDED_SESSIONS_KEPT; session += 1) {
    opened(recording, `${session}`);
    ended(recording, `${session}`);
  }
  expect(recording.sessionsSince(0).sessions).toHaveLength(ENDED_SESSIONS_KEPT);
  expect(recording.stepsOf('large-0')).toBeUndefined();
  expect(recording.payloadBytes).toBe(0);
  for (let line = 0; line < 2 * LINES_KEPT; line += 1) {
    recording.observe({ type: 'container-line', ...name, stream: 'stdout', line: `${line}` });
  }
  expect(recording.lines.since(0).items).toHaveLength(LINES_KEPT);
});

test('of pauses in a row only the first counts', () => {
  const recording = new Recording();
  opened(recording, 'one');
  for (const type of ['resumed', 'paused', 'paused', 'resumed', 'resumed'] as const) {
    recording.observeStream('one', { type, direction: 'sent' });
  }
  expect(
    recording
      .stepsOf('one')!
      .since(0)
      .items.map(({ type }) => type),
  ).toEqual(['paused', 'resumed']);
});

test('a container that is started again is counted', () => {
  const recording = new Recording();
  recording.observe({ type: 'container-starting', ...name });
  recording.observe({ type: 'container-in-service', ...name, port: 1, startedInMs: 1 });
  recording.observe({ type: 'container-crashed', ...name, exit: { code: 3 }, lastLines: [], openSessions: 0 } as never);
  expect([...recording.instances.values()]).toMatchObject([{ state: 'crashed', message: 'Ended with exit code 3.' }]);
  recording.observe({ type: 'container-starting', ...name });
  expect([...recording.instances.values()]).toMatchObject([{ state: 'starting', restarts: 1 }]);
});

test('payloads are held oldest first, and those that were dropped leave no trace', () => {
  const payloads = new HeldPayloads<{ payload?: Buffer | undefined }>(30);
  const holders = Array.from({ length: 5 }, () => ({}) as { payload?: Buffer });
  for (const holder of holders) payloads.hold(holder, Buffer.alloc(10));
  expect(holders.map(({ payload }) => payload !== undefined)).toEqual([false, false, true, true, true]);
  payloads.drop(holders[3]!);
  expect(payloads.bytes).toBe(20);
  for (let index = 0; index < 1_000; index += 1) {
    const holder = {};
    payloads.hold(holder, Buffer.alloc(1));
    payloads.drop(holder);
  }
  const { queue } = payloads as unknown as { queue: unknown[] };
  expect(queue.length).toBeLessThan(200);
  const last = {} as { payload?: Buffer };
  payloads.hold(last, Buffer.from('kept'));
  expect(String(last.payload)).toBe('kept');
  payloads.clear();
  expect([payloads.bytes, last.payload]).toEqual([0, undefined]);
});
