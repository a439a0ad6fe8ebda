/** Something that may hold a payload. */
interface Holder {
  payload?: Buffer | undefined;
}

/**
 * The payloads in memory, oldest first, up to a bound of bytes. A queue, and not a Set: a Set that loses its first entry for each new one walks
 * over the holes that they leave.
 */
export class HeldPayloads<T extends Holder> {
  private queue: T[] = [];
  /** Place of the oldest in the queue. */
  private first = 0;
  private held = 0;
  private heldBytes = 0;

  /** @param limitBytes most bytes that are held. */
  constructor(private readonly limitBytes: number) {}

  /** Bytes that are held. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Holds a payload, and drops the oldest while there are too many bytes. */
  hold(holder: T, payload: Buffer): void {
    holder.payload = payload;
    this.queue.push(holder);
    this.held += 1;
    this.heldBytes += payload.length;
    while (this.heldBytes > this.limitBytes) {
      this.drop(this.queue[this.first]!);
      this.first += 1;
    }
    // Those that were dropped before their turn, and those before the first, leave when they are the most.
    if (this.queue.length > 2 * this.held + 64) {
      this.queue = this.queue.filter(({ payload: kept }, place) => place >= this.first && kept !== undefined);
      this.first = 0;
    }
  }

  /** Drops the payload of a holder, if it has one. */
  drop(holder: T): void {
    if (holder.payload === undefined) return;
    this.held -= 1;
    this.heldBytes -= holder.payload.length;
    holder.payload = undefined;
  }

  /** Drops all. */
  clear(): void {
    for (const holder of this.queue) this.drop(holder);
    this.queue = [];
    this.first = 0;
  }
}
