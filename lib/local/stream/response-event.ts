import { CompletionState, DataType, EventHeader, PAYLOAD_PART } from '../../contract';
import { encodeEvent, encodeEventHeaders, encodeStringHeaders } from '../../wire/event-codec';
import { errorEventHeaders, type ServiceError } from '../service/service-error';

/** The bytes of the event that carries an error on the stream. */
export function encodeError(error: ServiceError): Buffer {
  const body = error.isModeledOnStream ? error.body() : new Uint8Array(0);
  return encodeEvent(encodeEventHeaders(errorEventHeaders(error)), body);
}

/** The bytes of a `PayloadPart` of a response stream without bidirectional headers (`InvokeEndpointWithResponseStream`). */
export function encodePlainPayloadPart(payload: Uint8Array): Buffer {
  return encodeEvent(PLAIN_HEADERS, payload);
}

/** The bytes of a `PayloadPart`. */
export function encodePayloadPart(dataType: DataType, completionState: CompletionState, payload: Uint8Array): Buffer {
  return encodeEvent(PAYLOAD_PART_HEADERS[dataType][completionState], payload);
}

function payloadPartHeaders(more: Record<string, string> = {}): Uint8Array {
  return encodeStringHeaders({
    [EventHeader.EVENT_TYPE]: PAYLOAD_PART,
    [EventHeader.CONTENT_TYPE]: 'application/octet-stream',
    [EventHeader.MESSAGE_TYPE]: 'event',
    ...more,
  });
}

const PLAIN_HEADERS = payloadPartHeaders();

function streamHeaders(dataType: DataType, completionState: CompletionState): Uint8Array {
  return payloadPartHeaders({ [EventHeader.DATA_TYPE]: dataType, [EventHeader.COMPLETION_STATE]: completionState });
}

/** The four sets of headers that a payload part can have, made once: an open stream makes none. */
const PAYLOAD_PART_HEADERS = {
  [DataType.UTF8]: {
    [CompletionState.PARTIAL]: streamHeaders(DataType.UTF8, CompletionState.PARTIAL),
    [CompletionState.COMPLETE]: streamHeaders(DataType.UTF8, CompletionState.COMPLETE),
  },
  [DataType.BINARY]: {
    [CompletionState.PARTIAL]: streamHeaders(DataType.BINARY, CompletionState.PARTIAL),
    [CompletionState.COMPLETE]: streamHeaders(DataType.BINARY, CompletionState.COMPLETE),
  },
};
