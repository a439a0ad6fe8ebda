import { FrameError, Opcode, type ReceivedFrame } from './frame';
import { GrowingBuffer } from './growing-buffer';
import { applyMask } from './mask';

/** Longest header: 2 bytes, 8 of an extended length, 4 of a mask (RFC 6455, section 5.2). */
const LONGEST_HEADER_BYTES = 14;

/** Longest payload of a control frame, in bytes (RFC 6455, section 5.5). */
const CONTROL_PAYLOAD_LIMIT_BYTES = 125;

/** Limits of a decoder. */
export interface FrameDecoderOptions {
  /** Longest payload of a data frame, in bytes. */
  readonly payloadLimitBytes: number;
  /** Whether frames have to come masked, as those of a client do, or must not, as those of a server (RFC 6455, section 5.1). */
  readonly masking: 'required' | 'forbidden' | 'either';
}

/**
 * Cuts the bytes that the other end of a WebSocket sends into frames (RFC 6455, section 5.2), whatever the pieces that the
 * network makes of them.
 *
 * A payload that lies whole in one piece is handed on as a view of it, without a copy. One that comes in pieces is collected in a
 * buffer that grows with the bytes that have come. Whether a frame may come where it comes (section 5.4) is for the reader of the
 * frames.
 */
export class FrameDecoder {
  private readonly header = Buffer.alloc(LONGEST_HEADER_BYTES);
  private headerLength = 0;
  /** Payload length of the frame under way, or undefined before its header is complete. */
  private payloadLength: number | undefined;
  private readonly payload = new GrowingBuffer();

  /** @param onFrame takes one whole frame; the payload is its own to keep. */
  constructor(
    private readonly options: FrameDecoderOptions,
    private readonly onFrame: (frame: ReceivedFrame) => void,
  ) {}

  /** @throws FrameError when the bytes are not a frame that is accepted. Nothing may be written after that. */
  write(piece: Buffer): void {
    let offset = 0;
    while (offset < piece.length) {
      if (this.payloadLength === undefined) {
        offset += this.readHeader(piece, offset);
        if (this.payloadLength === undefined) return;
      }
      const missing = this.payloadLength - this.payload.length;
      if (this.payload.length === 0 && piece.length - offset >= missing) {
        const payload = piece.subarray(offset, offset + missing);
        offset += missing;
        this.endFrame(payload);
      } else {
        offset += this.payload.append(piece, offset, missing, this.payloadLength);
        if (this.payload.length === this.payloadLength) this.endFrame(this.payload.take());
      }
    }
  }

  /** Reads bytes of the header and checks it as soon as it is known. Returns how many it took. */
  private readHeader(piece: Buffer, offset: number): number {
    let taken = 0;
    for (;;) {
      const length = this.headerLength < 2 ? 2 : headerLengthOf(this.header[1]!);
      while (this.headerLength < length && offset + taken < piece.length) {
        this.header[this.headerLength] = piece[offset + taken]!;
        this.headerLength += 1;
        taken += 1;
      }
      if (this.headerLength < length) return taken;
      if (length === headerLengthOf(this.header[1]!)) {
        this.payloadLength = this.checkedPayloadLength();
        return taken;
      }
    }
  }

  private checkedPayloadLength(): number {
    const first = this.header[0]!;
    const second = this.header[1]!;
    const opcode = first & 0x0f;
    const length = payloadLengthOf(this.header);
    if ((first & 0x70) !== 0)
      throw new FrameError(1002, 'A frame has a reserved bit set without a negotiated extension.');
    const { masking, payloadLimitBytes } = this.options;
    if (second & 0x80 && masking === 'forbidden') throw new FrameError(1002, 'A frame of the server is masked.');
    if (!(second & 0x80) && masking === 'required') throw new FrameError(1002, 'A frame of the client is not masked.');
    if (opcode >= Opcode.CLOSE) {
      if (opcode > Opcode.PONG) throw new FrameError(1002, `A control frame has the reserved opcode ${opcode}.`);
      if ((second & 0x7f) > CONTROL_PAYLOAD_LIMIT_BYTES) {
        throw new FrameError(1002, `A control frame has more than ${CONTROL_PAYLOAD_LIMIT_BYTES} bytes.`);
      }
      if (!(first & 0x80)) throw new FrameError(1002, 'A control frame is fragmented.');
      if (opcode === Opcode.CLOSE && length === 1) {
        throw new FrameError(1002, 'A close frame has one byte, half a close code.');
      }
    } else if (length > payloadLimitBytes) {
      throw new FrameError(1009, `A frame has ${length} bytes; at most ${payloadLimitBytes} are allowed.`);
    }
    return length;
  }

  private endFrame(payload: Buffer): void {
    const isMasked = (this.header[1]! & 0x80) !== 0;
    const frame = { opcode: this.header[0]! & 0x0f, fin: (this.header[0]! & 0x80) !== 0, isMasked, payload };
    if (isMasked) applyMask(payload, this.header.subarray(this.headerLength - 4, this.headerLength));
    this.headerLength = 0;
    this.payloadLength = undefined;
    this.onFrame(frame);
  }
}

/** Length of the header, in bytes, by its second byte. */
function headerLengthOf(second: number): number {
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
}

function payloadLengthOf(header: Buffer): number {
  const length = header[1]! & 0x7f;
  if (length === 126) return header.readUInt16BE(2);
  return length === 127 ? Number(header.readBigUInt64BE(2)) : length;
}
