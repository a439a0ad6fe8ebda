/**
 * The data plane: stream to an endpoint, local or real.
 */
export { CompletionState, DataType } from '../contract';
export * from './audio';
export * from './bidi-session';
export type { BidiClient, Fragment, StreamTarget } from './bidi-stream';
export * from './deepgram';
export type { InputPosition } from './replay-buffer';
export type * from './resume';
export type { RetryOptions } from './retry';
export * from './runtime-http2';
export * from './session-error';
export * from './session-streams';
export type { SessionStatistics } from './statistics';
