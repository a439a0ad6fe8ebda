/** Opcodes of WebSocket frames (RFC 6455, section 5.2). */
export const Opcode = { CONTINUATION: 0x0, TEXT: 0x1, BINARY: 0x2, CLOSE: 0x8, PING: 0x9, PONG: 0xa } as const;

/** One WebSocket frame. */
export interface Frame {
  /** One of {@link Opcode}, or a reserved number between the data frames and {@link Opcode.CLOSE}. */
  readonly opcode: number;
  /** Whether it ends its message. */
  readonly fin: boolean;
  readonly payload: Uint8Array;
}

/** A frame as it was received. */
export interface ReceivedFrame extends Frame {
  readonly payload: Buffer;
  /** Whether it came masked, as only the frames of a client may (RFC 6455, section 5.1). The payload is unmasked. */
  readonly isMasked: boolean;
}

/** The bytes that came are no WebSocket frame. */
export class FrameError extends Error {
  constructor(
    /** Close code that answers it (RFC 6455, section 7.4.1). */
    readonly closeCode: 1002 | 1009,
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}
