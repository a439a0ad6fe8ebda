import {
  EventHeader,
  HANDSHAKE_FAILURE_MESSAGE,
  type HttpErrorName,
  HttpErrorStatus,
  StreamErrorName,
  THROTTLING_ERROR,
} from '../../contract';

/** The members of an error's body, in the service model's spelling. */
export type ServiceErrorFields = Readonly<Record<string, string | number | undefined>>;

/**
 * An error as the service reports it: before the stream as an HTTP response, on the stream as an event that ends it.
 *
 * restJson1: the name travels in the header `x-amzn-errortype`, the members in a JSON body.
 */
export class ServiceError extends Error {
  constructor(
    /** Name of the error shape. */
    readonly errorType: string,
    /** HTTP status where it comes instead of a stream. */
    readonly statusCode: number,
    /** Members of the body. */
    readonly fields: ServiceErrorFields,
  ) {
    super(String(fields.Message ?? fields.message ?? errorType));
    this.name = errorType;
  }

  /** The JSON body. */
  body(): Buffer {
    return Buffer.from(JSON.stringify(this.fields));
  }

  /**
   * Whether the response stream's model knows it. What it knows travels as an exception, everything else as an error (Smithy,
   * "Amazon Event Stream specification", message types).
   */
  get isModeledOnStream(): boolean {
    return (
      this.errorType === StreamErrorName.MODEL_STREAM_ERROR ||
      this.errorType === StreamErrorName.INTERNAL_STREAM_FAILURE
    );
  }
}

function httpError(name: HttpErrorName, fields: ServiceErrorFields): ServiceError {
  return new ServiceError(name, HttpErrorStatus[name], fields);
}

/** 400: something in the request breaks a pattern or names what does not exist. */
export function inputValidationError(message: string): ServiceError {
  return httpError('InputValidationError', { Message: message });
}

/** 424: the container refused, failed or delayed the WebSocket handshake. */
export function handshakeError(
  originalStatusCode: number,
  originalMessage: string,
  logStreamArn: string,
): ServiceError {
  return modelError(HANDSHAKE_FAILURE_MESSAGE, originalStatusCode, originalMessage, logStreamArn);
}

/** 424: the container answered with an error, or not at all. */
export function modelError(
  message: string,
  originalStatusCode: number,
  originalMessage: string,
  logStreamArn: string,
): ServiceError {
  return httpError('ModelError', {
    Message: message,
    OriginalStatusCode: originalStatusCode,
    OriginalMessage: originalMessage,
    LogStreamArn: logStreamArn,
  });
}

/** 500: a fault of the platform. */
export function internalServerError(message: string): ServiceError {
  return httpError('InternalServerError', { Message: message });
}

/** 503: not in service. */
export function serviceUnavailableError(message: string): ServiceError {
  return httpError('ServiceUnavailableError', { Message: message });
}

/** 408: the body of the request did not come in time. */
export function requestTimeout(): ServiceError {
  return new ServiceError('RequestTimeoutException', 408, { message: 'The body of the request did not come in time.' });
}

/** 400: the caller is asked to slow down. */
export function throttlingError(): ServiceError {
  return new ServiceError(THROTTLING_ERROR, 400, { message: 'Rate exceeded' });
}

/** On the stream: the container closed its WebSocket or reported an error on it. */
export function modelStreamError(message: string, errorCode: string): ServiceError {
  return new ServiceError(StreamErrorName.MODEL_STREAM_ERROR, HttpErrorStatus.ModelError, {
    Message: message,
    ErrorCode: errorCode,
  });
}

/** On the stream: a fault of the platform. */
export function internalStreamFailure(message: string): ServiceError {
  return new ServiceError(StreamErrorName.INTERNAL_STREAM_FAILURE, HttpErrorStatus.InternalServerError, {
    Message: message,
  });
}

/** The headers of the event that carries an error on the stream. */
export function errorEventHeaders(error: ServiceError): Record<string, { type: 'string'; value: string }> {
  if (error.isModeledOnStream) {
    return {
      [EventHeader.EXCEPTION_TYPE]: { type: 'string', value: error.errorType },
      [EventHeader.CONTENT_TYPE]: { type: 'string', value: 'application/json' },
      [EventHeader.MESSAGE_TYPE]: { type: 'string', value: 'exception' },
    };
  }
  return {
    ':error-code': { type: 'string', value: error.errorType },
    ':error-message': { type: 'string', value: error.message },
    [EventHeader.MESSAGE_TYPE]: { type: 'string', value: 'error' },
  };
}
