/** The last bytes of audio that went by. */
export class AudioTail {
  private readonly pieces: Buffer[] = [];
  private kept = 0;

  /** @param limitBytes how many are kept at least, as far as there were so many */
  constructor(private readonly limitBytes: number) {}

  /** Takes the next piece; copies it. */
  push(piece: Uint8Array): void {
    this.pieces.push(Buffer.from(piece));
    this.kept += piece.length;
    while (this.kept - this.pieces[0]!.length >= this.limitBytes) this.kept -= this.pieces.shift()!.length;
  }

  /** The last bytes, as many as the limit or as there are. */
  bytes(): Buffer {
    return Buffer.concat(this.pieces).subarray(-this.limitBytes);
  }
}
