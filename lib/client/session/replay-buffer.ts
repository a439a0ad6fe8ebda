import { CompletionState, DataType } from '../../contract';
import type { Fragment } from '../stream/bidi-stream';

/** How far into a session's input something is, counted from the session's start across all of its streams. */
export interface InputPosition {
  /** Whole messages. */
  readonly messages: number;
  /** Payload of binary messages, in bytes; text is not counted, so that it is the length of the audio sent. */
  readonly binaryBytes: number;
}

interface Entry {
  /** `undefined` once it was given up to stay within the limit. */
  fragment: Fragment | undefined;
  readonly isBinary: boolean;
  bytes: number;
  /** Where it begins. */
  readonly message: number;
  binaryBytes: number;
}

/**
 * What was sent and not acknowledged, so that it can be sent again on another stream. Holds its own copies, up to a limit;
 * beyond it the oldest message is given up.
 */
export class ReplayBuffer {
  readonly #entries: Entry[] = [];
  /** How many of the first entries were given up. */
  #shedEntries = 0;
  #end: { messages: number; binaryBytes: number } = { messages: 0, binaryBytes: 0 };
  #acknowledged: { messages: number; binaryBytes: number } = { messages: 0, binaryBytes: 0 };
  #heldBytes = 0;

  /** @param limitBytes most payload that is held, in bytes */
  constructor(private readonly limitBytes: number) {}

  /** What is held, in bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether anything that was sent has not been acknowledged. */
  get isOutstanding(): boolean {
    return this.#entries.length > 0;
  }

  /** How much has been sent. */
  get end(): InputPosition {
    return { ...this.#end };
  }

  /** How much need not be sent again. */
  get acknowledged(): InputPosition {
    return { ...this.#acknowledged };
  }

  /** Keeps a copy of a fragment and returns it, so that the caller's bytes are free at once. */
  append(fragment: Fragment): Fragment {
    const copy = { ...fragment, data: Uint8Array.prototype.slice.call(fragment.data) };
    const bytes = copy.data.byteLength;
    const isBinary = copy.dataType === DataType.BINARY;
    this.#entries.push({
      fragment: copy,
      isBinary,
      bytes,
      message: this.#end.messages,
      binaryBytes: this.#end.binaryBytes,
    });
    this.#heldBytes += bytes;
    this.#shed();
    if (isBinary) this.#end.binaryBytes += bytes;
    if (copy.completionState === CompletionState.COMPLETE) this.#end.messages += 1;
    return copy;
  }

  /** Forgets what need not be sent again. A position behind an earlier one changes nothing. */
  acknowledge({ messages = 0, binaryBytes = 0 }: Partial<InputPosition>): boolean {
    const before = this.#acknowledged;
    this.#acknowledged = {
      messages: Math.min(Math.max(before.messages, messages), this.#end.messages),
      binaryBytes: Math.min(Math.max(before.binaryBytes, binaryBytes), this.#end.binaryBytes),
    };
    let done = 0;
    for (const entry of this.#entries) {
      if (!this.#isAcknowledged(entry)) break;
      if (entry.fragment) this.#heldBytes -= entry.bytes;
      done += 1;
    }
    const last = this.#entries[done - 1];
    if (last) {
      const next = this.#entries[done];
      // Whichever of the two was told, the other follows from what it covered.
      this.#acknowledged.messages = Math.max(this.#acknowledged.messages, next ? next.message : this.#end.messages);
      this.#acknowledged.binaryBytes = Math.max(
        this.#acknowledged.binaryBytes,
        next ? next.binaryBytes : last.isBinary ? last.binaryBytes + last.bytes : last.binaryBytes,
      );
      this.#entries.splice(0, done);
      this.#shedEntries = Math.max(0, this.#shedEntries - done);
    }
    this.#trimFirst();
    const { messages: nowMessages, binaryBytes: nowBytes } = this.#acknowledged;
    return nowMessages > before.messages || nowBytes > before.binaryBytes;
  }

  /** What cannot be sent again, because it was given up before it was acknowledged. It counts as acknowledged from here on. */
  abandon(): { messages: number; bytes: number } {
    const lost = this.#entries.splice(0, this.#shedEntries);
    this.#shedEntries = 0;
    const next = this.#entries[0];
    if (lost.length > 0) {
      this.#acknowledged = next ? { messages: next.message, binaryBytes: next.binaryBytes } : { ...this.#end };
    }
    return {
      messages: new Set(lost.map(entry => entry.message)).size,
      bytes: lost.reduce((sum, entry) => sum + entry.bytes, 0),
    };
  }

  /** What is to be sent again, oldest first. */
  *fragments(): Generator<Fragment> {
    for (const { fragment } of this.#entries) if (fragment) yield fragment;
  }

  #isAcknowledged(entry: Entry): boolean {
    if (entry.message < this.#acknowledged.messages) return true;
    // Text, and a message without bytes, was read before the audio that came after it.
    return entry.isBinary && entry.bytes > 0
      ? entry.binaryBytes + entry.bytes <= this.#acknowledged.binaryBytes
      : entry.binaryBytes < this.#acknowledged.binaryBytes;
  }

  /** Cuts off the acknowledged front of a message that is acknowledged in part. */
  #trimFirst(): void {
    const first = this.#entries[0];
    if (!first?.isBinary) return;
    const covered = this.#acknowledged.binaryBytes - first.binaryBytes;
    if (covered <= 0 || covered >= first.bytes) return;
    first.binaryBytes += covered;
    first.bytes -= covered;
    if (!first.fragment) return;
    first.fragment = { ...first.fragment, data: first.fragment.data.subarray(covered) };
    this.#heldBytes -= covered;
  }

  /** Gives up the oldest messages until the limit is kept. A message is replayed whole or not at all. */
  #shed(): void {
    const inLastShedMessage = (entry: Entry) => entry.message === this.#entries[this.#shedEntries - 1]?.message;
    for (;;) {
      const entry = this.#entries[this.#shedEntries];
      if (!entry?.fragment || (this.#heldBytes <= this.limitBytes && !inLastShedMessage(entry))) return;
      this.#heldBytes -= entry.bytes;
      entry.fragment = undefined;
      this.#shedEntries += 1;
    }
  }
}
