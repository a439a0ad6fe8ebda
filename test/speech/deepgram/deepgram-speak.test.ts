import { DEEPGRAM_SPEAK_TEXT_LIMIT } from '../../../lib/contract';
import {
  DeepgramDrainError,
  DeepgramSpeak,
  type DeepgramSpeakOptions,
  type SpeakMessage,
  UnsupportedMessageError,
} from '../../../lib/speech/deepgram';
import { controls, FakeDeepgramClient, type FakeModel } from './fake-deepgram-client';

const tick = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

/** Speaks each text at its flush, a byte a character, and closes at once at `Close`, as Aura-2 does. */
const aura: FakeModel = async stream => {
  stream.say({ type: 'Metadata', request_id: 'r', model_name: 'aura-2-thalia-en' });
  let text = '';
  let sequence = 0;
  for await (const item of stream.input) {
    const message = JSON.parse(item as string) as { type: string; text?: string };
    if (message.type === 'Speak') text += message.text;
    if (message.type === 'Clear') {
      text = '';
      stream.say({ type: 'Cleared', sequence_id: sequence });
    }
    if (message.type === 'Flush') {
      const spoken = text;
      text = '';
      await tick(20);
      for (let offset = 0; offset < spoken.length; offset += 1_000)
        stream.say(Buffer.from(spoken.slice(offset, offset + 1_000)));
      stream.say({ type: 'Flushed', sequence_id: sequence++ });
    }
    if (message.type === 'Close') return;
  }
};

/** Answers `Flush` at once and speaks afterwards, as Flux does. */
const flux: FakeModel = async stream => {
  stream.say({ type: 'Connected', request_id: 'r' });
  let text = '';
  let turn = Promise.resolve();
  let turns = 0;
  for await (const item of stream.input) {
    const message = JSON.parse(item as string) as { type: string; text?: string };
    if (message.type === 'Speak') text += message.text;
    if (message.type === 'Flush') {
      const spoken = text;
      const speech_id = `dg_sp_${turns++}`;
      text = '';
      stream.say({ type: 'Flushed', speech_id });
      turn = turn.then(async () => {
        stream.say({ type: 'SpeechStarted', speech_id });
        await tick(20);
        stream.say(Buffer.from(spoken));
        stream.say({ type: 'SpeechMetadata', speech_id, audio_duration_ms: 1 });
      });
    }
    if (message.type === 'Close') return;
  }
};

const open = (client: FakeDeepgramClient, options: Partial<DeepgramSpeakOptions> = {}) =>
  DeepgramSpeak.open({ endpointName: 'voice', client, parameters: { model: 'aura-2-thalia-en' }, ...options });

async function collect(messages: AsyncIterable<SpeakMessage>): Promise<SpeakMessage[]> {
  const all: SpeakMessage[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

const spoken = (messages: readonly SpeakMessage[]) =>
  Buffer.concat(messages.flatMap(message => (message.type === 'Audio' ? message.data : []))).toString();

describe.each([
  ['Aura-2', aura, { model: 'aura-2-thalia-en' }, 'v1/speak', ['Metadata', 'Audio', 'Flushed']],
  [
    'Flux',
    flux,
    { model: 'flux-haley-en' },
    'v2/speak',
    ['Connected', 'Flushed', 'SpeechStarted', 'Audio', 'SpeechMetadata'],
  ],
] as const)('%s', (_, model, parameters, path, types) => {
  it('speaks everything before it is told to close', async () => {
    const client = new FakeDeepgramClient(model);
    const messages = await collect((await open(client, { parameters })).synthesize(['Hello ', 'there.']));
    expect(client.streams[0]!.path).toBe(path);
    expect(messages.map(message => message.type)).toEqual(types);
    expect(spoken(messages)).toBe('Hello there.');
    expect(controls(client.streams[0]!.heard)).toEqual([
      { type: 'Speak', text: 'Hello ' },
      { type: 'Speak', text: 'there.' },
      { type: 'Flush' },
      { type: 'Close' },
    ]);
  });

  it('waits for every flush, and does not flush again what is flushed', async () => {
    const client = new FakeDeepgramClient(model);
    const speak = await open(client, { parameters });
    for (const text of ['one', 'two', 'three']) {
      await speak.speak(text);
      await speak.flush();
    }
    await speak.close();
    expect(spoken(await collect(speak))).toBe('onetwothree');
    expect(controls(client.streams[0]!.heard).filter(({ type }) => type === 'Flush')).toHaveLength(3);
  });

  it('closes at once where nothing was said', async () => {
    const client = new FakeDeepgramClient(model);
    await (await open(client, { parameters })).close();
    expect(controls(client.streams[0]!.heard)).toEqual([{ type: 'Close' }]);
  });
});

describe('speech', () => {
  it('never sends KeepAlive', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const client = new FakeDeepgramClient(() => new Promise(() => undefined));
      const speak = await open(client, { keepAlive: true });
      await jest.advanceTimersByTimeAsync(30_000);
      speak.abort();
      expect(client.streams[0]!.heard).toEqual([]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('cuts a long text between words, and nothing is lost', async () => {
    const client = new FakeDeepgramClient(aura);
    const text = Array.from({ length: 1_500 }, (_, index) => `word${index}`).join(' ');
    await collect((await open(client)).synthesize([text, 'x'.repeat(4_500), '']));
    const sent = controls(client.streams[0]!.heard).filter(({ type }) => type === 'Speak') as {
      type: string;
      text: string;
    }[];
    for (const message of sent) expect(message.text.length).toBeLessThanOrEqual(DEEPGRAM_SPEAK_TEXT_LIMIT);
    const words = sent.filter(message => !message.text.startsWith('x')).map(message => message.text);
    expect(words.join(' ')).toBe(text);
    expect(sent.filter(message => message.text.startsWith('x')).map(message => message.text.length)).toEqual([
      2_000, 2_000, 500,
    ]);
  });

  it('forgets what is cleared, and does not wait for it', async () => {
    const client = new FakeDeepgramClient(aura);
    const speak = await open(client);
    await speak.speak('never said');
    await speak.clear();
    await speak.close();
    const messages = await collect(speak);
    expect(spoken(messages)).toBe('');
    expect(messages.map(({ type }) => type)).toContain('Cleared');
    const other = await open(new FakeDeepgramClient(flux), { parameters: { model: 'flux-haley-en' } });
    expect(() => other.clear()).toThrow(UnsupportedMessageError);
    await other.close();
  });

  it('gives up on a model that never says that it is done', async () => {
    const client = new FakeDeepgramClient(async stream => {
      stream.say(Buffer.from('half'));
      await new Promise(() => undefined);
    });
    const heard: SpeakMessage[] = [];
    const reading = (async () => {
      for await (const message of (await open(client, { drainTimeoutMs: 60 })).synthesize(['half a word']))
        heard.push(message);
    })();
    await expect(reading).rejects.toThrow(DeepgramDrainError);
    expect(spoken(heard)).toBe('half');
  });

  it('speaks what a source gave before it failed, and throws the fault', async () => {
    async function* broken() {
      yield 'Said. ';
      throw new Error('the writer is gone');
    }
    const heard: SpeakMessage[] = [];
    const reading = (async () => {
      for await (const message of (await open(new FakeDeepgramClient(aura))).synthesize(broken())) heard.push(message);
    })();
    await expect(reading).rejects.toThrow('the writer is gone');
    expect(spoken(heard)).toBe('Said. ');
  });
});
