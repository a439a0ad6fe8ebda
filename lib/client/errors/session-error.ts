import {
  type ErrorCode,
  ExplainedError,
  type ExplanationTemplate,
  endpointConsoleUrl,
  endpointLogGroup,
  endpointLogsConsoleUrl,
  regionOfRuntimeHost,
} from '../../contract';

/** The destination of a stream, as far as it is known when an error is made. */
export interface StreamDestination {
  /** Name of the endpoint. */
  readonly endpointName: string;
  /** Host that the request went to, once it is known. */
  readonly host?: string;
  /** TCP port that the request went to, once it is known. */
  readonly port?: number;
}

/** The fields of the platform's error, in its spelling. */
export interface PlatformFields {
  /** The platform's message. */
  readonly Message?: string;
  /** The platform's code of the fault, such as `StreamBroken`. */
  readonly ErrorCode?: string;
  /** HTTP status with which the container answered, with HTTP 424. */
  readonly OriginalStatusCode?: number;
  /** The container's own message, with HTTP 424. */
  readonly OriginalMessage?: string;
  /** ARN of the CloudWatch log stream of the instance, with HTTP 424. */
  readonly LogStreamArn?: string;
}

/** Options of a {@link SessionError}. */
export interface SessionErrorDetails extends ExplanationTemplate {
  /** Where the stream went. */
  readonly destination: StreamDestination;
  /** The error underneath: the SDK's, the platform's, Node's. */
  readonly cause?: unknown;
}

/**
 * An error of a session: what happened, why it probably did, what to do next, and the platform's own fields.
 *
 * The SDK's or Node's error is the `cause`. Where the endpoint is real, `logGroup`, `consoleUrl` and `logsUrl` say where to
 * look. No message holds payload or credentials.
 */
export abstract class SessionError extends ExplainedError implements PlatformFields {
  /** Whether another attempt may succeed: throttling, a failed connection, HTTP 424 and faults of the platform. */
  readonly retryable: boolean = false;
  /** Endpoint that the stream went to. */
  readonly endpointName: string;
  readonly Message?: string;
  readonly ErrorCode?: string;
  readonly OriginalStatusCode?: number;
  readonly OriginalMessage?: string;
  readonly LogStreamArn?: string;
  /** HTTP status, where one came. */
  readonly httpStatusCode?: number;
  /** The wait before another attempt that `Retry-After` asks for, in milliseconds; absent without the header. */
  readonly retryAfterMs?: number;
  /** `x-amzn-requestid`, where one came. */
  readonly requestId?: string;
  /** CloudWatch log group of a real endpoint. */
  readonly logGroup?: string;
  /** Console page of a real endpoint. */
  readonly consoleUrl?: string;
  /** Console page of a real endpoint's logs. */
  readonly logsUrl?: string;

  constructor(details: SessionErrorDetails) {
    const { destination, cause } = details;
    const region = destination.host === undefined ? undefined : regionOfRuntimeHost(destination.host);
    const logs = region && endpointLogsConsoleUrl(destination.endpointName, region);
    super(
      logs ? { ...details, next: [details.next, `Logs: ${logs}`].flat() } : details,
      cause === undefined ? undefined : { cause },
    );
    this.endpointName = destination.endpointName;
    if (region) {
      this.logGroup = endpointLogGroup(destination.endpointName);
      this.consoleUrl = endpointConsoleUrl(destination.endpointName, region);
      this.logsUrl = logs;
    }
    const said = (cause ?? {}) as PlatformFields & {
      message?: string;
      $fault?: string;
      $metadata?: { httpStatusCode?: number; requestId?: string };
      $response?: { headers?: Readonly<Record<string, string>> };
    };
    // The SDK moves the member Message to the error's own message.
    this.Message = said.Message ?? (said.$fault ? said.message : undefined);
    this.ErrorCode = said.ErrorCode;
    this.OriginalStatusCode = said.OriginalStatusCode;
    this.OriginalMessage = said.OriginalMessage;
    this.LogStreamArn = said.LogStreamArn;
    this.httpStatusCode = said.$metadata?.httpStatusCode;
    this.requestId = said.$metadata?.requestId;
    this.retryAfterMs = retryAfterMs(said.$response?.headers?.['retry-after']);
  }

  override toJSON(): ReturnType<ExplainedError['toJSON']> & Readonly<Record<string, unknown>> {
    const { endpointName, Message, ErrorCode, OriginalStatusCode, OriginalMessage, LogStreamArn } = this;
    const { httpStatusCode, requestId, logGroup, consoleUrl, logsUrl, retryable } = this;
    return {
      ...super.toJSON(),
      endpointName,
      retryable,
      ...{ Message, ErrorCode, OriginalStatusCode, OriginalMessage, LogStreamArn },
      ...{ httpStatusCode, requestId, logGroup, consoleUrl, logsUrl },
    };
  }
}

/**
 * No connection: refused, unreachable, name not found, TLS not agreed, cut before the response. Retryable, except TLS and names.
 */
export class ConnectError extends SessionError {
  override readonly code = 'ERR_BIDI_CONNECT';
  override readonly retryable: boolean;
  constructor(details: SessionErrorDetails & { readonly retryable: boolean }) {
    super(details);
    this.retryable = details.retryable;
  }
}

/** No response headers within `openTimeoutMs`, retries included. */
export class OpenTimeoutError extends SessionError {
  override readonly code = 'ERR_BIDI_OPEN_TIMEOUT';
}

/**
 * The request is wrong, or the endpoint or variant does not exist: found before anything is sent, or HTTP 400 and other 4xx.
 * Never retried.
 */
export class InvalidRequestError extends SessionError {
  override readonly code: ErrorCode;
  constructor(details: SessionErrorDetails & { readonly code?: 'ERR_BIDI_INVALID_TARGET' }) {
    super(details);
    this.code = details.code ?? 'ERR_BIDI_INVALID_REQUEST';
  }
}

/** HTTP 401 or 403: the signature, the credentials or their policy. Never retried. */
export class AccessDeniedError extends SessionError {
  override readonly code = 'ERR_BIDI_ACCESS_DENIED';
}

/** No credentials or no region on this machine. Never retried. */
export class ClientConfigurationError extends SessionError {
  override readonly code: ErrorCode;
  constructor(details: SessionErrorDetails & { readonly code?: 'ERR_BIDI_REGION_MISSING' }) {
    super(details);
    this.code = details.code ?? 'ERR_BIDI_CREDENTIALS_MISSING';
  }
}

/** The platform asks to slow down: HTTP 429 or a throttling error. Retried. */
export class ThrottledError extends SessionError {
  override readonly code = 'ERR_BIDI_THROTTLED';
  override readonly retryable = true;
}

/** HTTP 424 `ModelError`: the container refused or failed the WebSocket. Retried. */
export class ModelRefusedError extends SessionError {
  override readonly code = 'ERR_BIDI_MODEL_REFUSED';
  override readonly retryable = true;
}

/** HTTP 503: the endpoint cannot take a stream at the moment. Retried. */
export class EndpointUnavailableError extends SessionError {
  override readonly code = 'ERR_BIDI_ENDPOINT_UNAVAILABLE';
  override readonly retryable = true;
}

/** HTTP 500 and other 5xx, or `InternalStreamFailure` on the stream: a fault of the platform. Retried at open. */
export class PlatformError extends SessionError {
  override readonly code = 'ERR_BIDI_PLATFORM';
  override readonly retryable = true;
}

/** `ModelStreamError` on the stream: the container reported an error or closed its WebSocket. */
export class ModelStreamClosedError extends SessionError {
  override readonly code = 'ERR_BIDI_MODEL_STREAM';
  /** WebSocket close code (RFC 6455, section 7.4), where the platform told one. */
  readonly closeCode?: number;
  constructor(details: SessionErrorDetails & { readonly closeCode?: number }) {
    super(details);
    this.closeCode = details.closeCode;
  }
}

/** The connection or the HTTP/2 stream broke, or an event was cut in the middle. */
export class StreamInterruptedError extends SessionError {
  override readonly code = 'ERR_BIDI_STREAM_INTERRUPTED';
}

/** The stream ended at the platform's limit of 30 minutes while the input was still open. */
export class SessionLimitError extends SessionError {
  override readonly code = 'ERR_BIDI_SESSION_LIMIT';
}

/** The model ended the stream; nothing can be sent any more. */
export class StreamEndedError extends SessionError {
  override readonly code = 'ERR_BIDI_STREAM_ENDED';
}

/** The session was closed or its input ended by this side; nothing can be sent any more. */
export class SessionClosedError extends SessionError {
  override readonly code = 'ERR_BIDI_SESSION_CLOSED';
}

/** `abort()` without a reason of the caller's. */
export class SessionAbortedError extends SessionError {
  override readonly code = 'ERR_BIDI_SESSION_ABORTED';
}

/** The responses did not end within `drainTimeoutMs` after the input did. */
export class DrainTimeoutError extends SessionError {
  override readonly code = 'ERR_BIDI_DRAIN_TIMEOUT';
}

/** No message within the time that `receive()` was given. */
export class ReceiveTimeoutError extends SessionError {
  override readonly code = 'ERR_BIDI_RECEIVE_TIMEOUT';
}

/**
 * A message over a limit or neither text nor bytes, a text message that is not UTF-8, or a fragment of another type than its
 * message.
 */
export class MessageError extends SessionError {
  override readonly code = 'ERR_BIDI_MESSAGE';
}

/** `Retry-After` in milliseconds: a number of seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
