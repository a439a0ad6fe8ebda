import { ExplainedError } from '../contract';

/** No image could be read there: not found, not allowed, damaged, or of a format that is not known. */
export class ImageError extends ExplainedError {
  override readonly code = 'ERR_BIDI_IMAGE';
}
