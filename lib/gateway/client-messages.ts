import type { Message } from '../client/session/message';
import { MessageAssembler } from '../client/session/message-assembler';
import type { Fragment } from '../client/stream/bidi-stream';
import type { ClientConnection, ClientConnectionLimits } from './client-connection';
import { type Close, CloseCode } from './close';

export interface ClientMessagesListener {
  /** Handles one message. The next one waits for it. Must not reject. */
  onMessage(message: Message): Promise<void>;
  /** Is told how long each message waited until it was handled, in milliseconds. */
  onLag(milliseconds: number): void;
  /** A message cannot be read: the session is to be closed. */
  onViolation(close: Close): void;
}

/** Bytes of messages that wait, above which nothing more is read from the client. */
const HIGH_WATER_BYTES = 256 * 1024;

/** Memory of a message beside its bytes, so that empty ones count too. */
const MESSAGE_BYTES = 256;

/** A client's messages, put together from their frames and handled one after the other. The client waits while too many do. */
export class ClientMessages {
  /** Resolves when every message so far was handled. */
  handled: Promise<void> = Promise.resolve();
  private readonly assembler: MessageAssembler;
  private waitingBytes = 0;
  private isPaused = false;

  constructor(
    private readonly client: ClientConnection,
    { messageBytes }: ClientConnectionLimits,
    private readonly listener: ClientMessagesListener,
  ) {
    this.assembler = new MessageAssembler(messageBytes);
  }

  /** The next frame of the client. */
  add(fragment: Fragment): void {
    let message: Message | undefined;
    try {
      message = this.assembler.add(fragment);
    } catch (error) {
      this.listener.onViolation({ code: CloseCode.INVALID_PAYLOAD, reason: (error as Error).message });
      return;
    }
    if (message === undefined) return;
    const bytes = MESSAGE_BYTES + message.length;
    const arrivedAt = performance.now();
    this.waitFor(bytes);
    this.handled = this.handled.then(async () => {
      if (this.client.isOpen) await this.listener.onMessage(message);
      this.listener.onLag(performance.now() - arrivedAt);
      this.waitFor(-bytes);
    });
  }

  private waitFor(bytes: number): void {
    this.waitingBytes += bytes;
    const isFull = this.waitingBytes > HIGH_WATER_BYTES;
    if (isFull === this.isPaused) return;
    this.isPaused = isFull;
    if (isFull) this.client.pause();
    else this.client.resume();
  }
}
