import { UNSETTLED } from '../../../lib/contract';
import { type Behaviours, Clock, type LocalSageMaker, parseBehaviour } from '../../../lib/local';
import { choosableBehaviours } from '../../../lib/local/behaviours';
import { startLocal } from '../support/local';
import { type ResponseEvent, SignedStream } from '../support/signed-stream';

/** How one stream went: its events, and whether it was reset. */
interface Seen {
  readonly events: readonly string[];
  readonly isReset?: boolean;
}

/** What is done on one stream, and what the client then sees under each value. */
interface Scene {
  readonly query: string;
  /** Platform time for each second of real time. */
  readonly clock?: Clock;
  readonly act?: (stream: SignedStream) => Promise<void>;
  readonly seen: Readonly<Record<string, Seen>>;
}

const endInput = (stream: SignedStream): Promise<void> => stream.end();
const ORDERLY: Seen = { events: [] };

/** A scene for every value of every behaviour that the local SageMaker acts out: the test below tells when one is missing. */
const SCENES: Record<string, Scene> = {
  'close-1000-before-input-end': {
    query: 'act=close&code=1000&now=1',
    seen: { 'orderly-end': ORDERLY, 'model-stream-error': { events: ['ModelStreamError 1000'] } },
  },
  'output-after-input-end': {
    query: 'act=close-late&code=1000',
    act: endInput,
    seen: { delivered: { events: ['last words COMPLETE'] }, lost: ORDERLY },
  },
  fragments: {
    query: 'act=raw&hex=010161000162800163', // "a", "b", "c" in three frames, after the message has arrived whole
    act: async stream => {
      await stream.part('one ', { CompletionState: 'PARTIAL', DataType: 'UTF8' });
      await stream.part('message', { CompletionState: 'COMPLETE', DataType: 'UTF8' });
      await stream.nth(1);
      await stream.end();
    },
    seen: {
      passed: { events: ['a PARTIAL', 'b PARTIAL', 'c COMPLETE'] },
      reassembled: { events: ['abc COMPLETE'] },
    },
  },
  'session-limit': {
    query: 'act=echo',
    clock: new Clock(400), // 30 minutes in 4.5 s; the patience with pings in 0.9 s, which a busy machine keeps too
    seen: {
      'time-exceeded': { events: ['ModelStreamError ModelInvocationTimeExceeded'] },
      'stream-broken': { events: ['ModelStreamError StreamBroken'] },
      'close-code': { events: ['ModelStreamError 1001'] },
      'internal-stream-failure': { events: ['InternalStreamFailure undefined'] },
      'stream-reset': { events: [], isReset: true },
      'orderly-end': ORDERLY,
    },
  },
  'idle-timeout': {
    query: 'act=echo',
    clock: new Clock(400), // 350 s in 0.9 s, 30 minutes in 4.5 s
    seen: {
      none: { events: ['ModelStreamError ModelInvocationTimeExceeded'] },
      '60-seconds': { events: [], isReset: true },
      '350-seconds': { events: [], isReset: true },
    },
  },
  'largest-event': {
    query: 'act=close&code=1000',
    act: stream => stream.part(Buffer.alloc(1024 * 1024 + 1)),
    seen: { '24-mib': ORDERLY, '1-mib': { events: ['ValidationException undefined'] } },
  },
};

const CASES = Object.entries(SCENES).flatMap(([name, { seen }]) =>
  Object.keys(seen).map(value => [name, value] as const),
);

test('every value of every behaviour that the local SageMaker acts out has its scene', () => {
  const expected = Object.entries(UNSETTLED).flatMap(([name, { simulatedBy, values }]) =>
    simulatedBy === 'local' ? Object.keys(values).map(value => [name, value]) : [],
  );
  expect(CASES).toEqual(expected);
});

test('the default of every behaviour is one of its values, and each has a question, a reason and a probe', () => {
  for (const behaviour of Object.values(UNSETTLED)) {
    expect(Object.keys(behaviour.values)).toContain(behaviour.default);
    expect([behaviour.question, behaviour.reason, behaviour.probe].every(text => text.length > 20)).toBe(true);
  }
});

// They wait more than they compute.
test.concurrent.each(CASES)('%s=%s', async (name, value) => {
  const { query, clock, act, seen } = SCENES[name]!;
  await using local = await startLocal({ behaviours: { [name]: value } as Behaviours, clock });
  expect(await play(local, query, act)).toEqual({ isReset: false, ...seen[value] });
});

async function play(local: LocalSageMaker, query: string, act?: Scene['act']): Promise<Seen> {
  const stream = await SignedStream.open(local, { headers: { 'x-amzn-sagemaker-model-query-string': query } });
  await stream.response;
  if (act) await act(stream);
  const events = (await stream.ended).map(wordsOf);
  return { events, isReset: stream.stream.rstCode !== 0 };
}

function wordsOf({ headers, body }: ResponseEvent): string {
  const error = headers[':exception-type'] ?? headers[':error-code'];
  if (error === undefined) return `${body} ${headers.CompletionState}`;
  return `${error} ${body.length > 0 ? (JSON.parse(body.toString()) as { ErrorCode?: string }).ErrorCode : undefined}`;
}

describe('the choice of a behaviour', () => {
  test('NAME=VALUE', () => {
    expect(parseBehaviour('session-limit=stream-reset')).toEqual({ 'session-limit': 'stream-reset' });
  });

  test.each([
    ['weather=fine', /names no behaviour[\s\S]*session-limit/],
    ['session-limit', /has no value ""[\s\S]*time-exceeded/],
    ['session-limit=never', /has no value "never"/],
    ['toString=x', /names no behaviour/],
    ['port-443=hangs', /cannot be acted out[\s\S]*port 443 of the runtime host/],
  ])('%s is refused', (text, message) => {
    expect(() => parseBehaviour(text)).toThrow(message);
  });

  test('only what something acts out can be chosen', () => {
    expect(choosableBehaviours()).toEqual([
      ...Object.keys(SCENES).slice(0, 3),
      'control-message-type',
      ...Object.keys(SCENES).slice(3),
    ]);
  });
});
