import { ModelStreamClosedError, StreamInterruptedError } from '../../../lib/client/errors/session-error';
import {
  DeepgramDrainError,
  DeepgramEndedError,
  DeepgramIncompleteError,
  DeepgramListen,
  type DeepgramListenOptions,
  DeepgramModelError,
  type ListenMessage,
  UnsupportedMessageError,
} from '../../../lib/speech/deepgram';
import { failure } from '../../client/support/failure';
import { controls, FakeDeepgramClient, type FakeModel, type FakeStream } from './fake-deepgram-client';

const RATE = 16_000;
const BYTES_PER_SECOND = RATE * 2;
const NOVA: DeepgramListenOptions['parameters'] = {
  model: 'nova-3',
  language: 'en',
  encoding: 'linear16',
  sample_rate: RATE,
};
const FLUX: DeepgramListenOptions['parameters'] = {
  model: 'flux-general-en',
  encoding: 'linear16',
  sample_rate: RATE,
};

const results = (start: number, duration: number, transcript: string, isFinal = true) => ({
  type: 'Results',
  start,
  duration,
  is_final: isFinal,
  channel: {
    alternatives: [
      { transcript, confidence: 1, words: [{ word: transcript, start, end: start + duration, confidence: 1 }] },
    ],
  },
});

const summary = (duration: number) => ({ type: 'Metadata', request_id: 'r', duration, channels: 1 });

/** Waits for the close message, says the last words, and ends in order, as Nova-3 does. */
const wellBehaved: FakeModel = async stream => {
  let bytes = 0;
  for await (const item of stream.input) {
    if (Buffer.isBuffer(item)) bytes += item.length;
    else if (item.includes('CloseStream')) break;
  }
  await tick(30); // the model still thinks
  stream.say(results(0, bytes / BYTES_PER_SECOND, 'last words'));
  stream.say(summary(bytes / BYTES_PER_SECOND));
};

const modelStreamError = (ErrorCode: string) =>
  Object.assign(new Error('closed'), { name: 'ModelStreamError', $fault: 'client', ErrorCode, Message: 'bye' });

const tick = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

function open(client: FakeDeepgramClient, options: Partial<DeepgramListenOptions> = {}) {
  return DeepgramListen.open({ endpointName: 'speech', client, parameters: NOVA, ...options });
}

async function collect(messages: AsyncIterable<ListenMessage>): Promise<ListenMessage[]> {
  const all: ListenMessage[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

async function* audio(...lengths: number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length).fill(length % 251);
}

const transcripts = (messages: readonly ListenMessage[]) =>
  messages.flatMap(message => (message.type === 'Results' ? message.channel.alternatives[0]!.transcript : []));

describe('a stream of speech to text', () => {
  it('opens the path and query of its parameters and sends audio as bytes, control as text', async () => {
    const client = new FakeDeepgramClient(wellBehaved);
    const listen = await open(client);
    const messages = await collect(listen.transcribe(audio(3_200, 3_200, 100)));
    const [stream] = client.streams;
    expect([stream!.path, stream!.query]).toEqual([
      'v1/listen',
      'model=nova-3&language=en&encoding=linear16&sample_rate=16000',
    ]);
    expect(stream!.heard.map(item => (typeof item === 'string' ? item : item.length))).toEqual([
      3_200,
      3_200,
      100,
      '{"type":"CloseStream"}',
    ]);
    expect(messages.map(message => message.type)).toEqual(['Results', 'Metadata']);
    expect(listen.statistics.sentBytes).toBe(6_500 + '{"type":"CloseStream"}'.length);
  });

  it('keeps the input open after CloseStream until the model has said its last words', async () => {
    let inputEndedBeforeLastWords = false;
    const client = new FakeDeepgramClient(async stream => {
      for await (const item of stream.input) if (typeof item === 'string') break;
      let ended = false;
      void (async () => {
        for await (const _ of stream.input);
        ended = true;
      })();
      await tick(80);
      inputEndedBeforeLastWords = ended;
      stream.say(results(0, 1, 'last words'));
      stream.say(summary(1));
    });
    const listen = await open(client);
    expect(transcripts(await collect(listen.transcribe(audio(10))))).toEqual(['last words']);
    expect(inputEndedBeforeLastWords).toBe(false);
  });

  it('lets what arrives during close() be read afterwards', async () => {
    const client = new FakeDeepgramClient(wellBehaved);
    const listen = await open(client);
    await listen.send(new Uint8Array(3_200));
    await listen.close();
    await listen.close();
    expect(transcripts(await collect(listen))).toEqual(['last words']);
    expect(controls(client.streams[0]!.heard)).toEqual([{ type: 'CloseStream' }]);
  });

  it('drains more messages than it holds for a slow consumer', async () => {
    const client = new FakeDeepgramClient(async stream => {
      for await (const item of stream.input) if (typeof item === 'string') break;
      for (let index = 0; index < 900; index += 1) stream.say(results(index, 1, String(index)));
      stream.say(summary(900));
    });
    const listen = await open(client);
    await listen.close();
    expect(transcripts(await collect(listen))).toEqual(Array.from({ length: 900 }, (_, index) => String(index)));
  });

  it('slows the model down instead of piling messages up', async () => {
    let sent = 0;
    const client = new FakeDeepgramClient(async stream => {
      for (; sent < 3_000; sent += 1) {
        stream.say(results(sent, 1, 'x'));
        if (sent % 100 === 0) await tick(0);
      }
      for await (const item of stream.input) if (typeof item === 'string') break;
      stream.say(summary(3_000));
    });
    const listen = await open(client);
    await tick(150);
    // The session's own count: what was taken from the stream with nobody reading.
    expect(listen.statistics.receivedMessages).toBeLessThanOrEqual(258);
    const reading = collect(listen);
    await tick(50);
    await listen.close();
    expect(await reading).toHaveLength(3_001);
  });

  it('gives up on a model that is silent after CloseStream, and keeps what it said', async () => {
    const client = new FakeDeepgramClient(async stream => {
      stream.say(results(0, 1, 'heard'));
      await new Promise(() => undefined);
    });
    const listen = await open(client, { drainTimeoutMs: 60 });
    const heard: ListenMessage[] = [];
    const reading = (async () => {
      for await (const message of listen.transcribe(audio(10))) heard.push(message);
    })();
    await expect(reading).rejects.toThrow(DeepgramDrainError);
    expect(transcripts(heard)).toEqual(['heard']);
  });

  it('waits as long as the model keeps talking', async () => {
    const client = new FakeDeepgramClient(async stream => {
      for await (const item of stream.input) if (typeof item === 'string') break;
      for (let index = 0; index < 12; index += 1) {
        await tick(60);
        stream.say(results(index, 1, String(index)));
      }
      stream.say(summary(12));
    });
    const listen = await open(client, { drainTimeoutMs: 600 });
    expect(await collect(listen.transcribe(audio(10)))).toHaveLength(13);
  });

  /** How a container may end after the close message. */
  const ENDS: Record<string, (stream: FakeStream) => void> = {
    'in order': () => undefined,
    'with 1000 as an error': stream => stream.fail(modelStreamError('1000')),
    'with 1011': stream => stream.fail(modelStreamError('1011')),
    'with an error of its own': stream => stream.fail(modelStreamError('MODEL_FAILED')),
    'with a crash': stream => stream.fail(modelStreamError('StreamBroken')),
    'with a cut': stream => stream.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' })),
  };

  it.each([
    [NOVA, 'in order', true, true],
    [NOVA, 'in order', false, false],
    [NOVA, 'with 1000 as an error', true, true],
    [NOVA, 'with 1000 as an error', false, false],
    [NOVA, 'with 1011', true, true],
    [NOVA, 'with 1011', false, false],
    [NOVA, 'with an error of its own', false, false],
    [NOVA, 'with a crash', false, false],
    [NOVA, 'with a cut', false, false],
    [FLUX, 'in order', false, true],
    [FLUX, 'with 1000 as an error', false, true],
    [FLUX, 'with 1011', false, false],
    [FLUX, 'with an error of its own', false, false],
    [FLUX, 'with a crash', false, false],
    [FLUX, 'with a cut', false, false],
  ] as const)(
    '%j that ends %s after CloseStream (Metadata %s) is complete: %s',
    async (parameters, end, says, complete) => {
      const client = new FakeDeepgramClient(async stream => {
        for await (const item of stream.input) if (typeof item === 'string') break;
        stream.say(results(0, 1, 'heard'));
        if (says) stream.say(summary(1));
        await tick(5);
        ENDS[end]!(stream);
      });
      const listen = await open(client, { parameters });
      const heard: ListenMessage[] = [];
      const reading = (async () => {
        for await (const message of listen.transcribe(audio(10))) heard.push(message);
      })();
      if (complete) await reading;
      else {
        const error = await failure(reading);
        expect(error).toBeInstanceOf(DeepgramIncompleteError);
        expect(error.next).toMatch(/^What was heard up to 1\.00 s is final\./);
      }
      expect(transcripts(heard)).toEqual(['heard']);
      expect(listen.complete).toBe(complete);
    },
  );

  it('throws the model’s close where it was not asked for', async () => {
    const early = new FakeDeepgramClient(async stream => {
      for await (const _ of stream.input) break;
      stream.fail(modelStreamError('1011'));
    });
    const listen = await open(early);
    await listen.send(new Uint8Array(10));
    await expect(collect(listen)).rejects.toThrow(ModelStreamClosedError);
    await listen.close(); // told once is enough
    expect(listen.complete).toBe(false);
  });

  it('does not take an orderly end that nobody asked for as the end of the audio', async () => {
    const client = new FakeDeepgramClient(async stream => {
      stream.say(results(0, 1, 'heard'));
    });
    const listen = await open(client);
    await expect(collect(listen)).rejects.toThrow(DeepgramEndedError);
  });

  it('throws what the model calls an error, with its code and what to do', async () => {
    const client = new FakeDeepgramClient(async stream => {
      stream.say({ type: 'Error', code: 'NET-0001', description: 'Timed out' });
      await tick(5);
      stream.fail(
        Object.assign(new Error('closed'), { name: 'ModelStreamError', ErrorCode: '1011', Message: 'NET-0001' }),
      );
    });
    const listen = await open(client);
    const error = await collect(listen).catch(cause => cause);
    expect(error).toBeInstanceOf(DeepgramModelError);
    expect(error).toMatchObject({ modelCode: 'NET-0001', description: 'Timed out' });
    expect(error.message).toContain('KeepAlive');
    expect(error.cause).toBeInstanceOf(ModelStreamClosedError);
  });

  it('throws from close() what nobody would learn otherwise', async () => {
    const client = new FakeDeepgramClient(async stream => {
      stream.say({ type: 'Error', description: 'no' });
    });
    await expect((await open(client)).close()).rejects.toThrow('The model reported an error: no.');
  });

  it('hands on messages that it does not know, and text that is no JSON, as they came', async () => {
    const client = new FakeDeepgramClient(async stream => {
      stream.say('{"type":"Novelty","a":1}');
      stream.say('hello');
      stream.say('null');
      await wellBehaved(stream);
    });
    const messages = await collect((await open(client)).transcribe(audio(10)));
    expect(messages.slice(0, 3)).toEqual([
      { type: 'Unknown', text: '{"type":"Novelty","a":1}' },
      { type: 'Unknown', text: 'hello' },
      { type: 'Unknown', text: 'null' },
    ]);
  });

  it('ends the stream in order when the audio fails, yields what was heard, and throws the fault', async () => {
    const client = new FakeDeepgramClient(wellBehaved);
    async function* broken() {
      yield new Uint8Array(3_200);
      throw new Error('the microphone is gone');
    }
    const heard: ListenMessage[] = [];
    const listen = await open(client);
    const reading = (async () => {
      for await (const message of listen.transcribe(broken())) heard.push(message);
    })();
    await expect(reading).rejects.toThrow('the microphone is gone');
    expect(transcripts(heard)).toEqual(['last words']);
    expect(controls(client.streams[0]!.heard)).toEqual([{ type: 'CloseStream' }]);
  });

  it('closes in order when the consumer leaves, even if the audio never ends', async () => {
    const client = new FakeDeepgramClient(async stream => {
      stream.say(results(0, 1, 'first'));
      await wellBehaved(stream);
    });
    async function* endless() {
      yield new Uint8Array(10);
      await new Promise(() => undefined);
    }
    for await (const _ of (await open(client)).transcribe(endless())) break;
    expect(controls(client.streams[0]!.heard)).toEqual([{ type: 'CloseStream' }]);
  });

  it('asks for results in between where the product has them', async () => {
    const client = new FakeDeepgramClient(wellBehaved);
    const listen = await open(client);
    await listen.finalize();
    await listen.close();
    expect(controls(client.streams[0]!.heard)).toEqual([{ type: 'Finalize' }, { type: 'CloseStream' }]);

    const flux = await open(new FakeDeepgramClient(wellBehaved), { parameters: FLUX });
    expect(() => flux.finalize()).toThrow(UnsupportedMessageError);
    await flux.configure({ eot_threshold: 0.8 });
    await flux.close();
  });
});

describe('KeepAlive', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const heardAfterSilence = async (options: Partial<DeepgramListenOptions>, busyMs = 0) => {
    const client = new FakeDeepgramClient(() => new Promise(() => undefined));
    const listen = await open(client, options);
    for (let ms = 0; ms < busyMs; ms += 1_000) {
      await listen.send(new Uint8Array(2));
      await jest.advanceTimersByTimeAsync(1_000);
    }
    const before = controls(client.streams[0]!.heard).length;
    await jest.advanceTimersByTimeAsync(13_000);
    await new Promise(resolve => setImmediate(resolve));
    listen.abort();
    return { whileBusy: before, inSilence: controls(client.streams[0]!.heard).slice(before) };
  };

  it('goes in silence only, every 3 to 5 s', async () => {
    const { whileBusy, inSilence } = await heardAfterSilence({}, 12_000);
    expect(whileBusy).toBe(0);
    expect(inSilence).toEqual([{ type: 'KeepAlive' }, { type: 'KeepAlive' }, { type: 'KeepAlive' }]);
  });

  it('does not follow CloseStream', async () => {
    const client = new FakeDeepgramClient(() => new Promise(() => undefined));
    const listen = await open(client, { drainTimeoutMs: 60_000 });
    const closing = listen.close();
    closing.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(13_000);
    await new Promise(resolve => setImmediate(resolve));
    expect(controls(client.streams[0]!.heard)).toEqual([{ type: 'CloseStream' }]);
    listen.abort();
  });

  it('is left out where it is switched off', async () => {
    expect((await heardAfterSilence({ keepAlive: false })).inSilence).toEqual([]);
  });
});

describe('resume', () => {
  /** Hears one second at a time; breaks once after the second one, with a third that is heard but not final. */
  const breaksOnce = (): FakeModel => {
    let streams = 0;
    return async stream => {
      streams += 1;
      const first = streams === 1;
      let bytes = 0;
      let told = 0;
      for await (const item of stream.input) {
        if (typeof item === 'string') {
          if (item.includes('CloseStream')) break;
          continue;
        }
        bytes += item.length;
        for (; told + 1 <= bytes / BYTES_PER_SECOND; told += 1) {
          const interim = first && told === 2;
          stream.say(results(told, 1, `${first ? 'first' : 'second'} ${told}`, !interim));
          if (interim) {
            await tick(20);
            stream.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
            return;
          }
        }
      }
      stream.say({ type: 'UtteranceEnd', channel: [0], last_word_end: told });
      stream.say(summary(bytes / BYTES_PER_SECOND));
    };
  };

  it('sends again exactly what no final result covers, and times count on', async () => {
    const client = new FakeDeepgramClient(breaksOnce());
    const listen = await open(client, { resume: { maxResumes: 2 }, retry: { baseDelayMs: 1 } as never });
    const sent = Buffer.from(Array.from({ length: 5 * BYTES_PER_SECOND }, (_, index) => index % 253));
    async function* source() {
      for (let offset = 0; offset < sent.length; offset += 10_000) {
        yield sent.subarray(offset, offset + 10_000);
        await tick(2);
      }
    }
    const messages = await collect(listen.transcribe(source()));
    expect(client.streams).toHaveLength(2);
    const heardAgain = Buffer.concat(client.streams[1]!.heard.filter(item => Buffer.isBuffer(item)));
    expect(heardAgain.equals(sent.subarray(2 * BYTES_PER_SECOND))).toBe(true);
    expect(
      messages.map(message =>
        message.type === 'Results'
          ? [message.channel.alternatives[0]!.transcript, message.start, message.channel.alternatives[0]!.words[0]!.end]
          : message.type,
      ),
    ).toEqual([
      ['first 0', 0, 1],
      ['first 1', 1, 2],
      ['first 2', 2, 3],
      ['second 0', 2, 3],
      ['second 1', 3, 4],
      ['second 2', 4, 5],
      'UtteranceEnd',
      'Metadata',
    ]);
    expect(messages.at(-2)).toMatchObject({ last_word_end: 5 });
    expect(messages.at(-1)).toMatchObject({ duration: 5 });
    expect(listen.statistics).toMatchObject({ resumes: 1, unreplayableBytes: 0 });
  });

  it('counts on over any number of breaks', async () => {
    let streams = 0;
    const client = new FakeDeepgramClient(async stream => {
      streams += 1;
      const last = streams === 3;
      for await (const item of stream.input) {
        if (last ? typeof item === 'string' : Buffer.isBuffer(item)) break;
      }
      stream.say(results(0, 1, `stream ${streams}`));
      if (last) return stream.say(summary(1));
      await tick(20);
      stream.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    });
    const listen = await open(client, { resume: true });
    const messages = await collect(listen.transcribe(audio(3 * BYTES_PER_SECOND)));
    expect(messages.map(message => message.type === 'Results' && message.start)).toEqual([0, 1, 2, false]);
    const heard = client.streams.map(
      ({ heard: items }) => Buffer.concat(items.filter(item => Buffer.isBuffer(item))).length,
    );
    expect(heard).toEqual([3, 2, 1].map(seconds => seconds * BYTES_PER_SECOND));
  });

  it('is refused for audio that cannot be cut', async () => {
    const client = new FakeDeepgramClient(wellBehaved);
    await expect(open(client, { parameters: { model: 'nova-3', language: 'en' }, resume: true })).rejects.toThrow(
      'resume needs encoding (linear16, mulaw or alaw) and sample_rate.',
    );
    expect(client.streams).toHaveLength(0);
  });

  it('is not done unless asked for', async () => {
    const listen = await open(new FakeDeepgramClient(breaksOnce()));
    await expect(collect(listen.transcribe(audio(4 * BYTES_PER_SECOND)))).rejects.toMatchObject({
      cause: expect.any(StreamInterruptedError),
    });
  });

  it('repeats the last configuration of a Flux stream', async () => {
    let streams = 0;
    const client = new FakeDeepgramClient(async stream => {
      streams += 1;
      if (streams === 1) {
        for await (const item of stream.input) if (Buffer.isBuffer(item)) break;
        stream.say({ type: 'TurnInfo', event: 'EndOfTurn', audio_window_start: 0, audio_window_end: 0.5, words: [] });
        await tick(20);
        stream.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
        return;
      }
      stream.say({ type: 'TurnInfo', event: 'EndOfTurn', audio_window_start: 0, audio_window_end: 1, words: [] });
      for await (const item of stream.input) if (typeof item === 'string' && item.includes('CloseStream')) break;
    });
    const listen = await open(client, { parameters: FLUX, resume: true });
    await listen.configure({ eot_threshold: 0.6 });
    await listen.configure({ eot_threshold: 0.8 });
    const messages = await collect(listen.transcribe(audio(BYTES_PER_SECOND)));
    expect(messages.map(message => message.type === 'TurnInfo' && message.audio_window_end)).toEqual([0.5, 1.5]);
    expect(controls(client.streams[1]!.heard)).toEqual([
      { type: 'Configure', eot_threshold: 0.8 },
      { type: 'CloseStream' },
    ]);
  });
});
