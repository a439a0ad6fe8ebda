import { Captions, type ListenMessage, Transcript, type Utterance } from '../../../lib/speech/deepgram';

const results = (
  transcript: string,
  flags: { is_final?: boolean; speech_final?: boolean; from_finalize?: boolean },
  start = 0,
  channel?: [number, number],
) =>
  ({
    type: 'Results',
    start,
    duration: 1,
    channel_index: channel,
    ...flags,
    channel: {
      alternatives: [
        {
          transcript,
          confidence: 1,
          words: transcript
            .split(' ')
            .filter(Boolean)
            .map((word, index) => ({
              word: word.toLowerCase(),
              punctuated_word: word,
              start: start + index * 0.25,
              end: start + index * 0.25 + 0.2,
              confidence: 1,
            })),
        },
      ],
    },
  }) as ListenMessage;

const turn = (event: string, transcript: string, times = true) =>
  ({
    type: 'TurnInfo',
    event,
    request_id: 'r',
    sequence_id: 0,
    turn_index: 0,
    audio_window_start: 2,
    audio_window_end: 4,
    transcript,
    words: transcript
      .split(' ')
      .filter(Boolean)
      .map((word, index) => ({ word, confidence: 1, ...(times ? { start: 2 + index, end: 2.5 + index } : {}) })),
    end_of_turn_confidence: 1,
  }) as ListenMessage;

const texts = (utterances: readonly Utterance[]) => utterances.map(({ text }) => text);

describe('Transcript', () => {
  it('puts an utterance of Nova-3 together from its final pieces and shows what may still change', () => {
    const transcript = new Transcript();
    expect(transcript.add(results('I need', {}))).toEqual([]);
    expect(transcript.interim).toBe('I need');
    expect(transcript.add(results('I need help', { is_final: true }))).toEqual([]);
    expect(transcript.add(results('with my', {}, 1))).toEqual([]);
    expect(transcript.interim).toBe('I need help with my');
    const [utterance] = transcript.add(results('with my account.', { is_final: true, speech_final: true }, 1));
    expect(utterance!.text).toBe('I need help with my account.');
    expect(utterance!.words.map(word => word.text)).toEqual(['I', 'need', 'help', 'with', 'my', 'account.']);
    expect(transcript.interim).toBe('');
    expect(transcript.end()).toEqual([]);
  });

  it('completes at an answer to Finalize, and passes over silence', () => {
    const transcript = new Transcript();
    expect(transcript.add(results('', { is_final: true, speech_final: true }))).toEqual([]);
    expect(texts(transcript.add(results('Half a', { is_final: true, from_finalize: true })))).toEqual(['Half a']);
  });

  it('keeps channels apart', () => {
    const transcript = new Transcript();
    transcript.add(results('left', { is_final: true }, 0, [0, 2]));
    expect(transcript.add(results('right', { is_final: true, speech_final: true }, 0, [1, 2]))).toMatchObject([
      { text: 'right', channel: 1 },
    ]);
    expect(transcript.end()).toMatchObject([{ text: 'left', channel: 0 }]);
    expect(transcript.add(results('mono', { is_final: true, speech_final: true }, 0, [0, 1]))).toMatchObject([
      { text: 'mono', channel: undefined },
    ]);
  });

  it('takes a turn of Flux when it ends, and what was open at the end of the stream', () => {
    const transcript = new Transcript();
    expect(transcript.add(turn('StartOfTurn', 'I'))).toEqual([]);
    expect(transcript.add(turn('Update', 'I need'))).toEqual([]);
    expect(transcript.interim).toBe('I need');
    expect(texts(transcript.add(turn('EndOfTurn', 'I need help.')))).toEqual(['I need help.']);
    transcript.add(turn('Update', 'And'));
    expect(texts(transcript.end())).toEqual(['And']);
    expect(transcript.end()).toEqual([]);
  });

  it('spreads words without times over the turn', () => {
    const [utterance] = new Transcript().add(turn('EndOfTurn', 'abc d', false));
    expect(utterance!.words).toEqual([
      { text: 'abc', start: 2, end: 3.5 },
      { text: 'd', start: 3.5, end: 4 },
    ]);
  });

  it('keeps a final piece and a later interim one, in order, when the stream ends between them', () => {
    const transcript = new Transcript();
    transcript.add(results('first', { is_final: true }));
    transcript.add(results('second', {}, 1));
    expect(texts(transcript.end())).toEqual(['first second']);
  });
});

describe('Captions', () => {
  const utterance = (text: string, start = 0, gapSeconds = 0.1): Utterance => ({
    text,
    channel: undefined,
    words: text.split(' ').map((word, index) => ({
      text: word,
      start: start + index * (0.3 + gapSeconds),
      end: start + index * (0.3 + gapSeconds) + 0.3,
    })),
  });

  it('writes SubRip', () => {
    const captions = new Captions('srt');
    expect(
      captions.head() +
        captions.add(utterance('I need help with my account balance. I can help with that & recent <charges>.')) +
        captions.add(utterance('Later.', 3_725.0419)),
    ).toMatchInlineSnapshot(`
"1
00:00:00,000 --> 00:00:02,700
I need help with my account balance.

2
00:00:02,800 --> 00:00:05,900
I can help with that & recent <charges>.

3
01:02:05,042 --> 01:02:05,342
Later.

"
`);
  });

  it('writes WebVTT, with its header and its escapes', () => {
    const captions = new Captions('vtt');
    expect(captions.head() + captions.add(utterance('a --> b & <i>c</i>.', 59.9996))).toMatchInlineSnapshot(`
"WEBVTT

1
00:01:00.000 --> 00:01:01.900
a --&gt; b &amp; &lt;i&gt;c&lt;/i&gt;.

"
`);
  });

  it('cuts where room, time or speech runs out', () => {
    const long = Array.from({ length: 40 }, (_, index) => `word${index}`).join(' ');
    const cues = new Captions('srt').add(utterance(long)).trim().split('\n\n');
    for (const cue of cues) {
      const [, times, ...lines] = cue.split('\n');
      expect(lines.length).toBeLessThanOrEqual(2);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(42);
      const [start, end] = times!.split(' --> ').map(time => Number(time.replace(',', '.').slice(6)));
      expect(end! - start!).toBeLessThanOrEqual(7);
    }
    expect(cues.flatMap(cue => cue.split('\n').slice(2)).join(' ')).toBe(long);
    expect(
      new Captions('srt')
        .add(utterance('one two', 0, 1.1))
        .trim()
        .split('\n\n'),
    ).toHaveLength(2);
    expect(
      new Captions('srt')
        .add(utterance('one two', 0, 0.9))
        .trim()
        .split('\n\n'),
    ).toHaveLength(1);
    expect(new Captions('srt').add({ text: '', words: [], channel: undefined })).toBe('');
  });
});
