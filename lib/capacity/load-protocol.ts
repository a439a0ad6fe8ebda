import type { BidiSession } from '../client';

/** What a load needs of a session: a {@link BidiSession}, or what stands for one. */
export type LoadSession = Pick<BidiSession, 'send' | 'close' | 'abort'> & AsyncIterable<string | Uint8Array>;

/** Where sessions of a protocol are opened. */
export interface LoadTarget {
  /** `X-Amzn-SageMaker-Model-Invocation-Path`. */
  readonly modelInvocationPath?: string;
  /** `X-Amzn-SageMaker-Model-Query-String`. */
  readonly modelQueryString?: string;
}

/**
 * What one real-time session says, and how it knows how far behind the answers are. A user's script module exports one as `default` or
 * as `load`.
 */
export interface LoadProtocol {
  readonly target?: LoadTarget;
  /** Speaks until the context's signal is aborted, then returns; what it throws is counted as an error of the session. */
  run(session: LoadSession, context: LoadContext): Promise<void>;
}

/** What a {@link LoadProtocol} is given for one session. Times are milliseconds of `performance.now()`. */
export interface LoadContext {
  /** Aborted when the session is to end. */
  readonly signal: AbortSignal;
  /**
   * The moments at which something is due, at a fixed pace that nothing holds up: when the endpoint is slow, the moments stay what
   * they were and are yielded late. Lag counted from them does not leave out the time in which nobody could send.
   */
  ticks(intervalMs: number): AsyncGenerator<number, void>;
  /** Something was sent. */
  sent(bytes: number): void;
  /** An answer came to what was due at `dueAt`: the lag is the time since. */
  answered(dueAt: number, bytes: number): void;
  /** Registers what is waited for: when the oldest unanswered thing was due, or `undefined`. It shows an endpoint that falls silent. */
  watch(pendingSince: () => number | undefined): void;
}
