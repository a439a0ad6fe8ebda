/**
 * The operation `InvokeEndpointWithBidirectionalStream` as the service model describes it.
 *
 * Source of every value, where none other is named: the API model `sagemaker-runtime-http2`, version 2025-10-01, as
 * published in the AWS SDKs.
 */

/** Version of the service model that this kit speaks. */
export const API_VERSION = '2025-10-01';

/** Name of the operation. */
export const OPERATION_NAME = 'InvokeEndpointWithBidirectionalStream';

/**
 * TCP port of the streaming runtime. Port 443 accepts a connection and then never answers (measured by operators), which
 * is why every open needs a deadline.
 */
export const RUNTIME_PORT = 8443;

/** Name under which requests are signed with AWS Signature Version 4. */
export const SIGNING_NAME = 'sagemaker';

/** Value of `x-amz-content-sha256` on the request: each event carries its own chained signature instead of a body hash. */
export const SIGNED_EVENTS_PAYLOAD = 'STREAMING-AWS4-HMAC-SHA256-EVENTS';

/** Content type of both directions of the stream. */
export const EVENT_STREAM_CONTENT_TYPE = 'application/vnd.amazon.eventstream';

/** Last path segment of the operation, and the default path of the container's WebSocket (developer guide). */
export const BIDIRECTIONAL_STREAM_PATH = 'invocations-bidirectional-stream';

/** Last path segment of the plain operation `InvokeEndpoint` (API model `sagemaker-runtime`, 2017-05-13). */
export const INVOKE_PATH = 'invocations';

/** Last path segment of `InvokeEndpointWithResponseStream` (API model `sagemaker-runtime`, 2017-05-13). */
export const RESPONSE_STREAM_PATH = 'invocations-response-stream';

/** HTTP headers of the operation, in the model's spelling. */
export const RuntimeHeader = {
  /** Request: the production variant that is to answer. */
  TARGET_VARIANT: 'X-Amzn-SageMaker-Target-Variant',
  /** Request: the path of the container's WebSocket instead of the default one. */
  MODEL_INVOCATION_PATH: 'X-Amzn-SageMaker-Model-Invocation-Path',
  /** Request: the query string of the container's WebSocket. */
  MODEL_QUERY_STRING: 'X-Amzn-SageMaker-Model-Query-String',
  /** Response: the production variant that answered. */
  INVOKED_PRODUCTION_VARIANT: 'X-Amzn-Invoked-Production-Variant',
} as const;

/** Headers of an event-stream message (Smithy, "Amazon Event Stream specification"). */
export const EventHeader = {
  MESSAGE_TYPE: ':message-type',
  EVENT_TYPE: ':event-type',
  EXCEPTION_TYPE: ':exception-type',
  CONTENT_TYPE: ':content-type',
  /** Of the outer, signing message: when it was signed. */
  DATE: ':date',
  /** Of the outer, signing message: its signature, chained from the one before. */
  CHUNK_SIGNATURE: ':chunk-signature',
  /** Of a `PayloadPart`: {@link DataType}. */
  DATA_TYPE: 'DataType',
  /** Of a `PayloadPart`: {@link CompletionState}. */
  COMPLETION_STATE: 'CompletionState',
  /** Of a `PayloadPart`: padding, without meaning. */
  PADDING: 'P',
} as const;

/** The one event that carries payload, in both directions. */
export const PAYLOAD_PART = 'PayloadPart';

/** How a `PayloadPart` maps to a WebSocket frame: `UTF8` to a text frame, `BINARY` (the default) to a binary frame. */
export const DataType = {
  /** UTF-8 text: a text frame. */
  UTF8: 'UTF8',
  /** Bytes: a binary frame. */
  BINARY: 'BINARY',
} as const;
export type DataType = (typeof DataType)[keyof typeof DataType];

/** Whether a `PayloadPart` ends its message: `PARTIAL` maps to FIN=0, `COMPLETE` (the default) to FIN=1. */
export const CompletionState = {
  /** More of the message follows. */
  PARTIAL: 'PARTIAL',
  /** The message ends here. */
  COMPLETE: 'COMPLETE',
} as const;
export type CompletionState = (typeof CompletionState)[keyof typeof CompletionState];

/** IAM action that a caller needs on the endpoint's ARN. */
export const STREAM_ACTION = 'sagemaker:InvokeEndpointWithBidirectionalStream';

/** IAM action of the plain, non-streaming invocation. */
export const INVOKE_ACTION = 'sagemaker:InvokeEndpoint';

/** Longest payload of one event, in bytes (botocore, `eventstream.py`: what the AWS SDKs accept). */
export const EVENT_PAYLOAD_LIMIT_BYTES = 24 * 1024 * 1024;

/** Longest headers of one event, in bytes (botocore, `eventstream.py`). */
export const EVENT_HEADERS_LIMIT_BYTES = 128 * 1024;

/** How far the date of a signature may be from the service's clock, in milliseconds (message of `InvalidSignatureException`). */
export const SIGNATURE_SKEW_LIMIT_MS = 5 * 60_000;

/** Longest body of a plain invocation, in bytes (SageMaker AI quotas, "Maximum payload size for endpoint invocation"). */
export const INVOCATION_BODY_LIMIT_BYTES = 25 * 1024 * 1024;

/** Time in which the container has to answer a plain invocation, in milliseconds (API reference, `InvokeEndpoint`). */
export const INVOCATION_TIMEOUT_MS = 60_000;

/** Time in which the container has to finish a response stream, in milliseconds (API reference, `InvokeEndpointWithResponseStream`). */
export const RESPONSE_STREAM_TIMEOUT_MS = 8 * 60_000;
