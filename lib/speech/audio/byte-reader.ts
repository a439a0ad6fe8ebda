/** Reads a byte stream piece by piece: first a header of known lengths, then the rest as it comes, without copying it. */
export class ByteReader {
  private readonly iterator: AsyncIterator<Uint8Array>;
  private chunk: Buffer = Buffer.alloc(0);
  private ended = false;
  private taken = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.iterator = source[Symbol.asyncIterator]();
  }

  /** Bytes read or skipped so far. */
  get position(): number {
    return this.taken;
  }

  /** The next bytes without taking them; fewer than asked for when the stream ends before. */
  async peek(length: number): Promise<Buffer> {
    while (this.chunk.length < length && !this.ended) {
      const next = await this.pull();
      if (next) this.chunk = this.chunk.length === 0 ? next : Buffer.concat([this.chunk, next]);
    }
    return this.chunk.subarray(0, length);
  }

  /** Takes the next bytes; fewer than asked for when the stream ends before. */
  async read(length: number): Promise<Buffer> {
    const bytes = await this.peek(length);
    this.take(bytes.length);
    return bytes;
  }

  /** Passes over bytes without keeping them; returns how many there were. */
  async skip(length: number): Promise<number> {
    let skipped = 0;
    for await (const piece of this.pieces(length)) skipped += piece.length;
    return skipped;
  }

  /** The next bytes as they come, at most this many. */
  async *pieces(length = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer, void> {
    let left = length;
    while (left > 0) {
      if (this.chunk.length === 0) {
        const next = await this.pull();
        if (!next) return;
        this.chunk = next;
      }
      const piece = this.chunk.subarray(0, left);
      this.take(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Lets go of the source, so that an open file is closed. */
  async release(): Promise<void> {
    this.ended = true;
    await this.iterator.return?.();
  }

  private take(length: number): void {
    this.chunk = this.chunk.subarray(length);
    this.taken += length;
  }

  private async pull(): Promise<Buffer | undefined> {
    while (!this.ended) {
      const { value, done } = await this.iterator.next();
      if (done) this.ended = true;
      else if (value.length > 0) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    return undefined;
  }
}
