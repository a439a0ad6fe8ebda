import { types } from 'node:util';
import { CompletionState, DataType } from '../../contract';
import type { Fragment } from '../stream/bidi-stream';

/** A message in either direction: a string is text, bytes are binary. */
export type Message = string | Uint8Array;

/**
 * The values that can be sent as a message: a string as text, anything that holds bytes as binary. Of a typed array with larger
 * elements, such as an `Int16Array` of samples, the bytes go as they lie in memory, in the machine's byte order.
 */
export type SendableMessage = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/**
 * The frame that carries a message or a part of one, on the caller's own bytes; `undefined` when it is neither text nor bytes.
 */
export function toFragment(data: SendableMessage, isFinal: boolean): Fragment | undefined {
  const isText = typeof data === 'string';
  const bytes = isText ? Buffer.from(data) : types.isUint8Array(data) ? data : bytesOf(data);
  if (!bytes) return undefined;
  return {
    data: bytes,
    dataType: isText ? DataType.UTF8 : DataType.BINARY,
    completionState: isFinal ? CompletionState.COMPLETE : CompletionState.PARTIAL,
  };
}

/** The type of a value, in a word that its sender knows: `Blob`, `number`, `null`. Never the value itself. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  return (value as object).constructor?.name || 'object';
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return types.isAnyArrayBuffer(data) ? new Uint8Array(data) : undefined;
}
