import type { FinalEvent, TranscriptionEvent } from '../../lib/speech';
import { Seam } from '../../lib/speech/seam';

const final = (text: string, words: FinalEvent['words'] = []): FinalEvent => ({
  type: 'final',
  text,
  start: words[0]?.start ?? 0,
  end: words.at(-1)?.end ?? 10,
  words,
});

/** The later text as a model tells it: word by word, and then as a whole. */
const growing = (text: string): TranscriptionEvent[] => [
  ...Array.from(text.matchAll(/\S+/g), ({ index, 0: word }): TranscriptionEvent => {
    return { type: 'partial', text: text.slice(0, index + word.length) };
  }),
  final(text),
];

function joined(earlier: string, later: string): { text: string; warnings: number } {
  const seam = new Seam(7, 10);
  const events = [
    ...seam.before(final(earlier)),
    ...seam.beforeEnded(undefined),
    ...growing(later).flatMap(event => seam.after(event)),
    ...seam.afterEnded(),
  ];
  const finals = events.filter(event => event.type === 'final');
  return {
    text: finals.map(({ text }) => text).join(' '),
    warnings: events.filter(({ type }) => type === 'warning').length,
  };
}

test.each<[string, string, string, string]>([
  ['the same words', 'Please open the door to', 'open the door to the garden.', 'Please open the door to the garden.'],
  ['half a word at the end', 'we have a conver', 'have a conversation here', 'we have a conversation here'],
  [
    'half a word at the beginning',
    'my telephone number is',
    'phone number is five one',
    'my telephone number is five one',
  ],
  ['half words at both', 'my telephone number is fi', 'phone number is five one', 'my telephone number is five one'],
  [
    'another case and punctuation',
    'I went there. And then.',
    'and then, I slept well',
    'I went there. And then I slept well',
  ],
  [
    'a word heard otherwise',
    'it was the red car that',
    'it was a red car that stopped',
    'it was the red car that stopped',
  ],
  [
    'an earlier coincidence',
    'I want to go home and',
    'home and I want to sleep',
    'I want to go home and I want to sleep',
  ],
  ['a repeated phrase', 'I think I think', 'I think I think so too', 'I think I think so too'],
  ['one word', 'it is in the', 'the house', 'it is in the house'],
  ['no spaces', '今日は天気がいい', '天気がいいですね', '今日は天気がいい ですね'],
  ['silence after the change', 'that was all', 'was all', 'that was all'],
  ['silence before the change', '', 'good morning to you', ' good morning to you'],
])('joins texts with %s', (_, earlier, later, text) => {
  expect(joined(earlier, later)).toEqual({ text, warnings: 0 });
});

test('takes nothing away where no words agree, and says so', () => {
  expect(joined('alpha beta gamma', 'one two three four')).toEqual({
    text: 'alpha beta gamma one two three four',
    warnings: 1,
  });
});

test('passes the earlier text on when the later stream brings no words, or breaks', () => {
  const seam = new Seam(7, 10);
  const held = final('the last words');
  expect([...seam.before(held), ...seam.beforeEnded(undefined)]).toEqual([]);
  expect(seam.after({ type: 'partial', text: '' })).toEqual([]);
  expect(seam.afterEnded()).toEqual([held]);
});

test('does not wait longer than 10 s for a speaker who fell silent', () => {
  jest.useFakeTimers({ now: 0 });
  const seam = new Seam(7, 10);
  const held = final('the last words');
  seam.before(held);
  expect(seam.after({ type: 'partial', text: ' last words' })).toEqual([]);
  jest.advanceTimersByTime(10_000);
  expect(seam.after({ type: 'partial', text: ' last words' })).toEqual([held]);
  expect(seam.after({ type: 'partial', text: ' last words again' })).toEqual([{ type: 'partial', text: 'again' }]);
  jest.useRealTimers();
});

test('parts words with times in the widest gap that both streams heard', () => {
  const seam = new Seam(7, 10);
  const word = (text: string, start: number, end: number) => ({ text, start, end });
  const [before] = [
    ...seam.before(
      final('as I said be good to', [
        word('as', 6.6, 7.2),
        word('I', 7.4, 7.5),
        word('said', 7.6, 8),
        word('be', 8.6, 8.9),
        word('good', 9.0, 9.5),
        word('to', 9.9, 10),
      ]),
    ),
    ...seam.beforeEnded(undefined),
  ];
  expect(before).toMatchObject({ text: 'as I said', end: 8 });
  expect(seam.after({ type: 'speechStarted', at: 7 })).toEqual([]);
  const [after] = seam.after(
    final('s I said be good tomorrow', [
      word('s', 7, 7.2),
      word('I', 7.38, 7.52),
      word('said', 7.58, 8.02),
      word('be', 8.58, 8.9),
      word('good', 9.02, 9.5),
      word('tomorrow', 9.9, 10.6),
    ]),
  );
  expect(after).toMatchObject({ text: 'be good tomorrow', start: 8.58, end: 10.6 });
});

test('drops words with times that were final before the change was known', () => {
  const seam = new Seam(7, 10);
  expect(seam.beforeEnded(8)).toEqual([]);
  const words = [
    { text: 'old', start: 7.2, end: 7.9 },
    { text: 'new', start: 8.1, end: 8.5 },
  ];
  expect(seam.after(final('old new', words))).toMatchObject([{ text: 'new' }]);
});
