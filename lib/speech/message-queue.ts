/**
 * Messages on their way from the stream to its consumer.
 *
 * Bounded, so that a consumer that is slow slows the model down; unbounded once {@link unbound} is called, so that the rest of a stream is
 * received without a consumer.
 */
export class MessageQueue<Message> implements AsyncIterableIterator<Message, undefined> {
  private readonly messages: Message[] = [];
  private waiting: { resolve(result: IteratorResult<Message, undefined>): void; reject(error: unknown): void }[] = [];
  private roomMade: (() => void) | undefined;
  private over: { readonly error?: unknown } | undefined;

  constructor(private limit: number) {}

  /** Adds a message; resolves when there is room for another. */
  push(message: Message): Promise<void> | undefined {
    const waiting = this.waiting.shift();
    if (waiting) waiting.resolve({ value: message, done: false });
    else this.messages.push(message);
    if (this.messages.length < this.limit) return undefined;
    return new Promise(resolve => {
      this.roomMade = resolve;
    });
  }

  /** Lets everything in from now on. */
  unbound(): void {
    this.limit = Number.POSITIVE_INFINITY;
    this.roomMade?.();
  }

  /** No message follows; the consumer gets what is left and then the end, or the error. Only the first call counts. */
  end(error?: unknown): void {
    if (this.over) return;
    this.over = error === undefined ? {} : { error };
    for (const waiting of this.waiting) this.finish(waiting);
    this.waiting = [];
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.messages.shift();
    if (message !== undefined) {
      if (this.messages.length < this.limit) this.roomMade?.();
      return Promise.resolve({ value: message, done: false });
    }
    return new Promise((resolve, reject) => {
      if (this.over) this.finish({ resolve, reject });
      else this.waiting.push({ resolve, reject });
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** An error is thrown once; after it the queue is empty. */
  private finish(waiting: (typeof this.waiting)[number]): void {
    const error = this.over?.error;
    this.over = {};
    if (error === undefined) waiting.resolve({ value: undefined, done: true });
    else waiting.reject(error);
  }
}
