/** The items that have arrived and were not taken yet, oldest first. */
export class Inbox<T> {
  private readonly items: T[] = [];
  private readonly waiting = new Set<(item: T | undefined) => void>();
  private hasEnded = false;

  get size(): number {
    return this.items.length;
  }

  push(item: T): void {
    const [first] = this.waiting;
    if (!first) {
      this.items.push(item);
      return;
    }
    this.waiting.delete(first);
    first(item);
  }

  /** No further item will arrive. */
  end(): void {
    this.hasEnded = true;
    for (const taker of this.waiting) taker(undefined);
    this.waiting.clear();
  }

  /** The oldest item, or `undefined` when none arrived in time or none can arrive any more. */
  take(timeoutMs: number): Promise<T | undefined> {
    const item = this.items.shift();
    if (item !== undefined || this.hasEnded) return Promise.resolve(item);
    return new Promise(resolve => {
      const taker = (arrived: T | undefined) => {
        clearTimeout(deadline);
        resolve(arrived);
      };
      const deadline = setTimeout(() => {
        this.waiting.delete(taker);
        resolve(undefined);
      }, timeoutMs);
      this.waiting.add(taker);
    });
  }
}
