/**
 * The shapes of the operation, name for name as `@aws-sdk/client-sagemaker-runtime-http2` has them.
 *
 * Source: API model `sagemaker-runtime-http2`, 2025-10-01.
 */
import type { HttpHandlerOptions, MetadataBearer } from '@smithy/types';
import type { InternalStreamFailure, ModelStreamError } from './errors';

/** One event of the request stream: one WebSocket frame at the model. */
export interface RequestPayloadPart {
  /** Payload, as bytes of UTF-8 text or as they are: at most 24 MiB. */
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
  /** Payload for the model. */
  export interface PayloadPartMember {
    /** The payload. */
    PayloadPart: RequestPayloadPart;
    /** Absent in this member of the union. */
    $unknown?: never;
  }
  /** An event that the API model does not know. */
  export interface $UnknownMember {
    /** Absent in this member of the union. */
    PayloadPart?: never;
    /** Name and value of an event that the API model does not know. */
    // biome-ignore lint/suspicious/noExplicitAny: as the official client declares it.
    $unknown: [string, any];
  }
}

/** One event of the response stream: one WebSocket frame of the model. */
export interface ResponsePayloadPart {
  /** Payload, as bytes of UTF-8 text or as they are. */
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
  /** Payload of the model. */
  export interface PayloadPartMember {
    /** The payload. */
    PayloadPart: ResponsePayloadPart;
    /** Absent in this member of the union. */
    ModelStreamError?: never;
    /** Absent in this member of the union. */
    InternalStreamFailure?: never;
    /** Absent in this member of the union. */
    $unknown?: never;
  }
  /** The model reported an error or closed its WebSocket: the stream ends. */
  export interface ModelStreamErrorMember {
    /** Absent in this member of the union. */
    PayloadPart?: never;
    /** The model's error. */
    ModelStreamError: ModelStreamError;
    /** Absent in this member of the union. */
    InternalStreamFailure?: never;
    /** Absent in this member of the union. */
    $unknown?: never;
  }
  /** A fault of the platform: the stream ends. */
  export interface InternalStreamFailureMember {
    /** Absent in this member of the union. */
    PayloadPart?: never;
    /** Absent in this member of the union. */
    ModelStreamError?: never;
    /** The platform's fault. */
    InternalStreamFailure: InternalStreamFailure;
    /** Absent in this member of the union. */
    $unknown?: never;
  }
  /** An event that the API model does not know. */
  export interface $UnknownMember {
    /** Absent in this member of the union. */
    PayloadPart?: never;
    /** Absent in this member of the union. */
    ModelStreamError?: never;
    /** Absent in this member of the union. */
    InternalStreamFailure?: never;
    /** Name and value of an event that the API model does not know. */
    // biome-ignore lint/suspicious/noExplicitAny: as the official client declares it.
    $unknown: [string, any];
  }
}

/** Input of `InvokeEndpointWithBidirectionalStream`. Names, path and query have the patterns of the API model, 2025-10-01. */
export interface InvokeEndpointWithBidirectionalStreamInput {
  /** Name of the endpoint: 1 to 63 letters, digits and inner hyphens. */
  EndpointName: string | undefined;
  /** Events for the model, in their order. The stream's input ends with it. */
  Body: AsyncIterable<RequestStreamEvent> | undefined;
  /** Production variant that is to answer. Absent means the endpoint's own choice, by weight. */
  TargetVariant?: string | undefined;
  /** Path of the container's WebSocket, without a leading slash: at most 100 characters. */
  ModelInvocationPath?: string | undefined;
  /** Query string of the container's WebSocket, percent-encoded, without a leading `?`: at most 2048 characters. */
  ModelQueryString?: string | undefined;
}

/** Output of `InvokeEndpointWithBidirectionalStream`: it is there as soon as the stream is open. */
export interface InvokeEndpointWithBidirectionalStreamOutput {
  /** Events of the model, in their order, to be iterated over once. */
  Body: AsyncIterable<ResponseStreamEvent> | undefined;
  /** Production variant that answers. */
  InvokedProductionVariant?: string | undefined;
}

/** Input of the command. */
export interface InvokeEndpointWithBidirectionalStreamCommandInput extends InvokeEndpointWithBidirectionalStreamInput {}

/** Output of the command, with the request id in `$metadata`. */
export interface InvokeEndpointWithBidirectionalStreamCommandOutput
  extends InvokeEndpointWithBidirectionalStreamOutput,
    MetadataBearer {}

/** Inputs of every command that the client can send. */
export type ServiceInputTypes = InvokeEndpointWithBidirectionalStreamCommandInput;
/** Outputs of every command that the client can send. */
export type ServiceOutputTypes = InvokeEndpointWithBidirectionalStreamCommandOutput;

/** Options of one `send`: an abort signal and a time limit. */
export interface SageMakerRuntimeHTTP2RequestOptions extends HttpHandlerOptions {}
