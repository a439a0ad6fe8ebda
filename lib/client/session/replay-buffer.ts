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
 * The messages that were sent and not acknowledged, so that they can be sent again on another stream. Holds its own copies, up to
 * a limit; beyond it the oldest message is given up.
 */
export class ReplayBuffer {
  private readonly entries: Entry[] = [];
  /** How many of the first entries were given up. */
  private shedEntries = 0;
  private sentPosition: { messages: number; binaryBytes: number } = { messages: 0, binaryBytes: 0 };
  private acknowledgedPosition: { messages: number; binaryBytes: number } = { messages: 0, binaryBytes: 0 };
  private payloadBytes = 0;

  /** @param limitBytes most payload that is held, in bytes */
  constructor(private readonly limitBytes: number) {}

  /** Payload that is held, in bytes. */
  get heldBytes(): number {
    return this.payloadBytes;
  }

  /** Whether anything that was sent has not been acknowledged. */
  get isOutstanding(): boolean {
    return this.entries.length > 0;
  }

  /** How much has been sent. */
  get end(): InputPosition {
    return { ...this.sentPosition };
  }

  /** How much need not be sent again. */
  get acknowledged(): InputPosition {
    return { ...this.acknowledgedPosition };
  }

  /** Keeps a copy of a fragment and returns it, so that the caller's bytes are free at once. */
  append(fragment: Fragment): Fragment {
    const copy = { ...fragment, data: Uint8Array.prototype.slice.call(fragment.data) };
    const bytes = copy.data.byteLength;
    const isBinary = copy.dataType === DataType.BINARY;
    this.entries.push({
      fragment: copy,
      isBinary,
      bytes,
      message: this.sentPosition.messages,
      binaryBytes: this.sentPosition.binaryBytes,
    });
    this.payloadBytes += bytes;
    this.shed();
    if (isBinary) this.sentPosition.binaryBytes += bytes;
    if (copy.completionState === CompletionState.COMPLETE) this.sentPosition.messages += 1;
    return copy;
  }

  /** Forgets the messages that need not be sent again. A position behind an earlier one changes nothing. */
  acknowledge({ messages = 0, binaryBytes = 0 }: Partial<InputPosition>): boolean {
    const before = this.acknowledgedPosition;
    this.acknowledgedPosition = {
      messages: Math.min(Math.max(before.messages, messages), this.sentPosition.messages),
      binaryBytes: Math.min(Math.max(before.binaryBytes, binaryBytes), this.sentPosition.binaryBytes),
    };
    let done = 0;
    for (const entry of this.entries) {
      if (!this.isAcknowledged(entry)) break;
      if (entry.fragment) this.payloadBytes -= entry.bytes;
      done += 1;
    }
    const last = this.entries[done - 1];
    if (last) {
      const next = this.entries[done];
      // A message tells one of the two positions; the other follows from the entries that it covers.
      this.acknowledgedPosition.messages = Math.max(
        this.acknowledgedPosition.messages,
        next ? next.message : this.sentPosition.messages,
      );
      this.acknowledgedPosition.binaryBytes = Math.max(
        this.acknowledgedPosition.binaryBytes,
        next ? next.binaryBytes : last.isBinary ? last.binaryBytes + last.bytes : last.binaryBytes,
      );
      this.entries.splice(0, done);
      this.shedEntries = Math.max(0, this.shedEntries - done);
    }
    this.trimFirst();
    const { messages: nowMessages, binaryBytes: nowBytes } = this.acknowledgedPosition;
    return nowMessages > before.messages || nowBytes > before.binaryBytes;
  }

  /**
   * Messages that cannot be sent again, because they were given up before they were acknowledged. They count as acknowledged from
   * here on.
   */
  abandon(): { messages: number; bytes: number } {
    const lost = this.entries.splice(0, this.shedEntries);
    this.shedEntries = 0;
    const next = this.entries[0];
    if (lost.length > 0) {
      this.acknowledgedPosition = next
        ? { messages: next.message, binaryBytes: next.binaryBytes }
        : { ...this.sentPosition };
    }
    return {
      messages: new Set(lost.map(entry => entry.message)).size,
      bytes: lost.reduce((sum, entry) => sum + entry.bytes, 0),
    };
  }

  /** The messages to send again, oldest first. */
  *fragments(): Generator<Fragment> {
    for (const { fragment } of this.entries) if (fragment) yield fragment;
  }

  private isAcknowledged(entry: Entry): boolean {
    if (entry.message < this.acknowledgedPosition.messages) return true;
    // Text, and a message without bytes, was read before the audio that came after it.
    return entry.isBinary && entry.bytes > 0
      ? entry.binaryBytes + entry.bytes <= this.acknowledgedPosition.binaryBytes
      : entry.binaryBytes < this.acknowledgedPosition.binaryBytes;
  }

  /** Cuts off the acknowledged front of a message that is acknowledged in part. */
  private trimFirst(): void {
    const first = this.entries[0];
    if (!first?.isBinary) return;
    const covered = this.acknowledgedPosition.binaryBytes - first.binaryBytes;
    if (covered <= 0 || covered >= first.bytes) return;
    first.binaryBytes += covered;
    first.bytes -= covered;
    if (!first.fragment) return;
    first.fragment = { ...first.fragment, data: first.fragment.data.subarray(covered) };
    this.payloadBytes -= covered;
  }

  /** Gives up the oldest messages until the limit is kept. A message is replayed whole or not at all. */
  private shed(): void {
    const inLastShedMessage = (entry: Entry) => entry.message === this.entries[this.shedEntries - 1]?.message;
    for (;;) {
      const entry = this.entries[this.shedEntries];
      if (!entry?.fragment || (this.payloadBytes <= this.limitBytes && !inLastShedMessage(entry))) return;
      this.payloadBytes -= entry.bytes;
      entry.fragment = undefined;
      this.shedEntries += 1;
    }
  }
}
