import { types } from 'node:util';
import { CompletionState, DataType } from '../../contract';
import type { Fragment } from '../stream/bidi-stream';
import type { SendableMessage } from './bidi-session';

/** The frame that carries what a caller wants to send, on the caller's own bytes; `undefined` when it is neither text nor bytes. */
export function outgoingFragment(data: SendableMessage, isFinal: boolean): Fragment | undefined {
  const isText = typeof data === 'string';
  const bytes = isText ? Buffer.from(data) : types.isUint8Array(data) ? data : bytesOf(data);
  if (!bytes) return undefined;
  return {
    data: bytes,
    dataType: isText ? DataType.UTF8 : DataType.BINARY,
    completionState: isFinal ? CompletionState.COMPLETE : CompletionState.PARTIAL,
  };
}

/** What a value is, in a word that its sender knows it by: `Blob`, `number`, `null`. Never the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  return (value as object).constructor?.name || 'object';
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return types.isAnyArrayBuffer(data) ? new Uint8Array(data) : undefined;
}
