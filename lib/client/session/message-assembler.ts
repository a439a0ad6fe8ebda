import { isUtf8 } from 'node:buffer';
import { CompletionState, DataType } from '../../contract';
import type { Fragment } from '../stream/bidi-stream';
import type { Message } from './message';

/** Most fragments of one message. The kit's own bound, so that empty fragments without end hold no memory without end. */
const FRAGMENT_LIMIT = 100_000;

/** A received message that cannot be given to the caller. */
class InvalidMessageError extends Error {}

/** Puts messages together from their fragments. */
export class MessageAssembler {
  private parts: Uint8Array[] = [];
  private dataType: DataType | undefined;
  private fragments = 0;
  private bytes = 0;

  /** @param limitBytes most payload of one message, in bytes */
  constructor(private readonly limitBytes: number) {}

  /**
   * The message that the fragment completes, or `undefined` when more of it follows.
   *
   * @throws InvalidMessageError when it is over a limit, or is text and not UTF-8
   */
  add(fragment: Fragment): Message | undefined {
    this.bytes += fragment.data.byteLength;
    this.fragments += 1;
    if (this.bytes > this.limitBytes) throw new InvalidMessageError(`A message is over ${this.limitBytes} bytes.`);
    if (this.fragments > FRAGMENT_LIMIT) {
      throw new InvalidMessageError(`A message has more than ${FRAGMENT_LIMIT} fragments.`);
    }
    this.dataType ??= fragment.dataType; // a continuation has its first frame's type (RFC 6455, section 5.4)
    if (fragment.completionState === CompletionState.PARTIAL) {
      if (fragment.data.byteLength > 0) this.parts.push(fragment.data);
      return undefined;
    }
    const { dataType } = this;
    const data = this.parts.length === 0 ? fragment.data : Buffer.concat([...this.parts, fragment.data]);
    this.reset();
    if (dataType === DataType.BINARY) return data;
    if (!isUtf8(data)) throw new InvalidMessageError('A text message is not UTF-8.');
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  }

  /** Whether a message has begun and is not complete. */
  get isInsideMessage(): boolean {
    return this.fragments > 0;
  }

  /** Forgets a message that will not be completed. */
  reset(): void {
    this.parts = [];
    this.dataType = undefined;
    this.fragments = 0;
    this.bytes = 0;
  }
}
