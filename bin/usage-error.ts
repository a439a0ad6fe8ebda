import { ExplainedError } from '../lib/contract';

/** The command could not run: wrong words, a missing file, nothing to stream to. */
export class UsageError extends ExplainedError {}
