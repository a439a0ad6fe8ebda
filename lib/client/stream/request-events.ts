import type { RequestStreamEvent } from '../runtime-http2';

interface QueuedEvent {
  readonly event: RequestStreamEvent;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Hands events to the SDK one at a time, when it asks for one.
 *
 * The SDK serialises an event before it asks for the next, and it asks for the next only when its own buffers and the HTTP/2
 * window have room. So the moment it asks again is both: the bytes may be reused, and there is room to send more. Nothing is
 * copied, and only events that callers put without waiting are buffered.
 */
export class RequestEvents implements AsyncIterableIterator<RequestStreamEvent> {
  private readonly queue: QueuedEvent[] = [];
  private taken: QueuedEvent | undefined;
  private takenBytes = 0;
  private asked: ((result: IteratorResult<RequestStreamEvent>) => void) | undefined;
  private ending: (() => void) | undefined;
  private ended: Promise<void> | undefined;
  private failure: Error | undefined;
  private waitingBytes = 0;

  /** @param onAbandon called when the SDK stops reading before the end. */
  constructor(private readonly onAbandon: () => void) {}

  /** Payload that was put and not yet serialised, in bytes. */
  get pendingBytes(): number {
    return this.waitingBytes;
  }

  /** Events that were put and not yet serialised: an empty one takes memory, too. */
  get pendingEvents(): number {
    return this.queue.length + (this.taken ? 1 : 0);
  }

  /** Resolves when the SDK has serialised the event and has room for another. */
  put(event: RequestStreamEvent): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.waitingBytes += bytesOf(event);
    return new Promise((resolve, reject) => {
      const queued = { event, resolve, reject };
      if (this.asked) this.hand(queued, this.asked);
      else this.queue.push(queued);
    });
  }

  /** Ends the input after what was put. Resolves when the SDK knows. */
  end(): Promise<void> {
    this.ended ??= new Promise(resolve => {
      this.ending = resolve;
      if (this.failure) resolve();
      else if (this.asked) this.finish(this.asked);
    });
    return this.ended;
  }

  /** Rejects the events that the SDK has not taken, and every later one; the SDK sees the input end. */
  fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.waitingBytes = 0;
    this.taken?.reject(error);
    this.taken = undefined;
    for (const queued of this.queue.splice(0)) queued.reject(error);
    this.ending?.();
    this.asked?.({ done: true, value: undefined });
    this.asked = undefined;
  }

  next(): Promise<IteratorResult<RequestStreamEvent>> {
    if (this.taken) {
      this.waitingBytes -= this.takenBytes;
      this.taken.resolve();
      this.taken = undefined;
    }
    return new Promise(resolve => {
      const queued = this.queue.shift();
      if (queued) this.hand(queued, resolve);
      else if (this.ending || this.failure) this.finish(resolve);
      else this.asked = resolve;
    });
  }

  return(): Promise<IteratorResult<RequestStreamEvent>> {
    this.onAbandon();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private hand(queued: QueuedEvent, asked: (result: IteratorResult<RequestStreamEvent>) => void): void {
    this.asked = undefined;
    this.taken = queued;
    this.takenBytes = bytesOf(queued.event); // the SDK takes the event apart
    asked({ done: false, value: queued.event });
  }

  private finish(asked: (result: IteratorResult<RequestStreamEvent>) => void): void {
    this.asked = undefined;
    asked({ done: true, value: undefined });
    this.ending?.();
  }
}

function bytesOf(event: RequestStreamEvent): number {
  return event.PayloadPart?.Bytes?.byteLength ?? 0;
}
