import { ExplainedError } from '../../contract';

/** Audio of an unknown format, or audio that does not have the format that its header names. */
export class AudioFormatError extends ExplainedError {
  override readonly code = 'ERR_BIDI_AUDIO_FORMAT';
}
