/** The last items of a sequence, each with its number from 0. Readers keep a number of their own and are told of what they missed. */
export class Ring<T> {
  private readonly items: T[] = [];
  private pushed = 0;

  /** @param limit how many items are kept. @param onDrop called with each item that makes room. */
  constructor(
    private readonly limit: number,
    private readonly onDrop: (item: T) => void = () => {},
  ) {}

  /** How many items were pushed in all: the number of the next. */
  get next(): number {
    return this.pushed;
  }

  push(item: T): void {
    const place = this.pushed % this.limit;
    if (this.pushed >= this.limit) this.onDrop(this.items[place]!);
    this.items[place] = item;
    this.pushed += 1;
  }

  /** The items from a number on, oldest first, and how many before them are no longer kept. */
  since(number: number): { readonly items: readonly T[]; readonly skipped: number } {
    const first = Math.max(number, this.pushed - this.items.length);
    const items: T[] = [];
    for (let at = first; at < this.pushed; at += 1) items.push(this.items[at % this.limit]!);
    return { items, skipped: first - number };
  }
}
