import { ERROR_CODES, ExplainedError } from '../lib/contract';

/** The command could not run: wrong arguments, a missing file, no endpoint to stream to. */
export class UsageError extends ExplainedError {
  override readonly code = 'ERR_BIDI_USAGE';
}

/** Whether the error says that a command could not run with its input, as opposed to: it ran and failed. */
export function isUsageFault(error: unknown): boolean {
  return error instanceof ExplainedError && ERROR_CODES[error.code].kind === 'input';
}
