import type { FinalEvent, TranscriptionEvent } from './events';

/** Largest number of words in a second. It limits how many words two streams can both have received. */
const WORDS_PER_SECOND = 5;

/** Scores of the alignment: of a word in both texts, and of a word in one text only, such as a cut or misheard word. */
const SAME_WORD = 2;
const OTHER_WORD = -1;

/** Smallest score of an agreement: two words, or three words and two errors. */
const SURE_SCORE = 2 * SAME_WORD;

/** Number of further words of the later text after which an agreement is final. */
const FOLLOWING_WORDS = 3;

/** Longest time for which the earlier text waits for words of the later text, in milliseconds: the speaker may be silent. */
const HELD_MS = 10_000;

/** Score of one word at the end of the earlier and the beginning of the later text, when no more words come. */
const LEAST_SCORE = SAME_WORD;

/** Characters of a text that are compared. The words around the seam need much fewer. */
const NEAR_CHARACTERS = 1_000;

/** Punctuation that belongs to the words before it. */
const LEADING_PUNCTUATION = /^[\s.,;:!?…、。，！？]+/u;

const SEGMENTER = new Intl.Segmenter(undefined, { granularity: 'word' });

/** A word of a text. */
interface Word {
  /** In lower case. */
  readonly text: string;
  /** Characters before it. */
  readonly start: number;
  /** Characters up to its end. */
  readonly end: number;
}

/** Where two texts meet, and how well the words agree there. */
interface Meeting {
  readonly score: number;
  /** Characters of the earlier text that stay, up to the last word that both have. */
  readonly kept: number;
  /** Words of the later text that were in the earlier one, and their characters. */
  readonly repeatedWords: number;
  readonly repeated: number;
}

/**
 * Joins the texts of two streams when one stream replaced the other within speech. Both received the same few seconds of audio. The last word of
 * the earlier text and the first word of the later text may be cut. Words with times are divided at the widest gap between them, other words
 * where both texts have the same words.
 */
export class Seam {
  /** Last final of the earlier stream, which waits for the words of the later one. */
  private held: FinalEvent | undefined;
  private laterSince: number | undefined;
  /** Time in the audio that divides words with times. */
  private cut: number | undefined;
  /** Beginning of the later text that is in the earlier text too. */
  private repeated: string | undefined;
  private readonly nearWords: number;

  /**
   * @param from second of the audio from which both streams received it
   * @param until second at which the earlier one ended
   */
  constructor(
    private readonly from: number,
    private readonly until: number,
  ) {
    this.nearWords = Math.ceil((until - from) * WORDS_PER_SECOND) + 2;
  }

  /** Takes an event of the earlier stream; returns those to pass on. */
  before(event: TranscriptionEvent): TranscriptionEvent[] {
    if (event.type !== 'final') return [event];
    const passed = this.held ? [this.held] : [];
    this.held = event;
    return passed;
  }

  /**
   * The earlier stream has ended.
   *
   * @param timedUntil end of its last word, in seconds of the audio, where its words have times
   */
  beforeEnded(timedUntil: number | undefined): TranscriptionEvent[] {
    const { held } = this;
    if (!held && timedUntil !== undefined) this.cut = Math.max(this.from, timedUntil);
    if (!held || held.words.length === 0) return [];
    this.held = undefined;
    this.cut = this.widestGap(held);
    const { cut } = this;
    return partOf(held, middle => middle < cut);
  }

  /** Takes an event of the later stream; returns those to pass on. */
  after(event: TranscriptionEvent): TranscriptionEvent[] {
    const { cut } = this;
    if (cut !== undefined && event.type === 'final') return partOf(event, middle => middle >= cut);
    if (cut !== undefined && (event.type === 'speechStarted' || event.type === 'turnEnded')) {
      return event.at < cut ? [] : [event];
    }
    if (event.type !== 'partial' && event.type !== 'final') return [event];
    return [...this.meet(event), ...this.rest(event)];
  }

  /** No more events follow: the held event is passed on. */
  afterEnded(): TranscriptionEvent[] {
    return this.release(undefined);
  }

  /** Passes the held final on as soon as it is known where the two texts meet. */
  private meet({ type, text }: Extract<TranscriptionEvent, { text: string }>): TranscriptionEvent[] {
    if (!this.held) return [];
    const later = wordsOf(text.slice(0, NEAR_CHARACTERS));
    const meeting = meetingOf(this.held.text, later, this.nearWords);
    const now = performance.now();
    this.laterSince ??= now;
    const isAll = type === 'final' || later.length > this.nearWords || now - this.laterSince >= HELD_MS;
    const isSure = meeting.score >= SURE_SCORE && later.length - meeting.repeatedWords >= FOLLOWING_WORDS;
    if (isSure || (isAll && meeting.score >= LEAST_SCORE)) {
      this.repeated = text.slice(0, meeting.repeated);
      return this.release(meeting.kept);
    }
    if (!isAll) return [];
    const isDoubtful = later.length > 0 && wordsOf(this.held.text.slice(-NEAR_CHARACTERS)).length > 0;
    return [...this.release(undefined), ...(isDoubtful ? [this.unjoined()] : [])];
  }

  private unjoined(): TranscriptionEvent {
    const [from, until] = [this.from, this.until].map(seconds => seconds.toFixed(1));
    const message = `The two streams that heard the audio from ${from} to ${until} s gave no words that agree: words of it may be there twice.`;
    return { type: 'warning', message };
  }

  /** The event without the words of the earlier text; undefined while these are not known. */
  private rest(event: Extract<TranscriptionEvent, { text: string }>): TranscriptionEvent[] {
    if (this.held) return [];
    const { repeated } = this;
    if (repeated === undefined || !event.text.startsWith(repeated)) return [event];
    const text = event.text.slice(repeated.length).replace(LEADING_PUNCTUATION, '');
    if (text === '') return [];
    return [event.type === 'final' ? { ...event, text, start: Math.max(event.start, this.until) } : { ...event, text }];
  }

  private release(kept: number | undefined): TranscriptionEvent[] {
    const { held } = this;
    this.held = undefined;
    if (!held) return [];
    return kept === undefined ? [held] : [{ ...held, text: held.text.slice(0, kept) }];
  }

  /** Middle of the widest gap between the words of both streams; without words, the middle of the common audio. */
  private widestGap({ words }: FinalEvent): number {
    let best = { gap: Number.NEGATIVE_INFINITY, middle: (this.from + this.until) / 2 };
    for (const [index, word] of words.slice(0, -1).entries()) {
      const next = words[index + 1]!;
      const gap = next.start - word.end;
      // At its two ends each stream may have received half of a word.
      if (word.start > this.from && next.end < this.until && gap >= best.gap) {
        best = { gap, middle: (word.end + next.start) / 2 };
      }
    }
    return best.middle;
  }
}

/** A final with those of its words whose middle the test takes; the event as it is where they are all, or it has none. */
function partOf(event: FinalEvent, takes: (middle: number) => boolean): FinalEvent[] {
  const words = event.words.filter(({ start, end }) => takes((start + end) / 2));
  if (words.length === event.words.length) return [event];
  if (words.length === 0) return [];
  const text = words.map(word => word.text).join(/\s/.test(event.text) ? ' ' : '');
  return [{ ...event, text, words, start: words[0]!.start, end: words.at(-1)!.end }];
}

/**
 * Lays the beginning of the later text over the end of the earlier one, so that most words agree: the alignment of two sequences that
 * overlap, in which only the words beside the overlap are free.
 */
function meetingOf(earlierText: string, later: readonly Word[], nearWords: number): Meeting {
  const offset = Math.max(0, earlierText.length - NEAR_CHARACTERS);
  const earlier = wordsOf(earlierText.slice(offset)).slice(-nearWords);
  const head = later.slice(0, nearWords);
  const none: Meeting = { score: 0, kept: 0, repeatedWords: 0, repeated: 0 };
  // One row for each word of the earlier text; its columns are the words of the later one.
  let row = [none, ...head.map((_, index) => ({ ...none, score: OTHER_WORD * (index + 1) }))];
  for (const word of earlier) {
    const above = row;
    row = [none];
    for (const [index, other] of head.entries()) {
      const diagonal = above[index]!;
      const together: Meeting =
        word.text === other.text
          ? {
              score: diagonal.score + SAME_WORD,
              kept: offset + word.end,
              repeatedWords: index + 1,
              repeated: other.end,
            }
          : scored(diagonal);
      row.push([scored(above[index + 1]!), scored(row[index]!)].reduce(better, together));
    }
  }
  return row.reduce(better, none);
}

function scored(meeting: Meeting): Meeting {
  return { ...meeting, score: meeting.score + OTHER_WORD };
}

function better(one: Meeting, other: Meeting): Meeting {
  return other.score > one.score ? other : one;
}

function wordsOf(text: string): Word[] {
  return Array.from(SEGMENTER.segment(text))
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment, index }) => ({ text: segment.toLowerCase(), start: index, end: index + segment.length }));
}
