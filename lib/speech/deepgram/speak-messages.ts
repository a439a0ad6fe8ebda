import type { Connected, ErrorMessage, UnknownMessage, Warning } from './listen-messages';

/** A piece of speech, coded as asked for. The kit's own name for a binary message. */
export interface Audio {
  readonly type: 'Audio';
  readonly data: Uint8Array;
}

/** Aura-2: the stream is open. */
export interface SpeakMetadata {
  readonly type: 'Metadata';
  readonly request_id: string;
  readonly model_name?: string;
  readonly model_version?: string;
  readonly model_uuid?: string;
}

/** The text up to a `Flush` is spoken (Aura-2) or accepted (Flux). */
export interface Flushed {
  readonly type: 'Flushed';
  /** Aura-2. */
  readonly sequence_id?: number;
  /** Flux. */
  readonly speech_id?: string;
}

/** Aura-2: the text not spoken yet is forgotten. */
export interface Cleared {
  readonly type: 'Cleared';
  readonly sequence_id?: number;
}

/** Flux: a turn's first piece of speech follows. */
export interface TurnSpeechStarted {
  readonly type: 'SpeechStarted';
  readonly speech_id: string;
}

/** Flux: a turn's last piece of speech has been sent. */
export interface SpeechMetadata {
  readonly type: 'SpeechMetadata';
  readonly speech_id: string;
  readonly audio_duration_ms?: number;
  readonly input_character_count?: number;
  readonly billable_character_count?: number;
}

/** Flux: the summary that ends a stream. */
export interface SessionMetadata {
  readonly type: 'SessionMetadata';
  readonly total_audio_duration_ms?: number;
  readonly total_input_character_count?: number;
}

/** Every message of the text-to-speech products. Tell them apart by `type`. */
export type SpeakMessage =
  | Audio
  | SpeakMetadata
  | Flushed
  | Cleared
  | Connected
  | TurnSpeechStarted
  | SpeechMetadata
  | SessionMetadata
  | Warning
  | ErrorMessage
  | UnknownMessage;

/** The types that are named here and come as text. */
export const SPEAK_MESSAGE_TYPES: readonly SpeakMessage['type'][] = [
  'Metadata',
  'Flushed',
  'Cleared',
  'Connected',
  'SpeechStarted',
  'SpeechMetadata',
  'SessionMetadata',
  'Warning',
  'Error',
];
