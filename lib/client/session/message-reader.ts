import type { Fragment } from '../stream/bidi-stream';
import { type Message, toFragment } from './message';
import type { MessageAssembler } from './message-assembler';

/** The source of a {@link MessageReader}. */
export interface MessageReaderOptions {
  /** The next fragment from the network; `undefined` at the orderly end. */
  next(): Promise<Fragment | undefined>;
  readonly assembler: MessageAssembler;
  /** Called with each message when it is complete. Without it, fragments that are read ahead stay fragments. */
  readonly onMessage?: (message: Message) => void;
  /** Makes the error of a message that cannot be put together. */
  onInvalid(error: Error): Error;
  /** Makes the error of an end within a message. */
  onCutMessage(): Error;
}

/** Reads messages or fragments in order, for one reader at a time, and keeps what was read before it was asked for. */
export class MessageReader {
  private readonly ahead: (Message | Fragment)[] = [];
  /** Settles when the reader at work is done. */
  private working: Promise<unknown> | undefined;

  constructor(private readonly options: MessageReaderOptions) {}

  /** The next message; `undefined` at the orderly end. */
  nextMessage(): Promise<Message | undefined> {
    return this.exclusively(() => this.takeMessage());
  }

  /** The next frame as the model sent it; `undefined` at the orderly end. */
  nextFragment(): Promise<Fragment | undefined> {
    return this.exclusively(async () => {
      const early = this.ahead.shift();
      if (early === undefined) return this.options.next();
      return isMessage(early) ? toFragment(early, true) : early;
    });
  }

  /** The next message, unless it comes too late: then the next reader has it. Rejects with what `onTimeout` makes. */
  async nextMessageWithin(timeoutMs: number, onTimeout: () => Error): Promise<Message | undefined> {
    let isLate = false;
    const read = this.exclusively(async () => {
      if (isLate) return undefined;
      const message = await this.takeMessage();
      if (isLate && message !== undefined) this.ahead.unshift(message);
      return message;
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        reject(onTimeout());
      }, timeoutMs);
    });
    try {
      return await Promise.race([read, timeout]);
    } finally {
      clearTimeout(timer);
      read.catch(() => undefined); // the next reader meets the failure
    }
  }

  /** Reads one fragment for a later reader, after those that were kept before. Says whether there may be more. */
  readAhead(next = this.options.next): Promise<boolean> {
    return this.exclusively(async () => {
      const fragment = await next();
      if (!fragment) {
        this.throwIfInsideMessage();
        return false;
      }
      const kept = this.options.onMessage ? this.assemble(fragment) : fragment;
      if (kept !== undefined) this.ahead.push(kept);
      return true;
    });
  }

  private async takeMessage(): Promise<Message | undefined> {
    for (;;) {
      const early = this.ahead.shift();
      if (early !== undefined && isMessage(early)) return early;
      const fragment = early ?? (await this.options.next());
      if (!fragment) {
        this.throwIfInsideMessage();
        return undefined;
      }
      const message = this.assemble(fragment);
      if (message !== undefined) return message;
    }
  }

  /** An end in order that leaves a message incomplete would lose what came of it. */
  private throwIfInsideMessage(): void {
    if (this.options.assembler.isInsideMessage) throw this.options.onCutMessage();
  }

  private assemble(fragment: Fragment): Message | undefined {
    let message: Message | undefined;
    try {
      message = this.options.assembler.add(fragment);
    } catch (error) {
      throw this.options.onInvalid(error as Error);
    }
    if (message !== undefined) this.options.onMessage?.(message);
    return message;
  }

  private async exclusively<Result>(take: () => Promise<Result>): Promise<Result> {
    while (this.working) await this.working;
    const taking = take();
    const working = taking.catch(() => undefined);
    this.working = working;
    try {
      return await taking;
    } finally {
      if (this.working === working) this.working = undefined;
    }
  }
}

function isMessage(kept: Message | Fragment): kept is Message {
  return typeof kept === 'string' || !('completionState' in kept);
}
