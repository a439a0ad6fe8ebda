import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { decodeAlaw, decodeMulaw } from '../../../lib/speech/audio/g711';

const PAGE = join(__dirname, '../../../lib/local/inspector/page');

/** The modules of the page that need no browser. */
interface PageModules {
  RoundTrips: new () => {
    readonly at: number[];
    readonly ms: number[];
    readonly isEcho: boolean;
    add(step: Step): void;
  };
  SessionAudio: new (
    path: string,
  ) => {
    readonly seconds: number;
    readonly isPresent: boolean;
    readonly description: string;
    readonly lows: number[];
    readonly highs: number[];
    readonly words: { text: string; start: number }[];
    readonly lagMs: number[];
    add(step: Step): void;
  };
  sampled(at: number[], values: number[], limit: number): { at: number[]; values: number[] };
  percentile(values: number[], percent: number): number | undefined;
  replayTest(session: object, steps: Step[], skipped: number, endpoint?: object): { source?: string; problem?: string };
}

type Step = Readonly<Record<string, unknown>>;

const { outputFiles } = buildSync({
  stdin: {
    resolveDir: PAGE,
    contents: ['round-trips', 'session-audio', 'replay-test'].map(name => `export * from './${name}.mjs';`).join('\n'),
  },
  bundle: true,
  format: 'cjs',
  write: false,
});
const module_ = { exports: {} as PageModules };
new Function('module', outputFiles[0]!.text)(module_);
const { RoundTrips, SessionAudio, percentile, replayTest, sampled } = module_.exports;

function message(direction: 'received' | 'sent', atMs: number, payload: string | Uint8Array, kept?: number): Step {
  const bytes = Buffer.from(payload);
  return {
    type: 'message',
    direction,
    atMs,
    dataType: typeof payload === 'string' ? 'UTF8' : 'BINARY',
    completionState: 'COMPLETE',
    bytes: bytes.length,
    base64: bytes.subarray(0, kept).toString('base64'),
  };
}

describe('round trips', () => {
  test('of an echo are those of each message, also where several are under way', () => {
    const trips = new RoundTrips();
    for (const step of [
      message('received', 0, 'one'),
      message('received', 10, 'three'),
      message('sent', 30, 'one'),
      message('sent', 50, 'three'),
    ]) {
      trips.add(step);
    }
    expect(trips).toMatchObject({ isEcho: true, at: [0.03, 0.05], ms: [30, 40] });
  });

  test('of any other model count from the last message of the client', () => {
    const trips = new RoundTrips();
    for (const step of [message('received', 0, 'one'), message('received', 10, 'x'), message('sent', 30, 'longer')]) {
      trips.add(step);
    }
    expect(trips).toMatchObject({ isEcho: false, ms: [20] });
  });

  test('sampling keeps the lowest and the highest', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => (index === 5_001 ? 900 : index === 7_777 ? -3 : 10));
    const at = values.map((_, index) => index);
    const line = sampled(at, values, 100);
    expect(line.at.length).toBeLessThanOrEqual(100);
    expect(line.values).toEqual(expect.arrayContaining([900, -3]));
    expect(line.at).toEqual([...line.at].sort((one, other) => one - other));
    expect(sampled([1], [2], 100)).toEqual({ at: [1], values: [2] });
    expect(percentile([3, 1, 2], 50)).toBe(2);
  });
});

/** 16-bit samples, all of one value. */
function samples(count: number, value: number): Buffer {
  return Buffer.from(new Int16Array(count).fill(value).buffer);
}

describe('the audio of a session', () => {
  test('Deepgram: coding and rate from the query, words and lag from the results', () => {
    const audio = new SessionAudio('v1/listen?model=nova-3&encoding=linear16&sample_rate=8000');
    audio.add(message('received', 0, samples(4_000, 16_384)));
    audio.add(message('received', 500, samples(4_000, -16_384)));
    const words = [{ word: 'hello', punctuated_word: 'Hello.', start: 0.25, end: 0.4 }];
    const results = {
      type: 'Results',
      is_final: true,
      start: 0,
      duration: 0.5,
      channel: { alternatives: [{ words }] },
    };
    audio.add(message('sent', 650, JSON.stringify({ ...results, is_final: false })));
    audio.add(message('sent', 700, JSON.stringify(results)));
    expect(audio.seconds).toBe(1);
    expect(audio.highs[0]).toBe(0.5);
    expect(audio.lows[99]).toBe(-0.5);
    expect(audio.words).toEqual([{ text: 'Hello.', start: 0.25 }]);
    expect(audio.lagMs).toEqual([650, 700]);
  });

  test('vLLM: base64 in messages, words where the audio is when they come', () => {
    const audio = new SessionAudio('v1/realtime');
    const append = { type: 'input_audio_buffer.append', audio: samples(8_000, 100).toString('base64') };
    audio.add(message('received', 0, JSON.stringify(append)));
    audio.add(message('sent', 600, JSON.stringify({ type: 'transcription.delta', delta: ' word' })));
    expect(audio).toMatchObject({ seconds: 0.5, words: [{ text: 'word', start: 0.5 }] });
  });

  test('NIM: the rate from the session, times in milliseconds', () => {
    const audio = new SessionAudio('v1/realtime?intent=transcription');
    const session = { input_audio_params: { sample_rate_hz: 8_000 } };
    audio.add(message('received', 0, JSON.stringify({ type: 'transcription_session.update', session })));
    const append = { type: 'input_audio_buffer.append', audio: samples(8_000, 100).toString('base64') };
    audio.add(message('received', 0, JSON.stringify(append)));
    const completed = {
      type: 'conversation.item.input_audio_transcription.completed',
      is_last_result: true,
      words_info: { words: [{ word: 'word', start_time: 250, end_time: 500 }] },
    };
    audio.add(message('sent', 600, JSON.stringify(completed)));
    expect(audio).toMatchObject({ seconds: 1, words: [{ text: 'word', start: 0.25 }], lagMs: [600] });
  });

  test('vLLM-Omni: what the model said, with the text under it', () => {
    const audio = new SessionAudio('v1/audio/speech/stream');
    audio.add(message('received', 0, JSON.stringify({ type: 'input.text', text: 'Hello.' })));
    audio.add(message('sent', 50, samples(24_000, 1_000)));
    expect(audio).toMatchObject({ seconds: 1, words: [{ text: 'Hello.', start: 0 }] });
  });

  test.each([
    ['mulaw', decodeMulaw],
    ['alaw', decodeAlaw],
  ])('%s is decoded as lib/speech decodes it', (encoding, decode) => {
    const audio = new SessionAudio(`v1/listen?encoding=${encoding}&sample_rate=8000`);
    // Each code fills one column of ten milliseconds.
    audio.add(
      message(
        'received',
        0,
        Uint8Array.from({ length: 256 * 80 }, (_, index) => Math.floor(index / 80)),
      ),
    );
    expect(audio.highs.map(value => Math.round(value * 32_768) + 0)).toEqual(
      Array.from({ length: 256 }, (_, code) => decode(code)),
    );
  });

  test('a WAV file through an echo is read by its header, and a parted sample is joined', () => {
    const header = Buffer.alloc(44);
    header.write('RIFF', 0);
    header.write('data', 36);
    header.writeUInt16LE(1, 20);
    header.writeUInt16LE(1, 22);
    header.writeUInt32LE(8_000, 24);
    const file = Buffer.concat([header, samples(800, 8_192)]);
    const audio = new SessionAudio('invocations-bidirectional-stream');
    audio.add(message('received', 0, file.subarray(0, 445)));
    audio.add(message('received', 0, file.subarray(445)));
    expect(audio).toMatchObject({ seconds: 0.1, isPresent: true });
    expect(new Set([...audio.highs, ...audio.lows])).toEqual(new Set([0.25]));
  });

  test('what is not kept is a gap and is said; bytes that nothing calls audio are taken for it only when they are many', () => {
    const audio = new SessionAudio('invocations-bidirectional-stream');
    audio.add(message('received', 0, samples(100, 5)));
    expect(audio.isPresent).toBe(false);
    audio.add(message('received', 0, samples(16_000, 5), 1_000));
    expect(audio.isPresent).toBe(true);
    expect(audio.lows.at(-1)).toBeNaN();
    expect(audio.description).toContain('31000 bytes are not kept');
    expect(audio.description).toContain('does not say how its bytes are coded');
  });
});

describe('a test that replays', () => {
  const session = {
    requestId: 'r',
    endpoint: 'echo',
    path: 'invocations-bidirectional-stream',
    openedAt: 0,
    state: 'ended',
    outcome: 'ended',
    durationMs: 5,
  };

  test.each([
    ['an open session', { ...session, state: 'open' }, [message('received', 0, 'a')], 0, /still open/],
    ['a client that sent nothing', session, [], 0, /sent nothing/],
    ['a session whose first steps are gone', session, [message('received', 0, 'a')], 3, /3 steps/],
    ['a message that is not kept whole', session, [message('received', 0, 'abc', 1)], 0, /1 of 1 messages/],
  ])('is refused for %s', (_, of, steps, skipped, problem) => {
    expect(replayTest(of, steps, skipped).problem).toMatch(problem);
  });

  test('quotes what could end a string or a line', () => {
    const words = 'it\'s \u2028 a "test" \\ ${not} `code`\nnext';
    const { source = '' } = replayTest(session, [message('received', 0, words)], 0);
    const [, quoted = ''] = /data: ('.*') \},/.exec(source)!;
    expect(new Function(`return ${quoted}`)()).toBe(words);
  });
});
