import { ModelStreamClosedError } from '../../client/errors/session-error';
import { BidiSession } from '../../client/session/bidi-session';
import type { KeepAliveOptions } from '../../client/session/keep-alive';
import type { Message as SessionMessage } from '../../client/session/message';
import type { BidiSessionOptions } from '../../client/session/options';
import type { ResumeOptions } from '../../client/session/resume';
import type { SessionStatistics } from '../../client/session/statistics';
import { DEEPGRAM_DRAIN_MS, DEEPGRAM_KEEP_ALIVE_MS, type DeepgramProduct } from '../../contract';
import { MessageQueue } from '../message-queue';
import { DeepgramDrainError, DeepgramEndedError, DeepgramIncompleteError, DeepgramModelError } from './deepgram-error';
import type { ErrorMessage } from './listen-messages';
import type { ProductRequest } from './product-rules';

/** How to open a stream to a Deepgram model. Path and query string follow from its parameters. */
export interface DeepgramStreamOptions
  extends Omit<BidiSessionOptions, 'modelInvocationPath' | 'modelQueryString' | 'keepAlive' | 'resume'> {
  /**
   * Send `KeepAlive` when nothing was sent for 4 s. Products that do not allow it never get one.
   *
   * @default true
   */
  readonly keepAlive?: boolean;
  /**
   * How long the model may be silent between the close message and the end of the stream, in milliseconds.
   *
   * @default 15000
   */
  readonly drainTimeoutMs?: number;
}

/** The product and the session of a stream. */
export interface OpenedStream {
  readonly session: BidiSession;
  readonly product: DeepgramProduct;
  readonly drainTimeoutMs: number;
  readonly keepAlive: DeepgramKeepAlive;
}

/** Sends `KeepAlive` until the close message is sent: the model takes no message after that. */
class DeepgramKeepAlive implements KeepAliveOptions {
  readonly intervalMs = DEEPGRAM_KEEP_ALIVE_MS;
  isClosing = false;

  message(): string | undefined {
    return this.isClosing ? undefined : KEEP_ALIVE;
  }
}

const KEEP_ALIVE = JSON.stringify({ type: 'KeepAlive' });

/** WebSocket close code of an end that was asked for (RFC 6455, section 7.4.1). */
const NORMAL_CLOSURE = 1000;

/** Messages that wait for a consumer before the model is slowed down. */
const QUEUE_LIMIT = 256;

/**
 * The base of all Deepgram products: control messages as text, `KeepAlive` during silence, and an end that this side asks for and waits
 * for.
 */
export abstract class DeepgramStream<Message extends { /** Kind of the message. */ readonly type: string }>
  implements AsyncIterable<Message, undefined>, AsyncDisposable
{
  /** Opens the session of a request that was checked. */
  protected static async openSession(
    { keepAlive: isKeptAlive = true, drainTimeoutMs = DEEPGRAM_DRAIN_MS, ...options }: DeepgramStreamOptions,
    { product, queryString }: ProductRequest,
    resume?: ResumeOptions,
  ): Promise<OpenedStream> {
    const keepAlive = new DeepgramKeepAlive();
    const session = await BidiSession.open({
      ...options,
      modelInvocationPath: product.path,
      modelQueryString: queryString,
      keepAlive: isKeptAlive && product.keepAlive ? keepAlive : undefined,
      resume,
    });
    return { session, product, drainTimeoutMs, keepAlive };
  }

  /** The product that it speaks to. */
  readonly product: DeepgramProduct;
  private readonly session: BidiSession;
  private readonly queue = new MessageQueue<Message>(QUEUE_LIMIT);
  private readonly drainTimeoutMs: number;
  private readonly keepAlive: DeepgramKeepAlive;
  private readonly received: Promise<void>;
  private onArrival: (() => void) | undefined;
  private isOver = false;
  /** Whether the model has ended the stream in order after the close message. */
  private hasEnded = false;
  private isIterated = false;
  private failure: unknown;
  private closing: Promise<void> | undefined;

  protected constructor({ session, product, drainTimeoutMs, keepAlive }: OpenedStream) {
    this.session = session;
    this.product = product;
    this.drainTimeoutMs = drainTimeoutMs;
    this.keepAlive = keepAlive;
    this.received = this.receive(); // the first message comes in a later turn, when subclasses have set their fields
  }

  /**
   * Whether the model has said that it sent everything: after the close message, in its own words and by an orderly end. Where
   * it stays `false`, {@link close} and the iteration throw.
   */
  get complete(): boolean {
    return this.hasEnded && this.saidAll() !== false;
  }

  /** Counters of the session underneath. */
  get statistics(): SessionStatistics {
    return this.session.statistics;
  }

  /** The messages in their order, once. Throws the error that ended the stream early. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    this.isIterated = true;
    return this.queue;
  }

  /**
   * Asks for the remaining results, keeps the input open until the model has sent it and ended the stream, and closes. Ending the input
   * at once would race the last results and lose them. May be called again.
   *
   * Messages that arrive meanwhile can be iterated over afterwards. An error of the stream is thrown by the iteration; without an
   * iteration, it is thrown here.
   *
   * @throws DeepgramDrainError when the model is silent for longer than `drainTimeoutMs`
   */
  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  /** Ends the stream at once, without asking for the rest. */
  abort(reason?: Error): void {
    this.session.abort(reason);
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Sends a control message. */
  protected control(message: { readonly type: string; readonly [field: string]: unknown }): Promise<void> {
    return this.put(JSON.stringify(message));
  }

  /** Sends text or bytes; resolves when the bytes may be reused and there is room for more. */
  protected put(data: SessionMessage): Promise<void> {
    return this.session.send(data);
  }

  /** Turns a received message into one of the product. */
  protected abstract parse(received: SessionMessage): Message;

  /** Steps between {@link close} and the close message. */
  protected async beforeClose(): Promise<void> {}

  /** Whether the model's messages say that everything was sent; `undefined` for a product that has no such message. */
  protected abstract saidAll(): boolean | undefined;

  /** The part of the exchange that is certain although its end is missing. One sentence. */
  protected abstract certain(): string;

  /** Whether the close message was sent. */
  protected get isClosing(): boolean {
    return this.keepAlive.isClosing;
  }

  /** Waits until the condition holds or the stream ends, as long as messages keep coming. */
  protected until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new DeepgramDrainError(this.product.closeMessage, this.drainTimeoutMs)),
        this.drainTimeoutMs,
      );
      this.onArrival = () => {
        timer.refresh();
        if (!this.isOver && !condition()) return;
        clearTimeout(timer);
        this.onArrival = undefined;
        resolve();
      };
      this.onArrival();
    });
  }

  /** Sends all of a source, closes, and yields everything that arrives; ends the same way where its consumer leaves. */
  protected async *exchange<Item>(
    source: AsyncIterable<Item> | Iterable<Item>,
    send: (item: Item) => Promise<void>,
  ): AsyncGenerator<Message, void> {
    let left = false;
    let fault: { readonly error: unknown } | undefined;
    const sendAll = async (): Promise<void> => {
      try {
        for await (const item of source) {
          if (left || this.isOver) break;
          await send(item);
        }
      } catch (error) {
        fault = { error };
      }
      await this.close();
    };
    sendAll().catch(() => undefined); // an error of close() is thrown below, too
    try {
      yield* this;
    } finally {
      left = true;
      await this.close(); // the source is not awaited: it may wait for its next item for ever
    }
    if (fault) throw fault.error;
  }

  private async finish(): Promise<void> {
    this.queue.unbound();
    try {
      await this.beforeClose();
      this.keepAlive.isClosing = true;
      if (!this.isOver) await this.control({ type: this.product.closeMessage });
      await this.until(() => false);
      await this.received;
      if (this.failure === undefined) await this.session.close();
    } catch (error) {
      this.fail(error);
      this.queue.end(this.failure);
      this.session.abort(error);
    }
    if (this.failure !== undefined && !this.isIterated) throw this.failure;
  }

  private async receive(): Promise<void> {
    let reported: ErrorMessage | undefined;
    try {
      for await (const received of this.session) {
        const message = this.parse(received);
        if (message.type === 'Error') reported = message as ErrorMessage & Message;
        const room = this.queue.push(message);
        this.onArrival?.();
        if (room) await room;
      }
      this.noteEnd(reported);
    } catch (error) {
      this.noteEnd(reported, this.isOrderlyClose(error) ? undefined : error);
    }
    this.isOver = true;
    this.onArrival?.();
    this.queue.end(this.failure);
  }

  private noteEnd(reported: ErrorMessage | undefined, error?: unknown): void {
    if (reported) this.fail(new DeepgramModelError(reported, error));
    else if (error !== undefined) this.fail(this.isClosing ? this.incomplete(error) : error);
    else if (!this.isClosing) this.fail(new DeepgramEndedError(this.product));
    else if (this.saidAll() === false) this.fail(this.incomplete(undefined));
    else this.hasEnded = true;
  }

  /**
   * Whether the container closed because it had finished: it said so in its messages, or by its close code. Another code may have
   * cut something off.
   */
  private isOrderlyClose(error: unknown): boolean {
    if (!this.isClosing || !(error instanceof ModelStreamClosedError)) return false;
    return this.saidAll() ?? error.closeCode === NORMAL_CLOSURE;
  }

  private incomplete(cause: unknown): DeepgramIncompleteError {
    return new DeepgramIncompleteError(this.product, this.certain(), cause);
  }

  /** The first reason counts; the rest follow from it. */
  private fail(error: unknown): void {
    this.failure ??= error;
  }
}
