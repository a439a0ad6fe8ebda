import { isUtf8 } from 'node:buffer';
import { CompletionState, DataType } from '../../contract';
import type { Fragment } from '../stream/bidi-stream';

/** What is wrong with a received message. */
export class MessageFault extends Error {}

/** Puts messages together from their fragments. */
export class MessageAssembler {
  #parts: Fragment[] = [];
  #bytes = 0;

  /** @param limitBytes most payload of one message, in bytes */
  constructor(private readonly limitBytes: number) {}

  /**
   * The message that the fragment completes, or `undefined` when more of it follows.
   *
   * @throws MessageFault when it is over the limit, or is text and not UTF-8
   */
  add(fragment: Fragment): string | Uint8Array | undefined {
    this.#bytes += fragment.data.byteLength;
    if (this.#bytes > this.limitBytes) throw new MessageFault(`A message is over ${this.limitBytes} bytes.`);
    if (fragment.completionState === CompletionState.PARTIAL) {
      this.#parts.push(fragment);
      return undefined;
    }
    const { dataType } = this.#parts[0] ?? fragment; // a continuation has its first frame's type (RFC 6455, section 5.4)
    const data =
      this.#parts.length === 0 ? fragment.data : Buffer.concat([...this.#parts.map(part => part.data), fragment.data]);
    this.reset();
    if (dataType === DataType.BINARY) return data;
    if (!isUtf8(data)) throw new MessageFault('A text message is not UTF-8.');
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  }

  /** Forgets a message that will not be completed. */
  reset(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}
