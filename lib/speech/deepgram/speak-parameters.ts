import type { QueryParameters } from '../../client/session/query-string';
import type { RawEncoding } from '../audio';

/**
 * Parameters of Aura-2, `v1/speak`. Names and meaning are Deepgram's: developers.deepgram.com, reference "speak-streaming".
 * Others than those named here may be given and are passed on as they are.
 */
export interface Aura2Parameters extends QueryParameters {
  /** `aura-2-<voice>-<language>`, such as `aura-2-thalia-en`. */
  readonly model: `aura-2-${string}`;
  /** Coding of the samples. @default 'linear16' */
  readonly encoding?: RawEncoding;
  /** Samples a second, in Hz. @default 24000, or 8000 with µ-law and A-law */
  readonly sample_rate?: number;
}

/**
 * Parameters of Flux text-to-speech, `v2/speak`. Names and meaning are Deepgram's: developers.deepgram.com, reference
 * "speak-flux". It refuses a parameter that it does not know.
 */
export interface FluxTtsParameters extends QueryParameters {
  /** `flux-<voice>-<language>`, such as `flux-haley-en`. */
  readonly model: `flux-${string}`;
  /** Coding of the samples. @default 'linear16' */
  readonly encoding?: RawEncoding;
  /** Samples a second, in Hz. @default 24000, or 8000 with µ-law and A-law */
  readonly sample_rate?: number;
  /** Times the usual speed. @default 1 */
  readonly speed?: number;
}

/** Parameters of either text-to-speech product. */
export type SpeakParameters = Aura2Parameters | FluxTtsParameters;
