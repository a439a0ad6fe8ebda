/** Frames of one session that are kept, so that a long session does not grow memory. */
const FRAME_LIMIT = 2_000;

/** Opcodes by their number (RFC 6455, section 5.2). */
const OPCODES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

/** A frame as it arrived. */
export interface ReceivedFrame {
  /** Milliseconds since the session began. */
  readonly at: number;
  readonly opcode: string;
  readonly fin: boolean;
  /** The three reserved bits as a number, 0 without extensions. */
  readonly rsv: number;
  readonly masked: boolean;
  /** Payload, in bytes. */
  readonly length: number;
}

/**
 * Reads the headers of the frames that a caller sends, beside the WebSocket library, which shows messages only. Payload is
 * skipped, never kept. The stream ends at the first header that cannot be read: the library closes the connection then.
 */
export class FrameLog {
  readonly frames: ReceivedFrame[] = [];
  /** Frames that came after the limit. */
  dropped = 0;
  private header = Buffer.alloc(0);
  private payloadLeft = 0;

  /** @param now milliseconds since the session began */
  constructor(private readonly now: () => number) {}

  /** Takes the next bytes of the connection. */
  receive(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const skipped = Math.min(this.payloadLeft, bytes.length - at);
      this.payloadLeft -= skipped;
      at += skipped;
      if (at === bytes.length) return;
      // A header is at most 14 bytes; the rest of one may be still on its way.
      const before = this.header.length;
      const head = Buffer.concat([this.header, bytes.subarray(at, at + 14 - before)]);
      const length = headerLength(head);
      if (length === undefined || head.length < length) {
        this.header = head;
        return;
      }
      at += length - before;
      this.header = Buffer.alloc(0);
      this.payloadLeft = this.record(head);
    }
  }

  private record(head: Buffer): number {
    const [first, second] = [head[0]!, head[1]!];
    const short = second & 0x7f;
    const length = short === 126 ? head.readUInt16BE(2) : short === 127 ? Number(head.readBigUInt64BE(2)) : short;
    if (this.frames.length < FRAME_LIMIT) {
      this.frames.push({
        at: this.now(),
        opcode: OPCODES[first & 0x0f] ?? `reserved ${first & 0x0f}`,
        fin: (first & 0x80) !== 0,
        rsv: (first >> 4) & 0x07,
        masked: (second & 0x80) !== 0,
        length,
      });
    } else {
      this.dropped += 1;
    }
    return length;
  }
}

/** Bytes of a frame's header (RFC 6455, section 5.2), or undefined while that cannot be told. */
function headerLength(head: Buffer): number | undefined {
  if (head.length < 2) return undefined;
  const short = head[1]! & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (head[1]! & 0x80 ? 4 : 0);
}
