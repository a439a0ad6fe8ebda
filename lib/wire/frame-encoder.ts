import { type Frame, Opcode } from './frame';
import { applyMask, MASK_BYTES, writeMask } from './mask';

/** Which end of a WebSocket one is: a client masks its frames, a server does not (RFC 6455, section 5.1). */
export type WebSocketRole = 'client' | 'server';

/** The bytes of one frame as that end sends it (RFC 6455, section 5.2): one allocation, one copy of the payload. */
export function encodeFrame({ opcode, fin, payload }: Frame, role: WebSocketRole = 'client'): Buffer {
  const { length } = payload;
  const isMasked = role === 'client';
  const extendedLengthBytes = length < 126 ? 0 : length <= 0xffff ? 2 : 8;
  const headerLength = 2 + extendedLengthBytes + (isMasked ? MASK_BYTES : 0);
  const padding = -headerLength & 3; // in front of the frame, so that the payload is masked four bytes at a time
  const frame = Buffer.allocUnsafe(padding + headerLength + length).subarray(padding);
  frame[0] = (fin ? 0x80 : 0) | opcode;
  frame[1] = (isMasked ? 0x80 : 0) | (extendedLengthBytes === 0 ? length : extendedLengthBytes === 2 ? 126 : 127);
  if (extendedLengthBytes === 2) frame.writeUInt16BE(length, 2);
  else if (extendedLengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, headerLength);
  if (isMasked) {
    const maskOffset = headerLength - MASK_BYTES;
    writeMask(frame, maskOffset);
    applyMask(frame.subarray(headerLength), frame.subarray(maskOffset, headerLength));
  }
  return frame;
}

/** Longest reason of a close frame, in bytes: what a control frame holds beside the code (RFC 6455, section 5.5). */
const REASON_LIMIT_BYTES = 123;

/** The bytes of a close frame with a code and a reason; a reason over 123 bytes of UTF-8 is cut at a character. */
export function encodeCloseFrame(code: number, role: WebSocketRole = 'client', reason = ''): Buffer {
  const text = Buffer.alloc(REASON_LIMIT_BYTES);
  const { written } = new TextEncoder().encodeInto(reason, text);
  const payload = Buffer.concat([Buffer.alloc(2), text.subarray(0, written)]);
  payload.writeUInt16BE(code);
  return encodeFrame({ opcode: Opcode.CLOSE, fin: true, payload }, role);
}
