import {
  deepgramVoice,
  type SpeechEvent,
  SpeechIncompleteError,
  SpeechModelError,
  TextToSpeech,
  vllmOmni,
} from '../../lib/speech';
import { failure } from '../client/support/failure';
import { controls, FakeDeepgramClient, type FakeModel } from './deepgram/fake-deepgram-client';

async function collect(events: AsyncIterable<SpeechEvent>): Promise<SpeechEvent[]> {
  const all: SpeechEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Speaks as vLLM-Omni 0.30 does. */
const omni: FakeModel = async stream => {
  for await (const item of stream.input) {
    const message = JSON.parse(String(item));
    if (message.type === 'input.done') {
      stream.say({ type: 'audio.start', utterance_index: 0, sentence_index: 0, format: 'pcm', sample_rate: 24_000 });
      stream.say(Buffer.alloc(480));
      stream.say({ type: 'audio.done', utterance_index: 0, sentence_index: 0, total_bytes: 480, error: false });
      stream.say({ type: 'session.done', utterance_index: 0, total_sentences: 1 });
    }
    if (message.type === 'session.close') return;
  }
};

const open = (client: FakeDeepgramClient, model = vllmOmni({ voice: 'alice' })) =>
  TextToSpeech.open({ endpointName: 'voice', client, model });

describe('vLLM-Omni', () => {
  test('configures first, flushes, and closes when everything was spoken', async () => {
    const client = new FakeDeepgramClient(omni);
    const voice = await open(client);
    const events = await collect(voice.synthesize(['Hello', ' there.']));
    expect(events.map(({ type }) => type)).toEqual(['audio', 'flushed', 'done']);
    expect(voice).toMatchObject({ complete: true, audio: { encoding: 'linear16', sampleRate: 24_000 } });
    expect(client.streams[0]!.path).toBe('v1/audio/speech/stream');
    expect(controls(client.streams[0]!.heard)).toEqual([
      {
        type: 'session.config',
        voice: 'alice',
        response_format: 'pcm',
        stream_audio: true,
        split_granularity: 'sentence',
      },
      { type: 'input.text', text: 'Hello' },
      { type: 'input.text', text: ' there.' },
      { type: 'input.done' },
      { type: 'session.close' },
    ]);
  });

  test('that ends before everything was spoken is incomplete', async () => {
    const client = new FakeDeepgramClient(async stream => {
      for await (const item of stream.input)
        if (String(item).includes('input.done')) return stream.say(Buffer.alloc(48));
    });
    const error = await failure(collect((await open(client)).synthesize(['Hello.'])));
    expect(error).toBeInstanceOf(SpeechIncompleteError);
    expect(error.next).toContain('0 of 1 flushes');
  });

  test('that reports an error throws it', async () => {
    const client = new FakeDeepgramClient(async stream => {
      for await (const item of stream.input)
        if (String(item).includes('input.done')) stream.say({ type: 'error', message: 'no such voice' });
    });
    expect(await failure(collect((await open(client)).synthesize(['Hello.'])))).toBeInstanceOf(SpeechModelError);
  });

  test('is interrupted by dropping the stream and opening another one', async () => {
    const client = new FakeDeepgramClient(async stream => {
      if (client.streams.length > 1) return omni(stream);
      stream.say(Buffer.alloc(48));
      await new Promise(() => undefined);
    });
    const voice = await open(client);
    const reading = collect(voice);
    await voice.speak('A long story.');
    await voice.interrupt();
    await voice.speak('Yes?');
    await voice.close();
    expect((await reading).map(({ type }) => type).slice(-3)).toEqual(['audio', 'flushed', 'done']);
    expect(client.streams).toHaveLength(2);
    expect(voice.complete).toBe(true);
  });
});

test('Deepgram: the same program, with one word changed', async () => {
  const client = new FakeDeepgramClient(async stream => {
    for await (const item of stream.input) {
      const { type } = JSON.parse(String(item));
      if (type === 'Speak') stream.say(Buffer.alloc(480));
      if (type === 'Flush') stream.say({ type: 'Flushed', sequence_id: 0 });
      if (type === 'Clear') stream.say({ type: 'Cleared', sequence_id: 0 });
      if (type === 'Close') return;
    }
  });
  const voice = await open(client, deepgramVoice({ model: 'aura-2-thalia-en' }));
  expect((await collect(voice.synthesize(['Hello.']))).map(({ type }) => type)).toEqual(['audio', 'flushed', 'done']);
  expect(voice.complete).toBe(true);
  const interrupted = await open(client, deepgramVoice({ model: 'aura-2-thalia-en' }));
  await interrupted.interrupt();
  await interrupted.close();
  expect(controls(client.streams[1]!.heard)).toEqual([{ type: 'Clear' }, { type: 'Close' }]);
});
