import { EVENT_PAYLOAD_LIMIT_BYTES } from '../../contract';
import { type Frame, Opcode } from '../../wire/frame';
import { FrameSequenceError } from './frame-mapping';

/** Joins the fragments of a message to one frame: the behaviour `fragments=reassembled`. */
export class FrameJoiner {
  private opcode: number | undefined;
  private readonly payloads: Uint8Array[] = [];
  private length = 0;

  /**
   * @returns the whole message, or undefined while parts of it are missing.
   * @throws FrameSequenceError when the message is longer than an event may be.
   */
  join(frame: Frame): Frame | undefined {
    if (frame.fin && this.opcode === undefined) return frame;
    this.opcode ??= frame.opcode;
    this.length += frame.payload.length;
    if (this.length > EVENT_PAYLOAD_LIMIT_BYTES) {
      throw new FrameSequenceError(`A message has more than ${EVENT_PAYLOAD_LIMIT_BYTES} bytes.`);
    }
    // A copy, because the bytes of an event are only valid while it is handled; an empty part has nothing to keep.
    if (frame.payload.length > 0) this.payloads.push(Buffer.from(frame.payload));
    if (!frame.fin) return undefined;
    const opcode = frame.opcode > Opcode.BINARY ? frame.opcode : this.opcode;
    const payload = Buffer.concat(this.payloads.splice(0), this.length);
    this.opcode = undefined;
    this.length = 0;
    return { opcode, fin: true, payload };
  }
}
