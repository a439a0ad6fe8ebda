import type { QueryParameters } from '../../client/session/query-string';
import type { RawEncoding } from '../audio';

/**
 * Parameters of Nova-3, `v1/listen`. Names and meaning are Deepgram's: developers.deepgram.com, reference "listen-streaming".
 * Others than those named here may be given and are passed on as they are.
 */
export interface Nova3Parameters extends QueryParameters {
  /** `nova-3`, or one of its variants. */
  readonly model: `nova-3${string}`;
  /**
   * A language that the model package holds (`en`, `de` ...), or `multi` on a multilingual package.
   *
   * @default en
   */
  readonly language?: string;
  /**
   * Coding of bare samples. Goes together with `sample_rate`.
   *
   * @default - a container, whose header the model reads
   */
  readonly encoding?: RawEncoding | (string & {});
  /** Samples a second of bare samples, in Hz. */
  readonly sample_rate?: number;
  /** @default 1 */
  readonly channels?: number;
  /** Transcribe each channel for itself. @default false */
  readonly multichannel?: boolean;
  /** Results before they are final. @default false */
  readonly interim_results?: boolean;
  /** Milliseconds of silence that end an utterance, or `false`. @default 10 */
  readonly endpointing?: number | false;
  /** Milliseconds of a gap between words after which `UtteranceEnd` is sent; needs `interim_results`. @default - never sent */
  readonly utterance_end_ms?: number;
  /** Send `SpeechStarted`. @default false */
  readonly vad_events?: boolean;
  /** Punctuation and capitals. @default false */
  readonly punctuate?: boolean;
  /** Numbers, dates and the like in their written form; includes `punctuate`. @default false */
  readonly smart_format?: boolean;
  /** Tell speakers apart. @default false */
  readonly diarize?: boolean;
  /** Words and phrases to expect. @default - none */
  readonly keyterm?: string | readonly string[];
}

/**
 * Parameters of Flux, `v2/listen`. Names and meaning are Deepgram's: developers.deepgram.com, reference "listen-flux".
 * Others than those named here may be given and are passed on as they are; `language` is refused.
 */
export interface FluxParameters extends QueryParameters {
  /** English only, or several languages. */
  readonly model: 'flux-general-en' | 'flux-general-multi';
  /** Coding of the samples. */
  readonly encoding: 'linear16' | (string & {});
  /** Samples a second, in Hz. */
  readonly sample_rate: number;
  /** Confidence, 0.5 to 0.9, at which a turn ends. @default 0.7 */
  readonly eot_threshold?: number;
  /** Confidence, 0.3 to 0.9, at which `EagerEndOfTurn` is sent. @default - never sent */
  readonly eager_eot_threshold?: number;
  /** Milliseconds of silence after which a turn ends in any case. @default 5000 */
  readonly eot_timeout_ms?: number;
  /** Words and phrases to expect. @default - none */
  readonly keyterm?: string | readonly string[];
  /** Languages to expect, with `flux-general-multi`. @default - none */
  readonly language_hint?: string | readonly string[];
}

/** Parameters of either speech-to-text product. */
export type ListenParameters = Nova3Parameters | FluxParameters;
