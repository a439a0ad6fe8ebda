import { setTimeout as delay } from 'node:timers/promises';
import { SessionError, ThrottledError } from '../errors/session-error';
import { type BidiClient, BidiStream, type StreamTarget } from './bidi-stream';
import { type RetryOptions, retryDelayMs } from './retry';

/** Attempts in all, unless `maxAttempts` says otherwise. */
const MAX_ATTEMPTS = 5;

/** How a stream is opened, repeatedly if need be. */
export interface OpenOptions {
  /** Bound of the open, retries included, in milliseconds. */
  readonly openTimeoutMs: number;
  /** How an attempt that failed is repeated; `false` never. */
  readonly retry: RetryOptions | false;
  /** Gives up the open. */
  readonly signal: AbortSignal;
  /** Called before each attempt. */
  onAttempt(): void;
}

/**
 * Opens a stream, with retries, within the bound.
 *
 * @throws SessionError of the kind that the last attempt met
 * @throws the signal's reason when it is aborted
 */
export async function openStream(client: BidiClient, target: StreamTarget, options: OpenOptions): Promise<BidiStream> {
  const { openTimeoutMs, retry, signal, onAttempt } = options;
  const deadline = performance.now() + openTimeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    onAttempt();
    try {
      const timeoutMs = Math.max(1, deadline - performance.now());
      return await BidiStream.open(client, target, { timeoutMs, boundMs: openTimeoutMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (retry === false || !(error instanceof SessionError) || !error.retryable) throw error;
      if (attempt >= (retry.maxAttempts ?? (isAskedToWait(error) ? Number.POSITIVE_INFINITY : MAX_ATTEMPTS)))
        throw error;
      // The wait that the platform asks for, with jitter, so that streams that were refused together do not come back together.
      const delayMs = (error.retryAfterMs ?? 0) + retryDelayMs(attempt, retry);
      if (performance.now() + delayMs >= deadline) throw error;
      await delay(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Whether the platform has room later: such an open is repeated as long as its bound allows. */
function isAskedToWait(error: SessionError): boolean {
  return error instanceof ThrottledError || error.retryAfterMs !== undefined;
}
