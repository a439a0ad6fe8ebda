import { getEventListeners, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BidiSession,
  type BidiSessionOptions,
  DrainTimeoutError,
  InvalidRequestError,
  type Message,
  MessageError,
  ModelStreamClosedError,
  OpenTimeoutError,
  PlatformError,
  ReceiveTimeoutError,
  SageMakerRuntimeHTTP2Client,
  type SendableMessage,
  SessionAbortedError,
  SessionClosedError,
  SessionError,
  StreamEndedError,
  StreamInterruptedError,
} from '../../../lib/client';
import { BidiStream } from '../../../lib/client/stream/bidi-stream';
import { failure } from '../support/failure';
import { echo, type FakeStream } from '../support/fake-runtime';
import { client, fake } from '../support/fresh-runtime';

const isOwnClient = () => client instanceof SageMakerRuntimeHTTP2Client;

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(() => {
  process.on('unhandledRejection', onUnhandled);
});

afterAll(() => {
  process.off('unhandledRejection', onUnhandled);
});

beforeEach(() => {
  unhandled.length = 0;
});

afterEach(() => expect(unhandled).toEqual([]));

const open = (options: Partial<BidiSessionOptions> = {}) =>
  BidiSession.open({ endpointName: 'echo', client, retry: false, ...options });

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** The messages as plain values, so that a Buffer equals its bytes. */
const plain = (messages: Message[]) =>
  messages.map(message => (typeof message === 'string' ? message : new Uint8Array(message)));

describe('messages', () => {
  test('come back as they went: text as text, bytes as bytes, empty ones too', async () => {
    const messages: Message[] = ['I need help with', new Uint8Array([0, 1, 255]), 'ünï', '', new Uint8Array(0)];
    const session = await open();
    expect(session.invokedProductionVariant).toBe('AllTraffic');
    for (const message of messages) await session.send(message);
    const received = collect(session);
    await session.closeInput();
    expect(plain(await received)).toEqual(messages);
    expect(fake.streams[0]!.inputEnded).toBe(true);
    await session.close();
  });

  test('carry type and completeness in the event headers', async () => {
    const session = await open();
    await session.send('a');
    await session.sendFragment(new Uint8Array([1]), { final: false });
    await session.sendFragment(new Uint8Array([2]), { final: true });
    await session.close();
    expect(fake.streams[0]!.received.map(part => [part.dataType, part.completionState])).toEqual([
      ['UTF8', 'COMPLETE'],
      ['BINARY', 'PARTIAL'],
      ['BINARY', 'COMPLETE'],
    ]);
  });

  test('are put together from fragments, a character split between two included', async () => {
    fake.behaviour = async stream => {
      stream.respond();
      const text = Buffer.from('ünï');
      await stream.send(text.subarray(0, 1), 'UTF8', 'PARTIAL');
      await stream.send(text.subarray(1), 'UTF8', 'COMPLETE');
      await stream.send(Buffer.from([1]), undefined, 'PARTIAL');
      await stream.send(Buffer.from([2]), 'BINARY');
      stream.end();
    };
    expect(plain(await collect(await open()))).toEqual(['ünï', new Uint8Array([1, 2])]);
  });

  test('that have begun when the model ends in order are an error, to every reader, and their fragments can be read', async () => {
    fake.behaviour = async stream => {
      stream.respond();
      await stream.send('whole', 'UTF8');
      await stream.send('begun', 'UTF8', 'PARTIAL');
      stream.end();
    };
    const session = await open();
    expect(await session.receive()).toBe('whole');
    for (let reader = 0; reader < 2; reader += 1) {
      const error = await failure(session.receive());
      expect(error).toBeInstanceOf(MessageError);
      expect((error as MessageError).what).toBe('The model of "echo" ended the stream within a message.');
    }
    const other = await open();
    expect((await collect(other.fragments())).map(({ completionState }) => completionState)).toEqual([
      'COMPLETE',
      'PARTIAL',
    ]);
    const resumed = await open({ resume: { acknowledge: () => undefined } });
    expect(await failure(resumed.close())).toBeInstanceOf(MessageError);
  });

  test('are read as fragments where that is asked for', async () => {
    const session = await open();
    await session.sendFragment('one', { final: false });
    await session.sendFragment('two', { final: true });
    await session.closeInput();
    const fragments = await collect(session.fragments());
    expect(fragments.map(({ data, ...rest }) => ({ text: Buffer.from(data).toString(), ...rest }))).toEqual([
      { text: 'one', dataType: 'UTF8', completionState: 'PARTIAL' },
      { text: 'two', dataType: 'UTF8', completionState: 'COMPLETE' },
    ]);
    expect(session.statistics).toMatchObject({ sentMessages: 1, receivedMessages: 1, sentBytes: 6, receivedBytes: 6 });
  });

  const BYTES = new Uint8Array([9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9]);
  const shared = new SharedArrayBuffer(2);
  new Uint8Array(shared).set([7, 8]);

  test.each<[string, SendableMessage, Uint8Array]>([
    ['an Int16Array', new Int16Array([1000, -2]), new Uint8Array([232, 3, 254, 255])],
    ['a Float32Array', new Float32Array([1]), new Uint8Array([0, 0, 128, 63])],
    ['a BigInt64Array', new BigInt64Array([1n]), new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0])],
    ['an Int16Array on a part of a buffer', new Int16Array(BYTES.buffer, 2, 1), BYTES.slice(2, 4)],
    ['a DataView', new DataView(BYTES.buffer, 1, 3), BYTES.slice(1, 4)],
    ['a Uint8ClampedArray', new Uint8ClampedArray([300, 1]), new Uint8Array([255, 1])],
    ['an ArrayBuffer', BYTES.buffer, BYTES],
    ['a SharedArrayBuffer', shared, new Uint8Array([7, 8])],
    ['a Buffer on a part of its pool', Buffer.from([1, 2, 3]), new Uint8Array([1, 2, 3])],
    ['an empty Float32Array', new Float32Array(0), new Uint8Array(0)],
  ])('%s goes as its bytes', async (_what, message, bytes) => {
    const session = await open();
    await session.send(message);
    expect(plain([(await session.receive())!])).toEqual([bytes]);
    expect(fake.streams[0]!.received[0]!.dataType).toBe('BINARY');
    await session.close();
  });

  test.each<[string, unknown]>([
    ['Blob', new Blob(['a'])],
    ['Object', { a: 1 }],
    ['Array', [1, 2]],
    ['object', Object.create(null)],
    ['number', 5],
    ['boolean', true],
    ['null', null],
    ['undefined', undefined],
  ])('that are a %s are refused before anything is sent, and the session goes on', async (kind, message) => {
    const session = await open();
    await session.sendFragment('a', { final: false });
    const error = await failure(session.send(message as SendableMessage));
    expect(error).toBeInstanceOf(MessageError);
    expect(error.what).toBe(`A message has to be a string or bytes, not ${kind}.`);
    expect(await failure(session.sendFragment(message as SendableMessage, { final: true }))).toBeInstanceOf(
      MessageError,
    );
    await session.sendFragment('b', { final: true });
    expect(await session.receive()).toBe('ab');
    await session.close();
    expect(session.statistics).toMatchObject({ sentMessages: 1, sentBytes: 2 });
  });

  test('to keep alive with that cannot be sent end the session, since nobody else would learn it', async () => {
    const session = await open({ keepAlive: { intervalMs: 5, message: () => ({ type: 'KeepAlive' }) as never } });
    expect(await failure(session.receive())).toMatchObject({
      name: 'MessageError',
      what: 'A message has to be a string or bytes, not Object.',
    });
  });

  test('that the SDK cannot write break the stream, with its error as the cause', async () => {
    const stream = await BidiStream.open(client, { endpointName: 'echo' }, { timeoutMs: 5_000 });
    const bad = { data: 5 as never, dataType: 'BINARY', completionState: 'COMPLETE' } as const;
    const error = await failure(stream.write(bad));
    expect(error).toBeInstanceOf(StreamInterruptedError);
    if (isOwnClient()) expect(error.what).toContain('could not be signed or written');
    expect(error.cause).toMatchObject({ message: expect.any(String) });
  });

  test('may be reused by the caller when send resolves', async () => {
    const session = await open();
    const chunk = new Uint8Array(5000);
    for (let value = 1; value <= 50; value += 1) {
      chunk.fill(value);
      await session.send(chunk);
    }
    chunk.fill(255);
    await session.close();
    expect(
      fake.streams[0]!.received.map(part => part.data.every(byte => byte === part.data[0]) && part.data[0]),
    ).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test('keep their order when nobody waits for send', async () => {
    const session = await open();
    const sent = Array.from({ length: 500 }, (_, index) => `message ${index}`);
    for (const message of sent) void session.send(message);
    expect(session.statistics.pendingBytes).toBeGreaterThan(0);
    const received = collect(session);
    await session.closeInput();
    expect(await received).toEqual(sent);
    expect(session.statistics.pendingBytes).toBe(0);
  });

  test.each([
    ['a text message that is not UTF-8', Buffer.from([0xff, 0xfe]), 'UTF8', {}],
    ['a message over the limit', Buffer.alloc(2000), 'BINARY', { maxMessageBytes: 1999 }],
  ])('%s is an error, and the fragments can be read instead', async (_what, data, dataType, options) => {
    fake.behaviour = async stream => {
      stream.respond();
      await stream.send(data, dataType);
    };
    const session = await open(options);
    expect(await failure(session.receive())).toBeInstanceOf(MessageError);
    const other = await open(options);
    for await (const fragment of other.fragments()) {
      expect(Buffer.from(fragment.data)).toEqual(data);
      break;
    }
    other.abort();
  });

  test('that the platform would refuse are refused before they are sent', async () => {
    const session = await open();
    expect(await failure(session.send(new Uint8Array(24 * 1024 * 1024 + 1)))).toBeInstanceOf(MessageError);
    await session.sendFragment('text', { final: false });
    expect((await failure(session.send(new Uint8Array(1)))).what).toContain('BINARY fragment cannot continue a UTF8');
    await session.sendFragment('', { final: true });
    await session.close();
    expect(fake.streams[0]!.received).toHaveLength(2);
  });
});

describe('open', () => {
  test('resolves though the model says nothing before it is spoken to', async () => {
    const session = await open({ openTimeoutMs: 2_000 });
    expect(session.statistics.firstByteMs).toBeUndefined();
    await session.send('now');
    expect(await session.receive()).toBe('now');
    expect(session.statistics.firstByteMs).toBeGreaterThan(0);
    await session.close();
  });

  test('sends variant, path and query', async () => {
    const session = await open({
      targetVariant: 'blue',
      modelInvocationPath: 'v1/listen',
      modelQueryString: 'model=nova-3&language=en',
    });
    expect(fake.streams[0]!.headers).toMatchObject({
      ':path': '/endpoints/echo/invocations-bidirectional-stream',
      'x-amzn-sagemaker-target-variant': 'blue',
      'x-amzn-sagemaker-model-invocation-path': 'v1/listen',
      'x-amzn-sagemaker-model-query-string': 'model=nova-3&language=en',
    });
    await session.close();
  });

  test('refuses what breaks a pattern, all faults at once, without a connection', async () => {
    const error = await failure(
      open({ endpointName: 'no_underscores', targetVariant: '-x', modelInvocationPath: '/v1', modelQueryString: '?a' }),
    );
    expect(error).toBeInstanceOf(InvalidRequestError);
    for (const name of ['Endpoint name', 'Variant name', 'invocation path', 'query string'])
      expect(error.what).toContain(name);
    expect(fake.connections).toBe(0);
  });

  test('is bounded, and the error names port 8443', async () => {
    fake.behaviour = () => undefined;
    // Long enough for a busy machine to carry the request to the fake.
    const error = await failure(open({ openTimeoutMs: 1_500 }));
    expect(error).toBeInstanceOf(OpenTimeoutError);
    expect(error.what).toContain(`within 1500 ms (127.0.0.1:${fake.port})`);
    expect(error.why).toContain(`8443; port ${fake.port} was asked`);
    const { raw } = fake.streams[0]!;
    if (!raw.closed) await once(raw, 'close');
    expect(raw.rstCode).not.toBe(undefined);
  });

  test('is bounded with a client that ignores its abort signal', async () => {
    const deaf = { send: () => new Promise<never>(() => undefined) };
    expect(await failure(open({ client: deaf, openTimeoutMs: 50 }))).toBeInstanceOf(OpenTimeoutError);
  });

  test('works with anything that has send(command)', async () => {
    const wrapper = { send: (command: never, options: never) => client.send(command, options) };
    const session = await open({ client: wrapper });
    await session.send('hello');
    expect(await session.receive()).toBe('hello');
    await session.close();
  });

  test('makes and destroys a client of its own where none is given', async () => {
    const session = await BidiSession.open({ endpointName: 'echo', ...fake.client });
    await session.close();
    while (fake.sessions.size > 0) await delay(5); // the test's time limit is the bound
  });
});

describe('backpressure', () => {
  test('send waits when the model does not read', async () => {
    fake.behaviour = stream => stream.respond();
    const session = await open();
    const chunk = new Uint8Array(64 * 1024);
    let accepted = 0;
    const writing = (async () => {
      for (; accepted < 2_000; accepted += 1) await session.send(chunk);
    })();
    writing.catch(() => undefined);
    await delay(300);
    const before = accepted;
    await delay(100);
    expect(accepted).toBe(before);
    expect(accepted).toBeLessThan(100);
    session.abort();
    await expect(writing).rejects.toThrow(SessionAbortedError);
  });

  test('large messages do not queue up in the SDK', async () => {
    if (!isOwnClient()) return; // the official client's signer takes in 16 events at each of its steps
    fake.behaviour = stream => stream.respond();
    const session = await open();
    const chunk = new Uint8Array(1024 * 1024);
    let accepted = 0;
    const writing = (async () => {
      for (; accepted < 40; accepted += 1) await session.send(chunk);
    })();
    writing.catch(() => undefined);
    await delay(300);
    expect(accepted).toBeLessThan(20);
    session.abort();
    await expect(writing).rejects.toThrow(SessionAbortedError);
  });

  test('nothing is read from the network that nobody asks for', async () => {
    let written = 0;
    fake.behaviour = async stream => {
      stream.respond();
      const chunk = Buffer.alloc(64 * 1024);
      for (; written < 1_000 && !stream.raw.destroyed; written += 1) await stream.send(chunk);
    };
    const session = await open();
    await delay(300);
    const before = written;
    await delay(100);
    expect(written).toBe(before);
    expect(written * 64).toBeLessThan(2_048);
    expect(await session.receive()).toHaveLength(64 * 1024);
    session.abort();
  });
});

describe('receive', () => {
  test('that timed out loses nothing', async () => {
    let speak!: () => void;
    const spoken = new Promise<void>(resolve => {
      speak = resolve;
    });
    fake.behaviour = async stream => {
      stream.respond();
      await spoken;
      await stream.send('late', 'UTF8');
      await stream.send('later', 'UTF8');
      stream.end();
    };
    const session = await open();
    expect(await failure(session.receive({ timeoutMs: 30 }))).toBeInstanceOf(ReceiveTimeoutError);
    speak();
    expect(await session.receive({ timeoutMs: 2_000 })).toBe('late');
    expect(await collect(session)).toEqual(['later']);
    expect(await session.receive()).toBeUndefined();
  });

  test('leaving a loop leaves the session open', async () => {
    const session = await open();
    for (const word of ['one', 'two']) {
      await session.send(word);
      for await (const message of session) {
        expect(message).toBe(word);
        break;
      }
    }
    await session.close();
  });
});

describe('close', () => {
  test('waits for the last responses and keeps them for the reader', async () => {
    fake.behaviour = async stream => {
      stream.respond();
      for await (const _part of stream.parts());
      await delay(50);
      await stream.send('the last words', 'UTF8');
      stream.end();
    };
    const session = await open();
    await session.close();
    expect(await collect(session)).toEqual(['the last words']);
  });

  test('within the loop that reads does not wait for itself', async () => {
    const session = await open();
    for (const word of ['one', 'two', 'three']) await session.send(word);
    const received: Message[] = [];
    for await (const message of session) {
      received.push(message);
      await session.close();
    }
    expect(received).toEqual(['one', 'two', 'three']);
  });

  test('beside a loop that reads keeps the order', async () => {
    fake.behaviour = async stream => {
      stream.respond();
      for (let index = 0; index < 200; index += 1) await stream.send(`${index}`, 'UTF8');
      stream.end();
    };
    const session = await open();
    const reading = collect(session);
    await session.close();
    expect(await reading).toEqual(Array.from({ length: 200 }, (_, index) => `${index}`));
  });

  test('is bounded', async () => {
    fake.behaviour = stream => stream.respond();
    const session = await open({ drainTimeoutMs: 60 });
    expect(await failure(session.close())).toBeInstanceOf(DrainTimeoutError);
    expect(await failure(session.receive())).toBeInstanceOf(DrainTimeoutError);
  });

  test('once is enough, and nothing can be sent after it', async () => {
    const session = await open();
    const closing = session.close();
    expect(session.close()).toBe(closing);
    expect(await failure(session.send('late'))).toBeInstanceOf(SessionClosedError);
    await closing;
  });

  test('comes with `await using`', async () => {
    {
      await using session = await open();
      await session.send('one');
    }
    expect(fake.streams[0]!.inputEnded).toBe(true);
    expect(fake.streams[0]!.received).toHaveLength(1);
  });

  test.each([
    ['1000', true],
    ['1001', true],
    ['1011', false],
    ['MODEL_FAULT', false],
  ])('takes a close of the WebSocket with %s for orderly: %s', async (ErrorCode, isOrderly) => {
    fake.behaviour = async stream => {
      stream.respond();
      for await (const _part of stream.parts());
      await stream.send('bye', 'UTF8');
      await stream.throw('ModelStreamError', { Message: 'closed', ErrorCode });
      stream.end();
    };
    const session = await open();
    const closing = session.close();
    if (isOrderly) await closing;
    else expect(await failure(closing)).toBeInstanceOf(ModelStreamClosedError);
    expect(await session.receive()).toBe('bye');
  });
});

describe('abort', () => {
  test('ends readers and writers with the reason, and resets the stream', async () => {
    fake.behaviour = stream => stream.respond();
    const session = await open();
    const reading = failure(session.receive());
    const reason = new Error('enough');
    session.abort(reason);
    expect(await reading).toBe(reason);
    expect(await failure(session.send('more'))).toBe(reason);
    const { raw } = fake.streams[0]!;
    if (!raw.closed) await once(raw, 'close');
    expect(raw.rstCode).toBe(8);
    session.abort(new Error('again'));
    expect(await failure(session.close())).toBe(reason);
  });

  test('by signal, before, during and after the open', async () => {
    const reason = new Error('deadline');
    expect(await failure(open({ abortSignal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(fake.connections).toBe(0);

    fake.behaviour = () => undefined;
    const during = new AbortController();
    const opening = failure(open({ abortSignal: during.signal }));
    await delay(50);
    during.abort(reason);
    expect(await opening).toBe(reason);

    fake.behaviour = echo;
    const after = new AbortController();
    const session = await open({ abortSignal: after.signal });
    const reading = failure(session.receive());
    after.abort(reason);
    expect(await reading).toBe(reason);
  });

  test('by signal leaves no listener on it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const session = await open({ abortSignal: signal });
    await session.close();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await failure(open({ abortSignal: signal, endpointName: 'not a name' }));
    fake.behaviour = stream => stream.refuse(400, 'ValidationError');
    await failure(open({ abortSignal: signal }));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('a reason that is no error is told', async () => {
    const session = await open();
    session.abort('by hand');
    const error = await failure(session.receive());
    expect(error).toBeInstanceOf(SessionAbortedError);
    expect(error.what).toContain('by hand');
  });
});

describe('a stream that breaks', () => {
  const breaks: [string, (stream: FakeStream) => unknown, new (...parameters: never[]) => SessionError][] = [
    ['by reset', stream => stream.reset(2), StreamInterruptedError],
    ['by cancellation', stream => stream.reset(8), StreamInterruptedError],
    ['with its connection', stream => stream.cut(), StreamInterruptedError],
    [
      'in the middle of an event',
      stream => {
        stream.raw.write(Buffer.from([0, 0, 1, 0, 0, 0, 0, 50, 1]));
        stream.end();
      },
      StreamInterruptedError,
    ],
    ['by the platform', stream => stream.throw('InternalStreamFailure', { Message: 'oops' }), PlatformError],
    [
      'by the model',
      stream => stream.throw('ModelStreamError', { Message: 'no', ErrorCode: '1011' }),
      ModelStreamClosedError,
    ],
  ];

  test.each(breaks)('%s is never an orderly end', async (_how, breakIt, expected) => {
    fake.behaviour = async stream => {
      stream.respond();
      await stream.send('before', 'UTF8');
      await delay(30);
      await breakIt(stream);
    };
    const session = await open();
    expect(await session.receive()).toBe('before');
    const error = await failure(session.receive());
    expect(error).toBeInstanceOf(expected);
    expect(await failure(session.send('after'))).toBe(error);
  });

  test.each(breaks)('%s after the input ended is no orderly end either', async (_how, breakIt, expected) => {
    fake.behaviour = async stream => {
      stream.respond();
      for await (const part of stream.parts()) await stream.send(part.data, part.dataType);
      await delay(20);
      await breakIt(stream);
    };
    const session = await open();
    await session.send('one');
    await session.closeInput();
    expect(await session.receive()).toBe('one');
    expect(await failure(session.receive())).toBeInstanceOf(expected);
  });

  test.each(breaks)('%s as the very first thing is told to the reader', async (_how, breakIt, expected) => {
    fake.behaviour = async stream => {
      stream.respond();
      await delay(20);
      await breakIt(stream);
    };
    const session = await open();
    expect(await failure(session.receive())).toBeInstanceOf(expected);
  });

  test.each(breaks.slice(0, 3))('%s with nobody reading rejects the writer and nothing else', async (_how, breakIt) => {
    fake.behaviour = async stream => {
      stream.respond();
      await stream.send('hello', 'UTF8');
      await delay(20);
      breakIt(stream);
    };
    const session = await open();
    await session.receive(); // from here on nobody reads, the SDK neither
    await delay(100);
    expect(await failure(session.send('anybody?'))).toBeInstanceOf(SessionError);
  });

  test('tells the model’s words and close code', async () => {
    fake.behaviour = async stream => {
      stream.respond();
      await stream.throw('ModelStreamError', { Message: 'out of memory', ErrorCode: '1011' });
    };
    const error = (await failure((await open()).receive())) as ModelStreamClosedError;
    expect(error).toMatchObject({ Message: 'out of memory', ErrorCode: '1011', closeCode: 1011, endpointName: 'echo' });
    expect(error.what).toContain('1011: out of memory.');
  });

  test('in order by the model ends the loop, and send says so', async () => {
    fake.behaviour = async stream => {
      stream.respond();
      await stream.send('bye', 'UTF8');
      stream.end();
    };
    const session = await open();
    expect(await collect(session)).toEqual(['bye']);
    expect(await failure(session.send('more'))).toBeInstanceOf(StreamEndedError);
    await session.close();
  });
});

test('the keep-alive message is sent in silence, until the input is closed', async () => {
  const session = await open({ keepAlive: { intervalMs: 20, message: () => 'KeepAlive' } });
  expect(await session.receive()).toBe('KeepAlive');
  expect(await session.receive()).toBe('KeepAlive');
  await session.close();
});

test('a quiet stream outlives the silence limits of any handler', async () => {
  const impatient = new SageMakerRuntimeHTTP2Client({ ...fake.client, requestHandler: { sessionTimeout: 60 } });
  const session = await open({ client: impatient });
  await delay(250);
  await session.send('still there?');
  expect(await session.receive({ timeoutMs: 2_000 })).toBe('still there?');
  expect(session.statistics.roundTripMs).toBeGreaterThan(0);
  await session.close();
  impatient.destroy();
});

test('connections are used again, one after the other', async () => {
  for (let index = 0; index < 3; index += 1) {
    await (await open()).close();
    await delay(20);
  }
  expect(fake.connections).toBe(isOwnClient() ? 1 : 3); // the official client opens one for each event stream
});

test.each([
  [1, 6],
  [3, 2],
])('%d streams at most share a connection', async (maxConcurrentStreams, connections) => {
  const sharing = new SageMakerRuntimeHTTP2Client({ ...fake.client, requestHandler: { maxConcurrentStreams } });
  const sessions = await Promise.all(Array.from({ length: 6 }, () => open({ client: sharing })));
  expect(fake.connections).toBe(connections);
  await Promise.all(sessions.map(session => session.close()));
  sharing.destroy();
});
