/** Something that may hold a payload. */
interface Holder {
  payload?: Buffer | undefined;
}

/**
 * Copies of the last payloads, in one piece of memory that is written round and round: what is held makes no work for the garbage collector,
 * however fast the streams are.
 */
export class HeldPayloads<T extends Holder> {
  private memory: Buffer | undefined;
  /** Place in the memory at which the next payload begins. */
  private next = 0;
  private queue: T[] = [];
  /** Place of the oldest in the queue. */
  private first = 0;
  private held = 0;
  private heldBytes = 0;

  /** @param limitBytes the memory, in bytes; no payload may be longer. */
  constructor(private readonly limitBytes: number) {}

  /** Bytes that are held. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Holds a copy of a payload. The oldest make room for it. */
  hold(holder: T, payload: Uint8Array): void {
    this.memory ??= Buffer.allocUnsafeSlow(this.limitBytes);
    if (this.next + payload.length > this.limitBytes) {
      this.dropOldestFrom(this.next, this.limitBytes);
      this.next = 0;
    }
    this.dropOldestFrom(this.next, this.next + payload.length);
    holder.payload = this.memory.subarray(this.next, this.next + payload.length);
    holder.payload.set(payload);
    this.next += payload.length;
    this.queue.push(holder);
    this.held += 1;
    this.heldBytes += payload.length;
    // Those that were dropped leave the queue when they are the most.
    if (this.queue.length > 2 * this.held + 64) {
      this.queue = this.queue.slice(this.first).filter(({ payload: kept }) => kept !== undefined);
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

  /** Drops all, and gives the memory back. */
  clear(): void {
    for (const holder of this.queue) this.drop(holder);
    this.queue = [];
    this.first = 0;
    this.next = 0;
    this.memory = undefined;
  }

  /** The payloads after {@link next} are the oldest: drops those that begin before a place. */
  private dropOldestFrom(begin: number, end: number): void {
    for (; this.first < this.queue.length; this.first += 1) {
      const oldest = this.queue[this.first]!;
      const at = oldest.payload?.byteOffset;
      if (at !== undefined && (at < begin || at >= end)) return;
      this.drop(oldest);
    }
  }
}
