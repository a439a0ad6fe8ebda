import type { ListenMessage, Results, TurnInfo, Word } from './listen-messages';

/** A word and when it was said, in seconds from the start of the stream. */
export interface TimedWord {
  /** As it is to be read, with punctuation where the model gives it. */
  readonly text: string;
  /** Seconds from the start of the stream. */
  readonly start: number;
  /** Seconds from the start of the stream. */
  readonly end: number;
}

/** Words without a pause between them: an utterance of Nova-3, or a turn of Flux. It does not change any more. */
export interface Utterance {
  /** As it is to be read: the words with spaces between. */
  readonly text: string;
  /** Its words with their times. Where the model gives none, they are spread over the turn by the words' length. */
  readonly words: readonly TimedWord[];
  /** Channel, counted from 0; `undefined` where the audio has one. */
  readonly channel: number | undefined;
}

interface Open {
  final: Utterance | undefined;
  interim: Utterance | undefined;
}

/**
 * Puts utterances together from the messages of a stream: Nova-3 finalizes one in pieces until the speaker pauses, Flux repeats a
 * turn until it ends.
 */
export class Transcript {
  private readonly channels = new Map<number | undefined, Open>();

  /** Takes the next message; returns the utterances that it completed. */
  add(message: ListenMessage): Utterance[] {
    if (message.type === 'Results') return this.addResults(message);
    if (message.type === 'TurnInfo') return this.addTurn(message);
    return [];
  }

  /** The words so far, which may still change. */
  get interim(): string {
    return [...this.channels.values()]
      .flatMap(({ final, interim }) => [final?.text, interim?.text])
      .filter(Boolean)
      .join(' ');
  }

  /** The utterances that were open when the stream ended. */
  end(): Utterance[] {
    const left = [...this.channels.values()].flatMap(({ final, interim }) => joined(final, interim) ?? []);
    this.channels.clear();
    return left;
  }

  private addResults(message: Results): Utterance[] {
    const [best] = message.channel.alternatives;
    const channel = (message.channel_index?.[1] ?? 1) > 1 ? message.channel_index?.[0] : undefined;
    const open = this.open(channel);
    const heard: Utterance | undefined = best?.transcript
      ? { text: best.transcript, words: best.words.map(timed), channel }
      : undefined;
    if (!message.is_final) {
      open.interim = heard;
      return [];
    }
    open.interim = undefined;
    open.final = joined(open.final, heard);
    return message.speech_final || message.from_finalize ? this.complete(open) : [];
  }

  private addTurn(message: TurnInfo): Utterance[] {
    const open = this.open(undefined);
    open.interim = message.transcript
      ? { text: message.transcript, words: spread(message), channel: undefined }
      : undefined;
    if (message.event !== 'EndOfTurn') return [];
    open.final = open.interim;
    open.interim = undefined;
    return this.complete(open);
  }

  private complete(open: Open): Utterance[] {
    const { final } = open;
    open.final = undefined;
    return final ? [final] : [];
  }

  private open(channel: number | undefined): Open {
    const open = this.channels.get(channel) ?? { final: undefined, interim: undefined };
    this.channels.set(channel, open);
    return open;
  }
}

function joined(before: Utterance | undefined, after: Utterance | undefined): Utterance | undefined {
  if (!before || !after) return before ?? after;
  return { ...after, text: `${before.text} ${after.text}`, words: [...before.words, ...after.words] };
}

function timed(word: Word): TimedWord {
  return { text: word.punctuated_word ?? word.word, start: word.start, end: word.end };
}

/** The words of a turn; where they carry no times, spread over the turn's audio by their length. */
function spread(turn: TurnInfo): TimedWord[] {
  const characters = turn.words.reduce((sum, { word }) => sum + word.length, 0);
  const secondsPerCharacter = (turn.audio_window_end - turn.audio_window_start) / Math.max(1, characters);
  let at = turn.audio_window_start;
  return turn.words.map(({ word, start = at, end = start + word.length * secondsPerCharacter }) => {
    at = end;
    return { text: word, start, end };
  });
}
