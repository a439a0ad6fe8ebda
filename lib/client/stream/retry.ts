/** How an open is repeated when it fails on throttling, a failed connection, HTTP 424 or a fault of the platform. */
export interface RetryOptions {
  /**
   * Attempts in all, the first included.
   *
   * @default 5; where the platform throttles or sends `Retry-After`, as many as `openTimeoutMs` has room for
   */
  readonly maxAttempts?: number;
  /**
   * Upper end of the first wait, in milliseconds; it doubles with each attempt.
   *
   * @default 200
   */
  readonly baseDelayMs?: number;
  /**
   * Upper end of every wait, in milliseconds.
   *
   * @default 5000
   */
  readonly maxDelayMs?: number;
}

/**
 * The wait before an attempt, in milliseconds, with full jitter: anywhere between nothing and an upper end that doubles, so
 * that clients which failed together do not come back together.
 *
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
 *
 * @param failures attempts that have failed so far, from 1
 */
export function retryDelayMs(failures: number, options: RetryOptions = {}, random: () => number = Math.random): number {
  const { baseDelayMs = 200, maxDelayMs = 5_000 } = options;
  return random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (failures - 1));
}
