/** Names of the errors that the platform reports, with their HTTP status where they have one. Source: API model, 2025-10-01. */

/** Errors that come instead of a stream: HTTP status by error name. */
export const HttpErrorStatus = {
  /** A name, path or query that breaks its pattern, or an endpoint or variant that does not exist. */
  InputValidationError: 400,
  /** The container refused or failed the WebSocket handshake. */
  ModelError: 424,
  /** A fault of the platform. */
  InternalServerError: 500,
  /** The endpoint is not in service, or the platform asks to slow down. */
  ServiceUnavailableError: 503,
} as const;
export type HttpErrorName = keyof typeof HttpErrorStatus;

/** Errors that come on the open stream, as exception events that end it. */
export const StreamErrorName = {
  /** The container closed the WebSocket or reported an error on it. */
  MODEL_STREAM_ERROR: 'ModelStreamError',
  /** A fault of the platform while streaming. */
  INTERNAL_STREAM_FAILURE: 'InternalStreamFailure',
} as const;
export type StreamErrorName = (typeof StreamErrorName)[keyof typeof StreamErrorName];

/** Message of the `ModelError` for a refused or late handshake (measured by operators). */
export const HANDSHAKE_FAILURE_MESSAGE = 'Failed to establish WebSocket connection';

/** Name of the error by which AWS services ask a caller to slow down. */
export const THROTTLING_ERROR = 'ThrottlingException';

/** `ErrorCode` of a {@link StreamErrorName.MODEL_STREAM_ERROR} (API reference, `ResponseStream`). */
export const StreamErrorCode = {
  /** The stream lasted longer than the platform allows. */
  MODEL_INVOCATION_TIME_EXCEEDED: 'ModelInvocationTimeExceeded',
  /** The connection to the container was reset or closed. */
  STREAM_BROKEN: 'StreamBroken',
} as const;
