import { Crc32 } from '@smithy/core/checksum';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { Message, MessageHeaders } from '@smithy/types';
import { CompletionState, DataType, EventHeader, PAYLOAD_PART } from '../../contract';
import { errorEventHeaders, type ServiceError } from '../service/service-error';
import { MalformedEventStreamError } from './event-stream-decoder';

const codec = new EventStreamCodec(
  bytes =>
    typeof bytes === 'string' ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
  text => Buffer.from(text),
);

/** Decodes one whole event; its body is a view of the bytes. */
export function decodeEvent(bytes: Uint8Array): Message {
  try {
    return codec.decode(bytes);
  } catch (error) {
    throw new MalformedEventStreamError((error as Error).message, { cause: error });
  }
}

/** The bytes of headers, as they are signed. */
export function formatHeaders(headers: MessageHeaders): Uint8Array {
  return codec.formatHeaders(headers);
}

/** The bytes of the event that carries an error on the stream. */
export function encodeError(error: ServiceError): Uint8Array {
  return codec.encode({
    headers: errorEventHeaders(error),
    body: error.isModeledOnStream ? error.body() : new Uint8Array(0),
  });
}

/** The bytes of a `PayloadPart` of a response stream without bidirectional headers (`InvokeEndpointWithResponseStream`). */
export function encodePlainPayloadPart(payload: Uint8Array): Buffer {
  return encodeWithHeaders(PLAIN_HEADERS, payload);
}

/** The bytes of a `PayloadPart`: one allocation, one copy of the payload. */
export function encodePayloadPart(dataType: DataType, completionState: CompletionState, payload: Uint8Array): Buffer {
  return encodeWithHeaders(PAYLOAD_PART_HEADERS[dataType][completionState], payload);
}

function encodeWithHeaders(headers: Uint8Array, payload: Uint8Array): Buffer {
  const totalLength = 12 + headers.length + payload.length + 4;
  const event = Buffer.allocUnsafe(totalLength);
  event.writeUInt32BE(totalLength, 0);
  event.writeUInt32BE(headers.length, 4);
  const checksum = new Crc32();
  checksum.update(event.subarray(0, 8));
  event.writeUInt32BE(checksum.digestSync(), 8);
  event.set(headers, 12);
  event.set(payload, 12 + headers.length);
  checksum.update(event.subarray(8, totalLength - 4)); // the checksum at the end goes on from the prelude's
  event.writeUInt32BE(checksum.digestSync(), totalLength - 4);
  return event;
}

function eventHeaders(more: Record<string, string> = {}): Uint8Array {
  const headers = {
    [EventHeader.EVENT_TYPE]: PAYLOAD_PART,
    [EventHeader.CONTENT_TYPE]: 'application/octet-stream',
    [EventHeader.MESSAGE_TYPE]: 'event',
    ...more,
  };
  return codec.formatHeaders(
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }])),
  );
}

const PLAIN_HEADERS = eventHeaders();

function payloadPartHeaders(dataType: DataType, completionState: CompletionState): Uint8Array {
  return eventHeaders({ [EventHeader.DATA_TYPE]: dataType, [EventHeader.COMPLETION_STATE]: completionState });
}

/** The four sets of headers that a payload part can have, made once: an open stream makes none. */
const PAYLOAD_PART_HEADERS = {
  [DataType.UTF8]: {
    [CompletionState.PARTIAL]: payloadPartHeaders(DataType.UTF8, CompletionState.PARTIAL),
    [CompletionState.COMPLETE]: payloadPartHeaders(DataType.UTF8, CompletionState.COMPLETE),
  },
  [DataType.BINARY]: {
    [CompletionState.PARTIAL]: payloadPartHeaders(DataType.BINARY, CompletionState.PARTIAL),
    [CompletionState.COMPLETE]: payloadPartHeaders(DataType.BINARY, CompletionState.COMPLETE),
  },
};
