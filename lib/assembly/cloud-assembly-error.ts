import { ExplainedError } from '../contract';

/** The cloud assembly cannot be read, or holds nothing to run. */
export class CloudAssemblyError extends ExplainedError {
  override readonly code = 'ERR_BIDI_CLOUD_ASSEMBLY';
}

/** The cloud assembly holds no stack of that name. */
export class UnknownStackError extends ExplainedError {
  override readonly code = 'ERR_BIDI_UNKNOWN_STACK';
}
