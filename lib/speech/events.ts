import type { TimedWord } from './deepgram';

/** An interim transcript: the words of the open utterance so far, which may still change. */
export interface PartialEvent {
  /** Kind of the event. */
  readonly type: 'partial';
  /** All of the open utterance, not the last piece of it alone. */
  readonly text: string;
}

/** An utterance that does not change any more. */
export interface FinalEvent {
  /** Kind of the event. */
  readonly type: 'final';
  /** Its words as text. */
  readonly text: string;
  /** Seconds from the start of the audio; where the model gives no times, of the audio that was sent for it. */
  readonly start: number;
  /** Seconds from the start of the audio. */
  readonly end: number;
  /** Its words with their times; none where the model gives none. */
  readonly words: readonly TimedWord[];
  /** Channel, counted from 0; `undefined` where the audio has one. */
  readonly channel?: number;
}

/** Speech begins, where the model detects it. */
export interface SpeechStartedEvent {
  /** Kind of the event. */
  readonly type: 'speechStarted';
  /** Seconds from the start of the audio. */
  readonly at: number;
}

/** The speaker has finished a turn, where the model detects it. */
export interface TurnEndedEvent {
  /** Kind of the event. */
  readonly type: 'turnEnded';
  /** Seconds from the start of the audio. */
  readonly at: number;
}

/** Usage that the model counted. */
export interface UsageEvent {
  /** Kind of the event. */
  readonly type: 'usage';
  /** Audio that one stream of the model heard, in seconds, where it tells it. */
  readonly audioSeconds?: number;
  /** Tokens of input and output, where it tells them. */
  readonly totalTokens?: number;
}

/** Something that a program may want to know, and that ends nothing: a context that is nearly full, a change within speech. */
export interface WarningEvent {
  /** Kind of the event. */
  readonly type: 'warning';
  /** What it is, in sentences. */
  readonly message: string;
}

/** The model has said that everything was sent. The last event. */
export interface DoneEvent {
  /** Kind of the event. */
  readonly type: 'done';
}

/** An event of a speech-to-text model, the same in every dialect. Tell the events apart by `type`. */
export type TranscriptionEvent =
  | PartialEvent
  | FinalEvent
  | SpeechStartedEvent
  | TurnEndedEvent
  | UsageEvent
  | WarningEvent
  | DoneEvent;

/** An event whose times count from a later start. */
export function shiftEvent(event: TranscriptionEvent, seconds: number): TranscriptionEvent {
  if (seconds === 0) return event;
  if (event.type === 'speechStarted' || event.type === 'turnEnded') return { ...event, at: event.at + seconds };
  if (event.type !== 'final') return event;
  const words = event.words.map(word => ({ ...word, start: word.start + seconds, end: word.end + seconds }));
  return { ...event, start: event.start + seconds, end: event.end + seconds, words };
}
