/**
 * The shapes of the operation, name for name as `@aws-sdk/client-sagemaker-runtime-http2` has them.
 *
 * Source: API model `sagemaker-runtime-http2`, 2025-10-01.
 */
import type { HttpHandlerOptions, MetadataBearer } from '@smithy/types';
import type { InternalStreamFailure, ModelStreamError } from './errors';

/** One event of the request stream: one WebSocket frame at the model. */
export interface RequestPayloadPart {
  Bytes?: Uint8Array | undefined;
  /** `UTF8` or `BINARY`. Absent means `BINARY`. */
  DataType?: string | undefined;
  /** `PARTIAL` or `COMPLETE`. Absent means `COMPLETE`. */
  CompletionState?: string | undefined;
  /** Padding, without meaning. */
  P?: string | undefined;
}

/** One event of the request stream. A union with one member, as the model has it. */
export type RequestStreamEvent = RequestStreamEvent.PayloadPartMember | RequestStreamEvent.$UnknownMember;

export namespace RequestStreamEvent {
  export interface PayloadPartMember {
    PayloadPart: RequestPayloadPart;
    $unknown?: never;
  }
  export interface $UnknownMember {
    PayloadPart?: never;
    // biome-ignore lint/suspicious/noExplicitAny: as the official client declares it.
    $unknown: [string, any];
  }
}

/** One event of the response stream: one WebSocket frame of the model. */
export interface ResponsePayloadPart {
  Bytes?: Uint8Array | undefined;
  /** `UTF8` or `BINARY`. Absent means `BINARY`. */
  DataType?: string | undefined;
  /** `PARTIAL` or `COMPLETE`. Absent means `COMPLETE`. */
  CompletionState?: string | undefined;
  /** Padding, without meaning. */
  P?: string | undefined;
}

/** One event of the response stream: a part of the answer, or the error that ends it. */
export type ResponseStreamEvent =
  | ResponseStreamEvent.InternalStreamFailureMember
  | ResponseStreamEvent.ModelStreamErrorMember
  | ResponseStreamEvent.PayloadPartMember
  | ResponseStreamEvent.$UnknownMember;

export namespace ResponseStreamEvent {
  export interface PayloadPartMember {
    PayloadPart: ResponsePayloadPart;
    ModelStreamError?: never;
    InternalStreamFailure?: never;
    $unknown?: never;
  }
  export interface ModelStreamErrorMember {
    PayloadPart?: never;
    ModelStreamError: ModelStreamError;
    InternalStreamFailure?: never;
    $unknown?: never;
  }
  export interface InternalStreamFailureMember {
    PayloadPart?: never;
    ModelStreamError?: never;
    InternalStreamFailure: InternalStreamFailure;
    $unknown?: never;
  }
  export interface $UnknownMember {
    PayloadPart?: never;
    ModelStreamError?: never;
    InternalStreamFailure?: never;
    // biome-ignore lint/suspicious/noExplicitAny: as the official client declares it.
    $unknown: [string, any];
  }
}

/** Input of `InvokeEndpointWithBidirectionalStream`. Names, path and query have the patterns of the API model, 2025-10-01. */
export interface InvokeEndpointWithBidirectionalStreamInput {
  EndpointName: string | undefined;
  Body: AsyncIterable<RequestStreamEvent> | undefined;
  TargetVariant?: string | undefined;
  ModelInvocationPath?: string | undefined;
  ModelQueryString?: string | undefined;
}

/** Output of `InvokeEndpointWithBidirectionalStream`: it is there as soon as the stream is open. */
export interface InvokeEndpointWithBidirectionalStreamOutput {
  Body: AsyncIterable<ResponseStreamEvent> | undefined;
  InvokedProductionVariant?: string | undefined;
}

/** What the command takes. */
export interface InvokeEndpointWithBidirectionalStreamCommandInput extends InvokeEndpointWithBidirectionalStreamInput {}

/** What the command gives: the output and, as `$metadata`, the request id. */
export interface InvokeEndpointWithBidirectionalStreamCommandOutput
  extends InvokeEndpointWithBidirectionalStreamOutput,
    MetadataBearer {}

/** Inputs of every command that the client can send. */
export type ServiceInputTypes = InvokeEndpointWithBidirectionalStreamCommandInput;
/** Outputs of every command that the client can send. */
export type ServiceOutputTypes = InvokeEndpointWithBidirectionalStreamCommandOutput;

/** What one `send` may be told beside its command: an abort signal and a time limit. */
export interface SageMakerRuntimeHTTP2RequestOptions extends HttpHandlerOptions {}
