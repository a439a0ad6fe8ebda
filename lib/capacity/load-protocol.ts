import type { BidiSession } from '../client';

/** The part of a {@link BidiSession} that a load uses. */
export type LoadSession = Pick<BidiSession, 'send' | 'close' | 'abort'> & AsyncIterable<string | Uint8Array>;

/** Where sessions of a protocol are opened. */
export interface LoadTarget {
  /** `X-Amzn-SageMaker-Model-Invocation-Path`. */
  readonly modelInvocationPath?: string;
  /** `X-Amzn-SageMaker-Model-Query-String`. */
  readonly modelQueryString?: string;
}

/**
 * The messages of one real-time session, and how the lag of the answers is measured. A user's script module exports one as `default` or
 * as `load`.
 */
export interface LoadProtocol {
  readonly target?: LoadTarget;
  /** Sends until the context's signal is aborted, then returns; an error that it throws is counted as one of the session. */
  run(session: LoadSession, context: LoadContext): Promise<void>;
}

/** The context of one session of a {@link LoadProtocol}. Times are milliseconds of `performance.now()`. */
export interface LoadContext {
  /** Aborted when the session is to end. */
  readonly signal: AbortSignal;
  /**
   * The times at which messages are due, at a fixed pace. When the endpoint is slow, the times stay the same and are yielded late, so lag
   * that is counted from them includes the time in which nothing could be sent.
   */
  ticks(intervalMs: number): AsyncGenerator<number, void>;
  /** Counts a message that was sent. */
  sent(bytes: number): void;
  /** An answer came to what was due at `dueAt`: the lag is the time since. */
  answered(dueAt: number, bytes: number): void;
  /** Registers a function that tells when the oldest unanswered message was due, or `undefined`: a silent endpoint shows by it. */
  watch(pendingSince: () => number | undefined): void;
}
