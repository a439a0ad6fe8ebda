import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import {
  BidiSession,
  type BidiSessionOptions,
  type Message,
  ModelStreamClosedError,
  type ResumeOptions,
  SessionLimitError,
  StreamInterruptedError,
} from '../../../lib/client';
import { failure } from '../support/failure';
import { type Behaviour, echo, type FakeStream } from '../support/fake-runtime';
import { client, fake } from '../support/fresh-runtime';

/** Each reply acknowledges one message. */
function echoProtocol(): ResumeOptions {
  let replies = 0;
  return {
    acknowledge: () => {
      replies += 1;
      return { messages: replies };
    },
  };
}

/** The model says how many bytes of its stream it has worked through, as a transcript says its audio time. */
const byteProtocol: ResumeOptions = {
  acknowledge: (message, streamStart) => ({ binaryBytes: streamStart.binaryBytes + Number(message) }),
};

const open = (resume: ResumeOptions | undefined, options: Partial<BidiSessionOptions> = {}) =>
  BidiSession.open({ endpointName: 'echo', client, resume, retry: { baseDelayMs: 1 }, ...options });

/** Behaves differently on each stream; the last goes for all that follow. */
function inTurn(...behaviours: Behaviour[]): void {
  let turn = 0;
  fake.behaviour = stream => behaviours[Math.min(turn++, behaviours.length - 1)]!(stream);
}

/** Echoes this many messages, then breaks the stream with what came after them unread. */
const echoThenBreak =
  (count: number, breakIt: (stream: FakeStream) => void): Behaviour =>
  async stream => {
    stream.respond();
    let echoed = 0;
    for await (const part of stream.parts()) {
      if (echoed === count) return breakIt(stream);
      await stream.send(part.data, part.dataType);
      echoed += 1;
    }
    stream.end();
  };

async function echoAll(session: BidiSession, messages: Message[]): Promise<Message[]> {
  const received: Message[] = [];
  const reading = (async () => {
    for await (const message of session) received.push(message);
  })();
  for (const message of messages) await session.send(message);
  await session.closeInput();
  await reading;
  await session.close();
  return received;
}

const BREAKS: ((stream: FakeStream) => void)[] = [
  stream => stream.cut(),
  stream => stream.reset(2),
  stream => stream.reset(8),
  stream => void stream.throw('InternalStreamFailure', { Message: 'instance lost' }),
];

test.each(BREAKS.map((breakIt, index) => [index, breakIt] as const))(
  'nothing is lost and nothing comes twice, break %i',
  async (_index, breakIt) => {
    inTurn(echoThenBreak(3, breakIt), echoThenBreak(0, breakIt), echoThenBreak(5, breakIt), echo);
    const sent = Array.from({ length: 40 }, (_, index) => `message ${index}`);
    const session = await open(echoProtocol());
    expect(await echoAll(session, sent)).toEqual(sent);
    const { resumes, replayedMessages, unreplayableMessages, sentMessages } = session.statistics;
    expect(resumes).toBe(3);
    expect(sentMessages).toBe(40);
    expect(replayedMessages).toBeGreaterThanOrEqual(3);
    expect(unreplayableMessages).toBe(0);
  },
);

test('the end of the input survives a break that its reader has not met yet', async () => {
  inTurn(echoThenBreak(0, BREAKS[0]!), echo);
  const session = await open(echoProtocol());
  await session.send('message');
  await delay(100); // the connection is cut meanwhile
  await session.closeInput();
  expect(await session.receive()).toBe('message');
  await session.close();
  expect(session.statistics.resumes).toBe(1);
});

test('a break in the middle of a replay is met by another stream', async () => {
  const breakAtOnce: Behaviour = async stream => {
    stream.respond();
    for await (const _part of stream.parts()) return stream.cut();
  };
  inTurn(breakAtOnce, breakAtOnce, breakAtOnce, breakAtOnce, echo);
  const session = await open({ ...echoProtocol(), maxResumes: 10 });
  const sent = Array.from({ length: 24 }, (_, index) => `${index} `.repeat(20_000));
  expect(await echoAll(session, sent)).toEqual(sent);
  expect(session.statistics.resumes).toBe(4);
});

test('wherever the breaks are, the replies are the messages (any cut points)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(6), fc.nat(BREAKS.length - 1)), { maxLength: 4 }),
      fc.array(fc.oneof(fc.string({ maxLength: 8 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 12 }),
      async (cuts, messages) => {
        inTurn(...cuts.map(([count, kind]) => echoThenBreak(count, BREAKS[kind]!)), echo);
        const received = await echoAll(await open({ ...echoProtocol(), maxResumes: 10 }), messages);
        const plain = (all: Message[]) => all.map(message => (typeof message === 'string' ? message : [...message]));
        expect(plain(received)).toEqual(plain(messages));
      },
    ),
    { numRuns: 25 },
  );
});

test('bytes are replayed from the acknowledged one on, in the middle of a message too', async () => {
  const workedThrough: Buffer[] = [];
  // Works through a part of the input that is no multiple of a message, says so, and breaks.
  const workThenBreak =
    (bytes: number): Behaviour =>
    async stream => {
      stream.respond();
      let taken = Buffer.alloc(0);
      for await (const part of stream.parts()) {
        taken = Buffer.concat([taken, part.data]);
        if (taken.length < bytes) continue;
        workedThrough.push(taken.subarray(0, bytes));
        await stream.send(`${bytes}`, 'UTF8');
        await delay(10);
        return stream.reset(2);
      }
      workedThrough.push(taken);
      await stream.send(`${taken.length}`, 'UTF8');
      stream.end();
    };
  inTurn(workThenBreak(1_050), workThenBreak(333), workThenBreak(1), workThenBreak(999_999));
  const session = await open(byteProtocol);
  const sent = Array.from({ length: 30 }, (_, index) => Buffer.alloc(100, index + 1));
  const reading = (async () => {
    for await (const _message of session);
  })();
  for (const chunk of sent) await session.send(chunk);
  await session.close();
  await reading;
  expect(Buffer.concat(workedThrough).equals(Buffer.concat(sent))).toBe(true);
  expect(session.statistics).toMatchObject({ resumes: 3, sentBytes: 3_000, unreplayableBytes: 0 });
  const replayed = fake.streams
    .slice(1)
    .reduce((sum, stream) => sum + stream.received.reduce((bytes, part) => bytes + part.data.length, 0), 0);
  const first = fake.streams[0]!.received.reduce((bytes, part) => bytes + part.data.length, 0);
  expect(first + replayed - session.statistics.replayedBytes).toBeLessThanOrEqual(3_000);
});

test('a break with nobody reading is mended by the writer', async () => {
  inTurn(
    echoThenBreak(1, stream => stream.reset(2)),
    echo,
  );
  const session = await open(echoProtocol());
  for (const word of ['one', 'two', 'three', 'four', 'five']) {
    await session.send(word);
    await delay(15);
  }
  expect(session.statistics.resumes).toBe(1);
  const received: Message[] = [];
  await session.closeInput();
  for await (const message of session) received.push(message);
  expect(received).toEqual(['one', 'two', 'three', 'four', 'five']);
});

test('a message of which only a part had arrived is read once, whole', async () => {
  inTurn(async stream => {
    stream.respond();
    for await (const _part of stream.parts()) {
      await stream.send('half of ', 'UTF8', 'PARTIAL');
      await delay(10);
      return stream.reset(2);
    }
  }, echo);
  const session = await open(echoProtocol());
  expect(await echoAll(session, ['a whole message'])).toEqual(['a whole message']);
});

test('a fragmented message is replayed with its fragments', async () => {
  inTurn(async stream => {
    stream.respond();
    let parts = 0;
    for await (const _part of stream.parts()) {
      parts += 1;
      if (parts === 2) return stream.reset(2);
    }
  }, echo);
  const session = await open(echoProtocol());
  const reading = session.receive();
  await session.sendFragment('one ', { final: false });
  await session.sendFragment('two ', { final: false });
  await session.sendFragment('three', { final: true });
  expect(await reading).toBe('one two three');
  await session.close();
  expect(fake.streams[1]!.received.map(part => part.completionState)).toEqual(['PARTIAL', 'PARTIAL', 'COMPLETE']);
});

test('a preamble goes first on every stream but the first', async () => {
  inTurn(
    echoThenBreak(1, stream => stream.reset(2)),
    async stream => {
      stream.respond();
      for await (const part of stream.parts()) {
        if (part.data.toString() !== 'configure') await stream.send(part.data, part.dataType);
      }
      stream.end();
    },
  );
  const session = await open({ ...echoProtocol(), preamble: () => ['configure'] });
  expect(await echoAll(session, ['one', 'two', 'three'])).toEqual(['one', 'two', 'three']);
  expect(fake.streams[0]!.received[0]!.data.toString()).toBe('one');
  expect(fake.streams[1]!.received.map(part => part.data.toString()).slice(0, 2)).toEqual(['configure', 'two']);
  expect(session.statistics.sentMessages).toBe(3);
});

test('what no longer fits the replay limit is counted, and the rest replayed', async () => {
  let received = 0;
  inTurn(async stream => {
    stream.respond();
    for await (const _part of stream.parts()) {
      received += 1;
      if (received === 10) return stream.reset(2);
    }
  }, echo);
  const session = await open({ ...echoProtocol(), replayLimitBytes: 300 });
  for (let index = 0; index < 10; index += 1) await session.send(Buffer.alloc(100, index));
  const first = await session.receive();
  expect((first as Uint8Array)[0]).toBe(7);
  expect(session.statistics).toMatchObject({
    unreplayableMessages: 7,
    unreplayableBytes: 700,
    replayedMessages: 3,
    replayedBytes: 300,
  });
  session.abort();
});

test('streams that bring nothing end the session after maxResumes', async () => {
  fake.behaviour = async stream => {
    stream.respond();
    await delay(5);
    stream.reset(2);
  };
  const session = await open({ ...echoProtocol(), maxResumes: 2 });
  expect(await failure(session.receive())).toBeInstanceOf(StreamInterruptedError);
  expect(fake.streams).toHaveLength(3);
});

test('without resume a break is thrown', async () => {
  inTurn(
    echoThenBreak(0, stream => stream.reset(2)),
    echo,
  );
  const session = await open(undefined);
  await session.send('one');
  expect(await failure(session.receive())).toBeInstanceOf(StreamInterruptedError);
  expect(fake.streams).toHaveLength(1);
});

test('the model’s own error is not resumed, unless the protocol says so', async () => {
  const fail = (stream: FakeStream) => void stream.throw('ModelStreamError', { Message: 'x', ErrorCode: '1011' });
  inTurn(echoThenBreak(0, fail), echo);
  const session = await open(echoProtocol());
  await session.send('one');
  expect(await failure(session.receive())).toBeInstanceOf(ModelStreamClosedError);

  inTurn(echoThenBreak(0, fail), echo);
  const willing = await open({ ...echoProtocol(), resumable: error => error instanceof ModelStreamClosedError });
  await willing.send('one');
  expect(await willing.receive()).toBe('one');
  await willing.close();
});

test('an abort while resuming ends the session', async () => {
  inTurn(
    echoThenBreak(0, stream => stream.reset(2)),
    () => undefined, // never answers
  );
  const session = await open(echoProtocol());
  await session.send('one');
  const reading = failure(session.receive());
  while (fake.streams.length < 2) await delay(5);
  const writing = failure(session.send('two'));
  await delay(5);
  const reason = new Error('enough');
  session.abort(reason);
  expect(await reading).toBe(reason);
  expect(await writing).toBe(reason);
});

test('fragments cannot be read with resume', async () => {
  const session = await open(echoProtocol());
  expect(() => session.fragments()).toThrow(TypeError);
  await session.close();
});

describe('the limit of 30 minutes, on a scaled clock', () => {
  const MINUTE = 60_000;
  let skippedMs = 0;
  let now: jest.SpyInstance;

  beforeEach(() => {
    skippedMs = 0;
    const real = performance.now.bind(performance);
    now = jest.spyOn(performance, 'now').mockImplementation(() => real() + skippedMs);
  });

  afterEach(() => now.mockRestore());

  /** The platform's end: orderly, whatever the client still wants. */
  const endAfter =
    (count: number, ageMs: number): Behaviour =>
    async stream => {
      stream.respond();
      let echoed = 0;
      for await (const part of stream.parts()) {
        if (echoed === count) {
          skippedMs += ageMs;
          return stream.end();
        }
        await stream.send(part.data, part.dataType);
        echoed += 1;
      }
      stream.end();
    };

  test('is an error without resume', async () => {
    fake.behaviour = endAfter(1, 30 * MINUTE);
    const session = await open(undefined);
    await session.send('one');
    await session.send('two');
    expect(await session.receive()).toBe('one');
    expect(await failure(session.receive())).toBeInstanceOf(SessionLimitError);
  });

  test('is crossed with resume, and nothing is lost', async () => {
    inTurn(endAfter(4, 30 * MINUTE), endAfter(7, 30 * MINUTE), echo);
    const sent = Array.from({ length: 20 }, (_, index) => `${index}`);
    const session = await open(echoProtocol());
    expect(await echoAll(session, sent)).toEqual(sent);
    expect(session.statistics.resumes).toBe(2);
  });

  test('an orderly end before it is the model’s own', async () => {
    fake.behaviour = endAfter(1, 29 * MINUTE);
    const session = await open(echoProtocol());
    await session.send('one');
    void session.send('two').catch(() => undefined);
    expect(await session.receive()).toBe('one');
    expect(await session.receive()).toBeUndefined();
    expect(fake.streams).toHaveLength(1);
  });
});

test.each<[string, string, Partial<ResumeOptions> | undefined, boolean]>([
  ['a crash with `resume`', 'StreamBroken', {}, true],
  ['a crash with `resumable`, which refuses it', 'StreamBroken', { resumable: () => false }, false],
  ['a crash without `resume`', 'StreamBroken', undefined, false],
  ["the model's own error", '1011', {}, false],
])('%s (%s) says how to go on only where that is missing', async (_what, ErrorCode, resume, says) => {
  inTurn(async stream => {
    stream.respond();
    await stream.throw('ModelStreamError', { ErrorCode, Message: 'gone' });
  });
  const session = await open(resume && { ...echoProtocol(), ...resume });
  const error = await failure(session.receive());
  expect(error).toBeInstanceOf(ModelStreamClosedError);
  expect(error).toMatchObject({ ErrorCode, Message: 'gone' });
  expect(error.next.includes('To go on after it: `resume: { …, resumable }` says so.')).toBe(says);
});

test('a preamble that is neither text nor bytes ends the session with what is wrong', async () => {
  inTurn(
    echoThenBreak(0, stream => stream.cut()),
    echo,
  );
  const session = await open({ ...echoProtocol(), preamble: () => [{ type: 'Configure' } as never] });
  await session.send('a');
  expect(await failure(session.receive())).toMatchObject({
    name: 'MessageError',
    what: 'A message has to be a string or bytes, not Object.',
  });
});
