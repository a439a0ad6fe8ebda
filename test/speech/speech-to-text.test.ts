import {
  deepgram,
  nim,
  SpeechIncompleteError,
  SpeechModelError,
  SpeechToText,
  type SpeechToTextOptions,
  type TranscriptionEvent,
  vllm,
} from '../../lib/speech';
import { failure } from '../client/support/failure';
import { controls, FakeDeepgramClient, type FakeModel, type FakeStream } from './deepgram/fake-deepgram-client';

const RATE = 16_000;
const PCM = { encoding: 'linear16', sampleRate: RATE } as const;

/** Seconds of a tone, of silence where it is told, in pieces of 100 ms. */
async function* audio(seconds: number, isSilent: (second: number) => boolean = () => false) {
  for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
    const piece = Buffer.alloc(RATE / 5);
    if (!isSilent(tenth / 10))
      for (let at = 0; at < piece.length; at += 2) piece.writeInt16LE(at % 4 ? 9_000 : -9_000, at);
    yield piece;
  }
}

async function collect(events: AsyncIterable<TranscriptionEvent>): Promise<TranscriptionEvent[]> {
  const all: TranscriptionEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const open = (client: FakeDeepgramClient, options: Pick<SpeechToTextOptions, 'model'> & Partial<SpeechToTextOptions>) =>
  SpeechToText.open({ endpointName: 'speech', client, audio: PCM, ...options });

/** Speaks as vLLM 0.32 does: the recording in test/fixtures/vllm/realtime.json has the order. */
const vllmModel =
  (served = 'tiny'): FakeModel =>
  async stream => {
    stream.say({ type: 'session.created', id: 'sess-1', created: 1 });
    let bytes = 0;
    let text = '';
    for await (const item of stream.input) {
      if (typeof item !== 'string') return stream.fail(closed('1003'));
      const message = JSON.parse(item);
      if (message.type === 'session.update' && message.model !== served) {
        stream.say({ type: 'error', error: `The model ${message.model} does not exist.`, code: 'model_not_found' });
      } else if (message.type === 'input_audio_buffer.append') {
        bytes += Buffer.from(message.audio, 'base64').length;
        text += ' a';
        stream.say({ type: 'transcription.delta', delta: ' a' });
      } else if (message.final) {
        stream.say({ type: 'transcription.done', text, usage: { total_tokens: bytes / 2_560 } });
      }
    }
  };

/** The audio of each message. */
const audioOf = ({ heard }: FakeStream): Buffer[] =>
  controls(heard).flatMap(message => {
    const { audio } = message as { audio?: string };
    return audio === undefined ? [] : [Buffer.from(audio, 'base64')];
  });

const heardBytes = (client: FakeDeepgramClient) =>
  client.streams.map(stream => audioOf(stream).reduce((sum, { length }) => sum + length, 0));

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const wordOf = (index: number) => `w${LETTERS[Math.floor(index / 26)]}${LETTERS[index % 26]}`;

/** Words of 300 ms without a pause: each of their three pieces tells in its first sample which word it is, and which part. */
async function* spokenWords(count: number, shift = 0) {
  for (let part = -shift; part < count * 3; part += 1) {
    const piece = Buffer.alloc(RATE / 5);
    for (let at = 0; at < piece.length; at += 2) piece.writeInt16LE(10_000 + part, at);
    yield piece;
  }
}

/** Hears {@link spokenWords} as vLLM does: a word of which it hears a part only is another word. */
const wordModel = (): FakeModel => async stream => {
  let text = '';
  let heard: number[] = [];
  const say = (word: string) => {
    text += ` ${word}`;
    stream.say({ type: 'transcription.delta', delta: ` ${word}` });
  };
  const hear = (part: number) => {
    heard.push(part);
    if (part % 3 !== 2) return;
    say(heard.length === 3 ? wordOf(Math.floor(part / 3)) : 'half');
    heard = [];
  };
  for await (const item of stream.input) {
    const message = JSON.parse(String(item));
    if (message.audio !== undefined) {
      const samples = Buffer.from(message.audio, 'base64');
      for (let at = 0; at < samples.length; at += RATE / 5) {
        const part = samples.readInt16LE(at) - 10_000;
        if (part >= 0) hear(part);
      }
    } else if (message.final) {
      if (heard.length > 0) say('halves');
      stream.say({ type: 'transcription.done', text });
    }
  }
};

const closed = (ErrorCode: string) =>
  Object.assign(new Error('closed'), { name: 'ModelStreamError', ErrorCode, Message: 'bye' });

describe('vLLM', () => {
  test('configures, starts, sends base64 as text, and is done when the model says so', async () => {
    const client = new FakeDeepgramClient(vllmModel());
    const speech = await open(client, { model: vllm({ model: 'tiny' }) });
    const events = await collect(speech.transcribe(audio(1)));
    const [stream] = client.streams;
    expect(stream!.path).toBe('v1/realtime');
    expect(controls(stream!.heard).map(({ type }) => type)).toEqual([
      'session.update',
      'input_audio_buffer.commit',
      ...Array.from({ length: 10 }, () => 'input_audio_buffer.append'),
      'input_audio_buffer.commit',
    ]);
    expect(events.filter(({ type }) => type === 'partial')).toHaveLength(10);
    expect(events.slice(-3)).toEqual([
      { type: 'final', text: ' a a a a a a a a a a', start: 0, end: 1, words: [] },
      { type: 'usage', totalTokens: 12.5 },
      { type: 'done' },
    ]);
    expect(speech.complete).toBe(true);
  });

  test('converts audio of another kind', async () => {
    const client = new FakeDeepgramClient(vllmModel());
    const speech = await open(client, {
      model: vllm({ model: 'tiny' }),
      audio: { encoding: 'mulaw', sampleRate: 8_000 },
    });
    expect(speech.sentAudio).toEqual({ ...PCM, channels: 1 });
    async function* telephone() {
      for (let index = 0; index < 10; index += 1) yield Buffer.alloc(800, 0xff);
    }
    await collect(speech.transcribe(telephone()));
    const bytes = controls(client.streams[0]!.heard).map(
      message => Buffer.from(String((message as { audio?: string }).audio ?? ''), 'base64').length,
    );
    expect(bytes.reduce((sum, length) => sum + length, 0)).toBe(2 * RATE);
  });

  test.each<[SpeechToTextOptions['audio'], number]>([
    [{ encoding: 'mulaw', sampleRate: 8_000 }, 0],
    [{ encoding: 'linear16', sampleRate: 48_000 }, 1],
    [{ encoding: 'linear16', sampleRate: 44_100, channels: 2 }, 2],
  ])('says what the conversion of %j loses', async (audio, count) => {
    const speech = await open(new FakeDeepgramClient(vllmModel()), { model: vllm({ model: 'tiny' }), audio });
    expect(speech.conversionLosses).toHaveLength(count);
    if (count > 0) expect(speech.conversionLosses.at(-1)).toContain('frequencies above 8000 Hz are lost');
    speech.abort();
  });

  test('explains a model name that is not the served one', async () => {
    const speech = await open(new FakeDeepgramClient(vllmModel('/opt/ml/model')), {
      model: vllm({ model: 'voxtral' }),
    });
    const error = await failure(collect(speech.transcribe(audio(1))));
    expect(error).toBeInstanceOf(SpeechModelError);
    expect(error).toMatchObject({ code: 'ERR_BIDI_SPEECH_MODEL', modelCode: 'model_not_found' });
    expect(error.next).toContain('--served-model-name');
  });

  test.each<[string, (stream: FakeStream) => void]>([
    ['in order', () => undefined],
    ['with 1000', stream => stream.fail(closed('1000'))],
    ['with 1011', stream => stream.fail(closed('1011'))],
    ['with a cut', stream => stream.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))],
  ])('that ends %s before `transcription.done` is incomplete', async (_how, end) => {
    const client = new FakeDeepgramClient(async stream => {
      stream.say({ type: 'transcription.delta', delta: 'a' });
      for await (const item of stream.input) if (typeof item === 'string' && item.includes('final')) break;
      end(stream);
    });
    const speech = await open(client, { model: vllm({ model: 'tiny' }) });
    expect(await failure(collect(speech.transcribe(audio(1))))).toBeInstanceOf(SpeechIncompleteError);
    expect(speech.complete).toBe(false);
  });

  test('that is silent at the end says that it may wait for a place', async () => {
    const client = new FakeDeepgramClient(() => new Promise(() => undefined));
    const speech = await open(client, { model: vllm({ model: 'tiny' }), drainTimeoutMs: 50 });
    const error = await failure(collect(speech.transcribe(audio(1))));
    expect(error.why).toContain('--max-num-seqs');
  });

  test('that waits for a place while audio is sent is ended, and says why', async () => {
    const client = new FakeDeepgramClient(() => new Promise(() => undefined));
    const speech = await open(client, { model: vllm({ model: 'tiny' }), drainTimeoutMs: 50 });
    await speech.send(Buffer.alloc(3_200));
    const error = await failure(collect(speech)); // the input is still open
    expect(error).toBeInstanceOf(SpeechIncompleteError);
    expect(error.why).toContain('--max-num-seqs');
  });

  test.each<[string, number, boolean]>([
    ['before the input has ended', 9, false],
    ['short of the audio that was sent', 4, true],
  ])('that ends %s has a full context: what was heard is given, and then it throws', async (_, tokens, waits) => {
    const client = new FakeDeepgramClient(async stream => {
      for (let token = 0; token < tokens; token += 1) stream.say({ type: 'transcription.delta', delta: ' a' });
      if (waits) for await (const item of stream.input) if (typeof item === 'string' && item.includes('final')) break;
      const usage = { prompt_tokens: 39, completion_tokens: tokens, total_tokens: 39 + tokens };
      stream.say({ type: 'transcription.done', text: 'a', usage });
    });
    const speech = await open(client, { model: vllm({ model: 'tiny' }) });
    if (waits) for await (const piece of audio(1)) await speech.send(piece);
    const events: TranscriptionEvent[] = [];
    const reading = (async () => {
      for await (const event of speech) events.push(event);
    })();
    const failed = failure(reading);
    if (waits) await speech.close().catch(() => undefined);
    expect((await failed).why).toContain('--max-model-len');
    expect(events.map(({ type }) => type)).toContain('final');
    expect(events.map(({ type }) => type)).not.toContain('done');
    expect(speech.complete).toBe(false);
  });

  test('opens another stream at a pause before its context is full, and times count on', async () => {
    const client = new FakeDeepgramClient(vllmModel());
    // 10 s of context; the speaker pauses at 8.5 s, and at 17.2 s.
    const speech = await open(client, { model: vllm({ model: 'tiny', maxModelLen: 174 }) });
    const isSilent = (second: number) => (second >= 8.5 && second < 9) || (second >= 17.2 && second < 17.6);
    const events = await collect(speech.transcribe(audio(20, isSilent)));
    const finals = events.filter(event => event.type === 'final');
    expect(finals.map(({ start }) => start.toFixed(1))).toEqual(['0.0', '8.8', '17.5']);
    expect(finals.at(-1)!.end).toBeCloseTo(20);
    expect(speech).toMatchObject({ handOvers: 2, handOversWithinSpeech: 0, complete: true });
    const heard = client.streams.map(({ heard: items }) =>
      controls(items).reduce(
        (sum, message) => sum + Buffer.from(String((message as { audio?: string }).audio ?? ''), 'base64').length,
        0,
      ),
    );
    expect(heard.reduce((sum, bytes) => sum + bytes, 0)).toBe(20 * 2 * RATE); // every byte once
  });

  test('warns before its context is full, and changes at a pause with nothing sent twice', async () => {
    const client = new FakeDeepgramClient(vllmModel());
    const speech = await open(client, { model: vllm({ model: 'tiny', maxModelLen: 174 }) });
    const events = await collect(speech.transcribe(audio(10, second => second >= 8.5 && second < 9)));
    const warnings = events.filter(event => event.type === 'warning');
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('nearly full: 8.0 of 10.0 s')]);
    expect(heardBytes(client).reduce((sum, bytes) => sum + bytes, 0)).toBe(10 * 2 * RATE);
  });

  test.each([0, 1, 2])(
    'changes within speech when no pause comes: no word is lost or doubled, %i00 ms into a word',
    async shift => {
      const client = new FakeDeepgramClient(wordModel());
      const speech = await open(client, { model: vllm({ model: 'tiny', maxModelLen: 174 }) });
      const events = await collect(speech.transcribe(spokenWords(80, shift)));
      const text = events.flatMap(event => (event.type === 'final' ? event.text.trim() : [])).join(' ');
      expect(text.split(' ')).toEqual(Array.from({ length: 80 }, (_, index) => wordOf(index)));
      expect(speech).toMatchObject({ handOvers: 2, handOversWithinSpeech: 2, complete: true });
      // Each change lets both streams hear one second, a tenth of the context.
      const seconds = heardBytes(client).reduce((sum, bytes) => sum + bytes, 0) / 2 / RATE;
      expect(seconds).toBeCloseTo(24 + shift / 10 + 2);
      const changes = events.flatMap(event => (event.type === 'warning' ? event.message : []));
      expect(changes.filter(message => message.includes('within speech. Both heard the last 1.0 s'))).toHaveLength(2);
      const finals = events.filter(event => event.type === 'final');
      expect(finals.map(({ start }) => start.toFixed(1))).toEqual(['0.0', '9.7', '18.4']);
    },
  );

  test('cuts a long piece, so that a whole recording at once stays within the context', async () => {
    const client = new FakeDeepgramClient(vllmModel());
    const speech = await open(client, { model: vllm({ model: 'tiny', maxModelLen: 174 }) });
    const pieces: Buffer[] = [];
    for await (const piece of audio(30)) pieces.push(piece);
    async function* whole() {
      yield Buffer.concat(pieces);
    }
    await collect(speech.transcribe(whole()));
    for (const bytes of heardBytes(client)) expect(bytes).toBeLessThanOrEqual(10 * 2 * RATE);
    expect(speech.complete).toBe(true);
  });

  test('never sends half a sample, whatever the pieces, and says what it could not send', async () => {
    const client = new FakeDeepgramClient(vllmModel());
    const speech = await open(client, { model: vllm({ model: 'tiny' }) });
    const bytes = Buffer.from(Array.from({ length: 1_001 }, (_, index) => index));
    async function* odd() {
      for (let at = 0; at < bytes.length; at += 77) yield bytes.subarray(at, at + 77);
    }
    const events = await collect(speech.transcribe(odd()));
    const sent = audioOf(client.streams[0]!);
    for (const piece of sent) expect(piece.length % 2).toBe(0);
    expect(Buffer.concat(sent)).toEqual(bytes.subarray(0, 1_000));
    expect(events).toContainEqual({ type: 'warning', message: expect.stringContaining('last 1 bytes') });
  });
});

test('NIM: declares the audio, commits each piece, and is done at the last result', async () => {
  const client = new FakeDeepgramClient(async stream => {
    stream.say({ type: 'conversation.created' });
    for await (const item of stream.input) if (typeof item === 'string' && item.includes('buffer.done')) break;
    const prefix = 'conversation.item.input_audio_transcription';
    stream.say({ type: `${prefix}.delta`, delta: 'hello' });
    const words = [{ word: 'hello', start_time: 100, end_time: 400 }];
    stream.say({ type: `${prefix}.completed`, transcript: 'Hello.', is_last_result: true, words_info: { words } });
  });
  const speech = await open(client, { model: nim({ language: 'en-US' }) });
  expect(await collect(speech.transcribe(audio(0.1)))).toEqual([
    { type: 'partial', text: 'hello' },
    { type: 'final', text: 'Hello.', start: 0.1, end: 0.4, words: [{ text: 'hello', start: 0.1, end: 0.4 }] },
    { type: 'done' },
  ]);
  expect(client.streams[0]).toMatchObject({ path: 'v1/realtime', query: 'intent=transcription' });
  expect(controls(client.streams[0]!.heard).map(({ type }) => type)).toEqual([
    'transcription_session.update',
    'input_audio_buffer.append',
    'input_audio_buffer.commit',
    'input_audio_buffer.done',
  ]);
});

describe('Deepgram', () => {
  /** Makes each second final, and says the rest when it is asked to. */
  const nova: FakeModel = async stream => {
    let bytes = 0;
    let told = 0;
    const tell = (until: number) => {
      const words = [{ word: `w${told}`, start: told, end: until, confidence: 1 }];
      const alternatives = [{ transcript: words[0]!.word, confidence: 1, words }];
      stream.say({
        type: 'Results',
        start: told,
        duration: until - told,
        is_final: true,
        speech_final: true,
        channel: { alternatives },
      });
      told = until;
    };
    for await (const item of stream.input) {
      if (typeof item === 'string' && item.includes('CloseStream')) break;
      if (typeof item === 'string') continue;
      bytes += item.length;
      while (told + 1 <= bytes / RATE / 2) tell(told + 1);
    }
    if (bytes / RATE / 2 > told) tell(bytes / RATE / 2);
    stream.say({ type: 'Metadata', request_id: 'r', duration: bytes / RATE / 2, channels: 1 });
  };

  test('the same program, with one word changed', async () => {
    const client = new FakeDeepgramClient(nova);
    const speech = await open(client, { model: deepgram({ model: 'nova-3' }) });
    const events = await collect(speech.transcribe(audio(1.5)));
    expect(events.filter(({ type }) => type === 'final').map(event => 'end' in event && event.end)).toEqual([1, 1.5]);
    expect(events.slice(-2)).toEqual([{ type: 'usage', audioSeconds: 1.5 }, { type: 'done' }]);
    expect(client.streams[0]!.query).toContain('encoding=linear16&sample_rate=16000');
    expect(speech.complete).toBe(true);
  });

  /** Hears {@link spokenWords}, and makes ten of them final at a time; of half a word it hears another one. */
  const novaOfWords: FakeModel = async stream => {
    let bytes = 0;
    let parts: { part: number; at: number }[] = [];
    const tell = () => {
      const byWord = new Map<number, { part: number; at: number }[]>();
      for (const one of parts) {
        const index = Math.floor(one.part / 3);
        byWord.set(index, [...(byWord.get(index) ?? []), one]);
      }
      const words = [...byWord].map(([index, heard]) => ({
        word: heard.length === 3 ? wordOf(index) : 'half',
        start: heard[0]!.at,
        end: heard.at(-1)!.at + 0.1,
        confidence: 1,
      }));
      const start = words[0]?.start ?? 0;
      const alternatives = [{ transcript: words.map(({ word }) => word).join(' '), confidence: 1, words }];
      const settled = { is_final: true, speech_final: true, start, duration: (words.at(-1)?.end ?? start) - start };
      stream.say({ type: 'Results', ...settled, channel: { alternatives } });
      parts = [];
    };
    for await (const item of stream.input) {
      if (typeof item === 'string' && item.includes('CloseStream')) break;
      if (typeof item === 'string') continue;
      const samples = Buffer.from(item);
      for (let at = 0; at < samples.length; at += RATE / 5) {
        const part = samples.readInt16LE(at) - 10_000;
        if (parts.length > 30 && part % 3 === 0) tell();
        parts.push({ part, at: (bytes + at) / 2 / RATE });
      }
      bytes += samples.length;
    }
    tell();
    stream.say({ type: 'Metadata', request_id: 'r', duration: bytes / RATE / 2, channels: 1 });
  };

  test('changes within speech by the times of the words: none is lost or doubled', async () => {
    const client = new FakeDeepgramClient(novaOfWords);
    const model = deepgram({ model: 'nova-3' });
    const limited = { ...model, capabilities: { ...model.capabilities, maxSeconds: 20 } };
    const speech = await open(client, { model: limited });
    const events = await collect(speech.transcribe(spokenWords(150)));
    const finals = events.filter(event => event.type === 'final');
    const words = finals.flatMap(({ words }) => words);
    expect(words.map(({ text }) => text)).toEqual(Array.from({ length: 150 }, (_, index) => wordOf(index)));
    expect(finals.map(({ text }) => text).join(' ')).toBe(words.map(({ text }) => text).join(' '));
    for (const [index, { start }] of words.entries()) expect(start).toBeCloseTo(index * 0.3, 1);
    expect(speech).toMatchObject({ handOvers: 2, handOversWithinSpeech: 2, complete: true });
  });

  test('hands over to a stream that is open already, at pauses: no second is lost or heard twice', async () => {
    const client = new FakeDeepgramClient(nova);
    const speech = await open(client, { model: deepgram({ model: 'nova-3' }), handOverAfterMs: 0 });
    const events = await collect(speech.transcribe(audio(9, second => second % 3 >= 2.5)));
    const finals = events.filter(event => event.type === 'final');
    expect(speech.handOvers).toBeGreaterThanOrEqual(2);
    expect(speech.handOversWithinSpeech).toBe(0);
    let end = 0;
    for (const final of finals) {
      expect(final.start).toBeCloseTo(end, 6);
      end = final.end;
    }
    expect(end).toBeCloseTo(9, 6);
    expect(events.filter(({ type }) => type === 'done')).toHaveLength(1);
  });
});
