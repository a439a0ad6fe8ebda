/** One word of a transcript. Times are seconds from the start of the stream. */
export interface Word {
  /** As it was heard, without punctuation; with Flux, as it stands in the transcript. */
  readonly word: string;
  /** Seconds from the start of the stream. */
  readonly start: number;
  /** Seconds from the start of the stream. */
  readonly end: number;
  /** 0 to 1. */
  readonly confidence: number;
  /** With punctuation and capitals, where asked for. */
  readonly punctuated_word?: string;
  /** Number of the speaker, with `diarize`. */
  readonly speaker?: number;
  /** Language of the word, where several are listened for. */
  readonly language?: string;
}

/** Nova-3: the transcripts of a stretch of audio. Times are seconds from the start of the stream. */
export interface Results {
  /** Tells it apart in {@link ListenMessage}. */
  readonly type: 'Results';
  /** The channel that was heard, counted from 0, and the number of channels. */
  readonly channel_index?: readonly number[];
  /** Where the stretch begins, in seconds from the start of the stream. */
  readonly start: number;
  /** Length of the stretch, in seconds. */
  readonly duration: number;
  /** No later result will change this one. */
  readonly is_final?: boolean;
  /** The speaker paused. */
  readonly speech_final?: boolean;
  /** It answers a `Finalize`. */
  readonly from_finalize?: boolean;
  /** The transcripts of the channel. */
  readonly channel: {
    /** Readings of the stretch, best first. */
    readonly alternatives: readonly {
      /** The words as one text; empty where nothing was said. */
      readonly transcript: string;
      /** 0 to 1. */
      readonly confidence: number;
      /** The words of the transcript with their times. */
      readonly words: readonly Word[];
      /** Languages that were heard, where several are listened for. */
      readonly languages?: readonly string[];
    }[];
  };
  /** Request id and model, as Deepgram tells them. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Nova-3: the summary that ends a stream. */
export interface ListenMetadata {
  /** Tells it apart in {@link ListenMessage}. */
  readonly type: 'Metadata';
  /** Deepgram's id of the stream. */
  readonly request_id: string;
  /** Seconds of audio received. */
  readonly duration: number;
  /** Channels of the audio received. */
  readonly channels: number;
  /** When the stream began, ISO 8601. */
  readonly created?: string;
  /** SHA-256 of the audio received, in hexadecimal. */
  readonly sha256?: string;
}

/** Nova-3: a gap between words, with `utterance_end_ms`. */
export interface UtteranceEnd {
  /** Tells it apart in {@link ListenMessage}. */
  readonly type: 'UtteranceEnd';
  /** The channel that was heard, counted from 0, and the number of channels. */
  readonly channel: readonly number[];
  /** Seconds from the start of the stream. */
  readonly last_word_end: number;
}

/** Nova-3: speech begins, with `vad_events`. */
export interface SpeechStarted {
  /** Tells it apart in {@link ListenMessage}. */
  readonly type: 'SpeechStarted';
  /** The channel that was heard, counted from 0, and the number of channels. */
  readonly channel: readonly number[];
  /** Seconds from the start of the stream. */
  readonly timestamp: number;
}

/** Flux: the stream is open. */
export interface Connected {
  /** Tells it apart in {@link ListenMessage}. */
  readonly type: 'Connected';
  /** Deepgram's id of the stream. */
  readonly request_id: string;
  /** Number of the message within its stream. */
  readonly sequence_id?: number;
}

/** An event of a turn. */
export type TurnEvent = 'Update' | 'StartOfTurn' | 'EagerEndOfTurn' | 'TurnResumed' | 'EndOfTurn';

/** Flux: the state of the current turn. */
export interface TurnInfo {
  /** Tells it apart in {@link ListenMessage}. */
  readonly type: 'TurnInfo';
  /** Deepgram's id of the stream. */
  readonly request_id: string;
  /** Number of the message within its stream. */
  readonly sequence_id: number;
  /** The event of the turn. */
  readonly event: TurnEvent;
  /** Number of the turn within its stream, from 0. */
  readonly turn_index: number;
  /** Seconds from the start of the stream. */
  readonly audio_window_start: number;
  /** Seconds from the start of the stream. */
  readonly audio_window_end: number;
  /** Everything said in this turn so far. */
  readonly transcript: string;
  /** Its words; not every model gives their times. */
  readonly words: readonly (Pick<Word, 'word' | 'confidence'> & Partial<Pick<Word, 'start' | 'end'>>)[];
  /** How sure the model is that the turn has ended: 0 to 1. From `eot_threshold` on the turn ends. */
  readonly end_of_turn_confidence: number;
  /** Languages that were heard, with `flux-general-multi`. */
  readonly languages?: readonly string[];
}

/** A fault that does not end the stream. */
export interface Warning {
  readonly type: 'Warning';
  readonly code?: string;
  readonly description?: string;
}

/** A fault that ends the stream. */
export interface ErrorMessage {
  readonly type: 'Error';
  readonly code?: string;
  readonly description?: string;
  /** Nova-3's word for the description. */
  readonly message?: string;
}

/** A message of a type that this kit does not name, or a text that is no JSON object. The kit's own name. */
export interface UnknownMessage {
  /** Tells it apart in {@link ListenMessage}. */
  readonly type: 'Unknown';
  /** The message as it came. */
  readonly text: string;
}

/** Every message of the speech-to-text products. Tell them apart by `type`. */
export type ListenMessage =
  | Results
  | ListenMetadata
  | UtteranceEnd
  | SpeechStarted
  | Connected
  | TurnInfo
  | Warning
  | ErrorMessage
  | UnknownMessage;

/** The types that are named here. */
export const LISTEN_MESSAGE_TYPES: readonly ListenMessage['type'][] = [
  'Results',
  'Metadata',
  'UtteranceEnd',
  'SpeechStarted',
  'Connected',
  'TurnInfo',
  'Warning',
  'Error',
];

/**
 * Seconds of audio, from the start of the stream, that the message settles: audio that need not be sent again on another stream.
 * `undefined` where it settles nothing.
 *
 * Only final results settle: an interim result would be lost with the stream that gave it.
 */
export function settledSeconds(message: ListenMessage): number | undefined {
  if (message.type === 'Results') return message.is_final ? message.start + message.duration : undefined;
  if (message.type === 'TurnInfo') return message.event === 'EndOfTurn' ? message.audio_window_end : undefined;
  return undefined;
}
