import { ExplainedError } from '../../contract';

/** Audio that cannot be read as what it says it is, or does not say what it is. */
export class AudioFormatError extends ExplainedError {
  override readonly code = 'ERR_BIDI_AUDIO_FORMAT';
}
