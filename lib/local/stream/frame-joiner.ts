import { EVENT_PAYLOAD_LIMIT_BYTES } from '../../contract';
import { type Frame, Opcode } from '../../wire/frame';
import { GrowingBuffer } from '../../wire/growing-buffer';
import { FrameSequenceError } from './frame-mapping';

/** Joins the fragments of a message to one frame: the behaviour `fragments=reassembled`. */
export class FrameJoiner {
  private opcode: number | undefined;
  // Bytes alone are kept: fragments of a byte each, or empty ones, take no more memory than the message.
  private readonly payload = new GrowingBuffer();

  /**
   * @returns the whole message, or undefined while parts of it are missing.
   * @throws FrameSequenceError when the message is longer than an event may be.
   */
  join(frame: Frame): Frame | undefined {
    if (frame.fin && this.opcode === undefined) return frame;
    this.opcode ??= frame.opcode;
    if (this.payload.length + frame.payload.length > EVENT_PAYLOAD_LIMIT_BYTES) {
      throw new FrameSequenceError(`A message has more than ${EVENT_PAYLOAD_LIMIT_BYTES} bytes.`);
    }
    const { buffer, byteOffset, length } = frame.payload;
    if (length > 0) this.payload.append(Buffer.from(buffer, byteOffset, length), 0, length, EVENT_PAYLOAD_LIMIT_BYTES);
    if (!frame.fin) return undefined;
    const opcode = frame.opcode > Opcode.BINARY ? frame.opcode : this.opcode;
    this.opcode = undefined;
    return { opcode, fin: true, payload: this.payload.take() };
  }
}
