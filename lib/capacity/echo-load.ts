import { AUDIO_CHUNK_MS } from '../contract';
import type { LoadContext, LoadProtocol, LoadSession } from './load-protocol';

/** The messages of an echo load. */
export interface EchoLoadOptions {
  /**
   * Size of a message, in bytes, at least 4.
   *
   * @default 3200, 100 ms of 16 kHz 16-bit audio
   */
  readonly messageBytes?: number;
  /**
   * Time between two messages, in milliseconds.
   *
   * @default 100
   */
  readonly intervalMs?: number;
}

/** An answer that is not the oldest unanswered message. */
class EchoMismatch extends Error {
  override name = 'EchoMismatch';
}

/** Binary messages at a fixed pace, each of which comes back; the lag is from when a message was due to when it is back. */
export class EchoLoad implements LoadProtocol {
  private readonly messageBytes: number;
  private readonly intervalMs: number;

  constructor(options: EchoLoadOptions = {}) {
    this.messageBytes = options.messageBytes ?? 3_200;
    this.intervalMs = options.intervalMs ?? AUDIO_CHUNK_MS;
  }

  async run(session: LoadSession, context: LoadContext): Promise<void> {
    /** When the unanswered messages were due, by their number modulo 2^32. */
    const due = new Map<number, number>();
    context.watch(() => due.values().next().value);
    let fault: unknown;
    const receiving = this.receive(session, context, due);
    receiving.catch((error: unknown) => {
      fault = error;
    });
    const message = Buffer.alloc(this.messageBytes);
    let sequence = 0;
    for await (const dueAt of context.ticks(this.intervalMs)) {
      message.writeUInt32BE(sequence, 0);
      due.set(sequence, dueAt);
      sequence = (sequence + 1) >>> 0;
      await session.send(message);
      if (fault) throw fault;
      context.sent(message.length);
    }
    await session.close();
    await receiving;
  }

  private async receive(session: LoadSession, context: LoadContext, due: Map<number, number>): Promise<void> {
    for await (const answer of session) {
      if (typeof answer === 'string' || answer.length !== this.messageBytes) {
        throw new EchoMismatch(`An answer of ${answer.length} bytes came for messages of ${this.messageBytes} bytes.`);
      }
      const sequence = Buffer.from(answer.buffer, answer.byteOffset, 4).readUInt32BE(0);
      const dueAt = due.get(sequence);
      if (dueAt === undefined || due.keys().next().value !== sequence) {
        throw new EchoMismatch(`Message ${sequence} came back out of order.`);
      }
      due.delete(sequence);
      context.answered(dueAt, answer.length);
    }
    if (!context.signal.aborted) throw new EchoMismatch('The endpoint ended the stream.');
  }
}
