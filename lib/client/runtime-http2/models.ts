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

export interface InvokeEndpointWithBidirectionalStreamInput {
  EndpointName: string | undefined;
  Body: AsyncIterable<RequestStreamEvent> | undefined;
  TargetVariant?: string | undefined;
  ModelInvocationPath?: string | undefined;
  ModelQueryString?: string | undefined;
}

export interface InvokeEndpointWithBidirectionalStreamOutput {
  Body: AsyncIterable<ResponseStreamEvent> | undefined;
  InvokedProductionVariant?: string | undefined;
}

export interface InvokeEndpointWithBidirectionalStreamCommandInput extends InvokeEndpointWithBidirectionalStreamInput {}

export interface InvokeEndpointWithBidirectionalStreamCommandOutput
  extends InvokeEndpointWithBidirectionalStreamOutput,
    MetadataBearer {}

export type ServiceInputTypes = InvokeEndpointWithBidirectionalStreamCommandInput;
export type ServiceOutputTypes = InvokeEndpointWithBidirectionalStreamCommandOutput;

export interface SageMakerRuntimeHTTP2RequestOptions extends HttpHandlerOptions {}
