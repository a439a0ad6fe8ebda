import { setTimeout as delay } from 'node:timers/promises';
import { SessionError } from '../errors/session-error';
import { type BidiClient, BidiStream, type StreamTarget } from './bidi-stream';
import { type RetryOptions, retryDelayMs } from './retry';

/** How a stream is opened, repeatedly if need be. */
export interface OpenOptions {
  /** Bound of the open, retries included, in milliseconds. */
  readonly openTimeoutMs: number;
  /** How an attempt that failed is repeated; `false` never. */
  readonly retry: RetryOptions | false;
  /** Gives up the open. */
  readonly signal: AbortSignal;
  /** Is told before each attempt. */
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
  const maxAttempts = retry === false ? 1 : (retry.maxAttempts ?? 5);
  const deadline = performance.now() + openTimeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    onAttempt();
    try {
      const timeoutMs = Math.max(1, deadline - performance.now());
      return await BidiStream.open(client, target, { timeoutMs, boundMs: openTimeoutMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      const isRetryable = error instanceof SessionError && error.retryable && attempt < maxAttempts;
      if (!isRetryable || retry === false) throw error;
      const delayMs = retryDelayMs(attempt, retry);
      if (performance.now() + delayMs >= deadline) throw error;
      await delay(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
