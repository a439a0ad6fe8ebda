/**
 * The data plane: stream to an endpoint, local or real.
 */
export {
  CompletionState,
  DataType,
  ERROR_CODES,
  type ErrorCode,
  type ErrorCodeDefinition,
  ExplainedError,
  type Explanation,
  type ExplanationTemplate,
  type SettingNames,
} from '../contract';
export * from './errors/session-error';
export * from './runtime-http2';
export * from './session/bidi-session';
export type { KeepAliveOptions } from './session/keep-alive';
export type { Message, SendableMessage } from './session/message';
export type { BidiSessionOptions } from './session/options';
export * from './session/query-string';
export type { InputPosition } from './session/replay-buffer';
export type * from './session/resume';
export * from './session/session-streams';
export type { SessionStatistics } from './session/statistics';
export type { BidiClient, Fragment, StreamTarget } from './stream/bidi-stream';
export type { RetryOptions } from './stream/retry';
