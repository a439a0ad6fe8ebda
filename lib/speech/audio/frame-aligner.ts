/** Cuts audio at whole frames, whatever the length of the pieces that it comes in. */
export class FrameAligner {
  private rest: Uint8Array = new Uint8Array(0);

  /** @param frameBytes bytes of one sample of every channel */
  constructor(private readonly frameBytes: number) {}

  /** Bytes of a frame that has begun. */
  get openBytes(): number {
    return this.rest.length;
  }

  /** The whole frames up to the end of this piece: a view of it where nothing was left of the piece before. */
  take(piece: Uint8Array): Uint8Array {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    const whole = bytes.length - (bytes.length % this.frameBytes);
    this.rest = Buffer.from(bytes.subarray(whole)); // a copy: the caller may use the piece again
    return bytes.subarray(0, whole);
  }
}
