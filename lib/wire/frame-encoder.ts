import { type Frame, Opcode } from './frame';
import { applyMask, MASK_BYTES, writeMask } from './mask';

/** The bytes of one masked frame, as a client sends it (RFC 6455, section 5.2): one allocation, one copy of the payload. */
export function encodeFrame({ opcode, fin, payload }: Frame): Buffer {
  const { length } = payload;
  const extendedLengthBytes = length < 126 ? 0 : length <= 0xffff ? 2 : 8;
  const headerLength = 2 + extendedLengthBytes + MASK_BYTES;
  const padding = -headerLength & 3; // in front of the frame, so that the payload is masked four bytes at a time
  const frame = Buffer.allocUnsafe(padding + headerLength + length).subarray(padding);
  frame[0] = (fin ? 0x80 : 0) | opcode;
  frame[1] = 0x80 | (extendedLengthBytes === 0 ? length : extendedLengthBytes === 2 ? 126 : 127);
  if (extendedLengthBytes === 2) frame.writeUInt16BE(length, 2);
  else if (extendedLengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const maskOffset = headerLength - MASK_BYTES;
  writeMask(frame, maskOffset);
  frame.set(payload, headerLength);
  applyMask(frame.subarray(headerLength), frame.subarray(maskOffset, headerLength));
  return frame;
}

/** The bytes of a masked close frame with a code. */
export function encodeCloseFrame(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return encodeFrame({ opcode: Opcode.CLOSE, fin: true, payload });
}
