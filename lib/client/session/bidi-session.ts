import { setTimeout as delay } from 'node:timers/promises';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';
import {
  CompletionState,
  DataType,
  EVENT_PAYLOAD_LIMIT_BYTES,
  endpointNameFault,
  invocationPathFault,
  queryStringFault,
  SESSION_LIMIT_MS,
  variantNameFault,
} from '../../contract';
import { explainUnresumed } from '../errors/explain-failure';
import {
  DrainTimeoutError,
  InvalidRequestError,
  MessageError,
  ModelStreamClosedError,
  PlatformError,
  ReceiveTimeoutError,
  SessionAbortedError,
  SessionClosedError,
  SessionError,
  SessionLimitError,
  type StreamDestination,
  StreamInterruptedError,
} from '../errors/session-error';
import { SageMakerRuntimeHTTP2Client } from '../runtime-http2';
import { type BidiClient, BidiStream, type Fragment, type StreamTarget } from '../stream/bidi-stream';
import { type RetryOptions, retryDelayMs } from '../stream/retry';
import { MessageAssembler, MessageFault } from './message-assembler';
import { kindOf, outgoingFragment } from './outgoing-message';
import { ReplayBuffer } from './replay-buffer';
import type { ResumeOptions } from './resume';
import { emptyStatistics, type SessionStatistics } from './statistics';

/** A message in either direction: a string is text, bytes are binary. */
export type Message = string | Uint8Array;

/**
 * What can be sent as a message: a string as text, anything that holds bytes as binary. Of a typed array with larger elements,
 * such as an `Int16Array` of samples, the bytes go as they lie in memory, in the machine's byte order.
 */
export type SendableMessage = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** A message to say at regular intervals of silence. */
export interface KeepAliveOptions {
  /** Silence of this side after which the message is due, in milliseconds. */
  readonly intervalMs: number;
  /** The message; `undefined` says nothing this time. */
  message(): SendableMessage | undefined;
}

/** What {@link BidiSession.open} takes. */
export interface BidiSessionOptions extends StreamTarget {
  /** Name of the endpoint: 1 to 63 letters, digits and hyphens. */
  readonly endpointName: string;
  /**
   * Production variant that is to answer.
   *
   * @default the endpoint's own choice, by weight
   */
  readonly targetVariant?: string;
  /**
   * Path of the container's WebSocket, without a leading slash, such as `v1/listen`.
   *
   * @default invocations-bidirectional-stream
   */
  readonly modelInvocationPath?: string;
  /**
   * Query string of the container's WebSocket, percent-encoded, without a leading `?`.
   *
   * @default none
   */
  readonly modelQueryString?: string;
  /**
   * What sends the request: the kit's {@link SageMakerRuntimeHTTP2Client}, the official one, or anything with its
   * `send(command)`. It is yours to destroy. Share one among sessions: they then share credentials and connections.
   *
   * @default a client of the session's own, made of `region`, `credentials` and `endpoint`
   */
  readonly client?: BidiClient;
  /**
   * Region of the endpoint. Only without `client`.
   *
   * @default as the AWS SDK finds it
   */
  readonly region?: string;
  /**
   * Credentials to sign with. Only without `client`.
   *
   * @default as the AWS SDK finds them
   */
  readonly credentials?: AwsCredentialIdentity | AwsCredentialIdentityProvider;
  /**
   * URI of the streaming runtime. Only without `client`.
   *
   * @default as the AWS SDK finds it, else the region's runtime on port 8443
   */
  readonly endpoint?: string;
  /**
   * Bound of the open, retries included, in milliseconds. Generous enough for a burst of hundreds of streams at a cold
   * endpoint, each with its own connection.
   *
   * @default 30000
   */
  readonly openTimeoutMs?: number;
  /**
   * Bound of the wait for the last responses in `close()`, in milliseconds.
   *
   * @default 15000
   */
  readonly drainTimeoutMs?: number;
  /**
   * Ends the session at once, whatever it does. `AbortSignal.timeout(ms)` makes a deadline for the whole session.
   *
   * @default none
   */
  readonly abortSignal?: AbortSignal;
  /**
   * How an open that fails on throttling, connection, HTTP 424 or a fault of the platform is repeated; `false` never. Other
   * 4xx are never repeated.
   *
   * @default 5 attempts with full jitter
   */
  readonly retry?: RetryOptions | false;
  /**
   * How to go on when the stream breaks.
   *
   * @default not at all: the break is thrown
   */
  readonly resume?: ResumeOptions;
  /**
   * A message of the protocol to keep the model from hanging up. The connection itself is kept alive without it.
   *
   * @default none
   */
  readonly keepAlive?: KeepAliveOptions;
  /**
   * Most payload of one received message, in bytes.
   *
   * @default 104857600 (100 MiB)
   */
  readonly maxMessageBytes?: number;
}

/** A stream that ended this close to the limit, in milliseconds, met it. */
const SESSION_LIMIT_TOLERANCE_MS = 5_000;

/**
 * A session with a streaming model.
 *
 * ```ts
 * await using session = await BidiSession.open({ endpointName: 'speech' });
 * await session.send('I need help with');
 * for await (const message of session) console.log(message);
 * ```
 *
 * Both directions have backpressure: `send` resolves when there is room, and nothing is read from the network that nobody asks
 * for. What goes wrong is a {@link SessionError}, thrown to whoever reads or writes next, and never an unhandled rejection.
 */
export class BidiSession implements AsyncIterable<Message>, AsyncDisposable {
  /**
   * Opens a session. Resolves when the model has accepted the stream.
   *
   * @throws InvalidRequestError when a name, path or query breaks its pattern, before anything is sent
   * @throws SessionError of the kind that the last attempt met
   * @throws the signal's reason when `abortSignal` is aborted
   */
  static async open(options: BidiSessionOptions): Promise<BidiSession> {
    checkTarget(options);
    options.abortSignal?.throwIfAborted();
    const session = new BidiSession(options);
    const startedAt = performance.now();
    try {
      session.#stream = await session.#connect();
    } catch (error) {
      throw session.#finish(error as Error);
    }
    session.#statistics.openMs = performance.now() - startedAt;
    session.#keepAlive();
    return session;
  }

  readonly #options: BidiSessionOptions;
  readonly #client: BidiClient;
  readonly #ownClient: SageMakerRuntimeHTTP2Client | undefined;
  readonly #statistics = emptyStatistics();
  readonly #assembler: MessageAssembler;
  readonly #replay: ReplayBuffer | undefined;
  readonly #onAbort: () => void;
  #stream!: BidiStream;
  #streamOpenedAt = 0;
  #streamStart = { messages: 0, binaryBytes: 0 };
  /** Fragments that were read ahead of whoever will ask for them. */
  readonly #arrived: Fragment[] = [];
  /** Aborted when the session is over, with its failure. */
  readonly #over = new AbortController();
  #reading: Promise<unknown> | undefined;
  /** Resolves when the present stream is over: replaced by another, or the last. */
  #replaced = signalled();
  #resuming: Promise<void> | undefined;
  #fruitlessResumes = 0;
  /** Type of the message whose fragments are being sent. */
  #fragmentedType: DataType | undefined;
  #inputClosed = false;
  #closed: Promise<void> | undefined;
  #ended = false;
  #failure: Error | undefined;
  #firstSentAt: number | undefined;
  #lastSentAt = performance.now();
  #keepAliveTimer: NodeJS.Timeout | undefined;

  private constructor(options: BidiSessionOptions) {
    this.#options = options;
    const { region, credentials, endpoint } = options;
    this.#ownClient = options.client ? undefined : new SageMakerRuntimeHTTP2Client({ region, credentials, endpoint });
    this.#client = options.client ?? this.#ownClient!;
    this.#assembler = new MessageAssembler(options.maxMessageBytes ?? 100 * 1024 * 1024);
    if (options.resume) this.#replay = new ReplayBuffer(options.resume.replayLimitBytes ?? 8 * 1024 * 1024);
    this.#onAbort = () => this.abort(options.abortSignal!.reason as Error);
    options.abortSignal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The production variant that answers, where the platform tells it. */
  get invokedProductionVariant(): string | undefined {
    return this.#stream.invokedProductionVariant;
  }

  /** What has been done so far. */
  get statistics(): SessionStatistics {
    return {
      ...this.#statistics,
      pendingBytes: this.#stream.pendingBytes,
      roundTripMs: this.#stream.roundTripMs ?? this.#statistics.roundTripMs,
    };
  }

  /**
   * Sends a message: a string as text, bytes as binary. Resolves when the bytes may be reused and there is room for more;
   * awaiting it is the backpressure.
   *
   * @throws MessageError over 24 MiB, the limit of one event: send such a message in fragments; or when it is neither text nor bytes
   * @throws SessionError when the session is closed or broken
   */
  send(message: SendableMessage): Promise<void> {
    return this.sendFragment(message, { final: true });
  }

  /**
   * Sends a part of a message: one WebSocket frame at the model. All parts of a message have one type.
   *
   * @param options.final whether the message ends here
   * @throws MessageError over 24 MiB, the limit of one event, when it is neither text nor bytes, or when the message before was of
   * another type and is not ended
   * @throws SessionError when the session is closed or broken
   */
  sendFragment(data: SendableMessage, options: { readonly final: boolean }): Promise<void> {
    const fragment = outgoingFragment(data, options.final);
    return fragment ? this.#sendFragment(fragment) : Promise.reject(this.#failure ?? this.#kindFault(data));
  }

  /**
   * The next message, or `undefined` when the model has ended the stream in order.
   *
   * @param options.timeoutMs bound of the wait, in milliseconds. A message that comes later is not lost: the next reader has it.
   * @throws ReceiveTimeoutError
   * @throws SessionError
   */
  async receive(options: { readonly timeoutMs?: number } = {}): Promise<Message | undefined> {
    if (options.timeoutMs === undefined) return this.#read(() => this.#nextMessage());
    const waiting = { isOver: false };
    const read = this.#read(async () => {
      if (waiting.isOver) return undefined;
      const message = await this.#nextMessage();
      if (waiting.isOver && message !== undefined) this.#arrived.unshift(asFragment(message));
      return message;
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        waiting.isOver = true;
        reject(
          new ReceiveTimeoutError({
            what: `No message from "${this.#options.endpointName}" within ${options.timeoutMs} ms.`,
            why: 'The model has nothing to say, waits for more input, or hangs.',
            next: "Wait longer, or look into the container's log.",
            destination: this.#destination,
          }),
        );
      }, options.timeoutMs);
    });
    try {
      return await Promise.race([read, timeout]);
    } finally {
      clearTimeout(timer);
      read.catch(() => undefined); // the next reader meets it
    }
  }

  /** The messages until the orderly end. Leaving the loop early leaves the session open. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    const take = () => this.#nextMessage();
    return { next: async () => iteratorResult(await this.#read(take)) };
  }

  /**
   * The frames of the model until the orderly end, fragmentation included. Not with `resume`, which goes on with messages.
   *
   * @throws TypeError with `resume`
   */
  fragments(): AsyncIterable<Fragment> {
    if (this.#replay)
      throw new TypeError('A session with `resume` is read by message: a half-received one starts over.');
    const take = () => this.#nextFragment();
    return { [Symbol.asyncIterator]: () => ({ next: async () => iteratorResult(await this.#read(take)) }) };
  }

  /** Ends the input; the model may still answer. The platform closes the model's WebSocket in order. */
  async closeInput(): Promise<void> {
    if (this.#inputClosed) return;
    this.#inputClosed = true;
    clearTimeout(this.#keepAliveTimer);
    if (this.#resuming) await this.#resuming;
    await this.#stream.end();
  }

  /**
   * Ends the session in order: ends the input, waits for the last responses, releases the connection. What nobody has read by
   * then can still be read. Calling it again gives the same promise.
   *
   * @throws DrainTimeoutError when the responses do not end within `drainTimeoutMs`; the stream is then cut
   * @throws SessionError when the model ends with an error, unless it is the close of its WebSocket that the end of the input asks for
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /**
   * Ends the session at once. Whoever reads or writes gets the reason.
   *
   * @param reason an error to throw to them. Default: {@link SessionAbortedError}.
   */
  abort(reason?: unknown): void {
    if (this.#ended || this.#failure) return;
    const error =
      reason instanceof Error
        ? reason
        : new SessionAbortedError({
            what: `The session with "${this.#options.endpointName}" was aborted${reason === undefined ? '' : `: ${String(reason)}`}.`,
            why: 'abort() was called, or the abort signal fired.',
            next: 'Open a new session.',
            destination: this.#destination,
          });
    this.#finish(error);
  }

  /** {@link close}, for `await using`. A session that is broken or aborted already is left as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure) return;
    await this.close();
  }

  get #destination(): StreamDestination {
    return this.#stream?.destination ?? { endpointName: this.#options.endpointName };
  }

  /** Opens a stream, with retries, within the bound. */
  async #connect(): Promise<BidiStream> {
    const { retry = {}, openTimeoutMs = 30_000 } = this.#options;
    const maxAttempts = retry === false ? 1 : (retry.maxAttempts ?? 5);
    const deadline = performance.now() + openTimeoutMs;
    const { signal } = this.#over;
    for (let attempt = 1; ; attempt += 1) {
      this.#statistics.openAttempts += 1;
      try {
        const timeoutMs = Math.max(1, deadline - performance.now());
        const stream = await BidiStream.open(this.#client, this.#options, {
          timeoutMs,
          boundMs: openTimeoutMs,
          signal,
        });
        this.#streamOpenedAt = performance.now();
        return stream;
      } catch (error) {
        signal.throwIfAborted();
        const isRetryable = error instanceof SessionError && error.retryable && attempt < maxAttempts;
        if (!isRetryable || retry === false) throw error;
        const delayMs = retryDelayMs(attempt, retry);
        if (performance.now() + delayMs >= deadline) throw error;
        await delay(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  #sendFragment(fragment: Fragment): Promise<void> {
    const fault = this.#sendFault(fragment);
    if (fault) return Promise.reject(fault);
    const isFinal = fragment.completionState === CompletionState.COMPLETE;
    this.#fragmentedType = isFinal ? undefined : fragment.dataType;
    this.#lastSentAt = performance.now();
    this.#firstSentAt ??= this.#lastSentAt;
    this.#statistics.sentBytes += fragment.data.byteLength;
    if (isFinal) this.#statistics.sentMessages += 1;
    return this.#replay ? this.#sendReplayable(fragment, this.#replay) : this.#stream.write(fragment);
  }

  #sendFault(fragment: Fragment): Error | undefined {
    if (this.#failure) return this.#failure;
    const destination = this.#destination;
    if (this.#inputClosed) {
      return new SessionClosedError({
        what: `The input of the session with "${destination.endpointName}" is closed.`,
        why: 'close() or closeInput() was called before.',
        next: 'Send before closing, or open a new session.',
        destination,
      });
    }
    if (fragment.data.byteLength > EVENT_PAYLOAD_LIMIT_BYTES) {
      return new MessageError({
        what: `A payload of ${fragment.data.byteLength} bytes is over the ${EVENT_PAYLOAD_LIMIT_BYTES} bytes of one event.`,
        why: 'Each message or fragment travels as one event.',
        next: 'Send it in parts with sendFragment().',
        destination,
      });
    }
    if (this.#fragmentedType && this.#fragmentedType !== fragment.dataType) {
      return new MessageError({
        what: `A ${fragment.dataType} fragment cannot continue a ${this.#fragmentedType} message.`,
        why: 'A message before it was not ended with { final: true }.',
        next: 'End a fragmented message before another is sent.',
        destination,
      });
    }
    return undefined;
  }

  #kindFault(data: unknown): MessageError {
    return new MessageError({
      what: `A message has to be a string or bytes, not ${kindOf(data)}.`,
      why: 'Nothing says how anything else is to be written; it was not sent.',
      next: 'Send JSON.stringify(value) for an object, or `new Uint8Array(await blob.arrayBuffer())` for a Blob.',
      destination: this.#destination,
    });
  }

  /** Sends what will be sent again if the stream breaks. */
  async #sendReplayable(fragment: Fragment, replay: ReplayBuffer): Promise<void> {
    while (this.#resuming) await this.#resuming;
    if (this.#failure) throw this.#failure;
    const stream = this.#stream;
    const replaced = this.#replaced.promise;
    const kept = replay.append(fragment);
    try {
      await stream.write(kept);
    } catch (error) {
      // What has arrived may acknowledge this; what it does not acknowledge is replayed. Whoever reads goes through that;
      // with nobody there it is done here.
      await Promise.race([replaced, this.#read(() => this.#readOut(stream))]);
      if (this.#failure) throw this.#failure;
      if (this.#ended) throw error;
    }
  }

  /** Reads what a broken stream still holds, so that it counts as received, and goes on to the next stream. */
  async #readOut(stream: BidiStream): Promise<void> {
    for (;;) {
      const fragment = await this.#liveFragment(stream);
      if (!fragment) return;
      this.#keep(fragment);
    }
  }

  /** One reader at a time, in order. */
  async #read<Result>(take: () => Promise<Result>): Promise<Result> {
    while (this.#reading) await this.#reading;
    const taking = take();
    let release!: () => void;
    this.#reading = new Promise<void>(resolve => {
      release = resolve;
    });
    try {
      return await taking;
    } finally {
      this.#reading = undefined;
      release();
    }
  }

  async #nextMessage(): Promise<Message | undefined> {
    for (;;) {
      const early = this.#arrived.shift();
      // With resume, what arrived early was assembled and acknowledged as it arrived.
      if (early && this.#replay) return this.#decode(early);
      const fragment = early ?? (await this.#liveFragment());
      if (!fragment) return undefined;
      const message = this.#assemble(fragment);
      if (message !== undefined) return message;
    }
  }

  async #nextFragment(): Promise<Fragment | undefined> {
    return this.#arrived.shift() ?? this.#liveFragment();
  }

  /** The next fragment from the network, of whichever stream it takes, or of one only. */
  async #liveFragment(only?: BidiStream): Promise<Fragment | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#ended || (only && this.#stream !== only)) return undefined;
      try {
        const fragment = await this.#stream.next();
        if (fragment) return this.#count(fragment);
        if (!this.#metLimit()) {
          this.#finish();
          return undefined;
        }
        await this.#recover(this.#limitError());
      } catch (error) {
        await this.#recover(error as Error);
      }
    }
  }

  /** Keeps a fragment for whoever will ask. With resume it is assembled and acknowledged at once. */
  #keep(fragment: Fragment): void {
    if (!this.#replay) {
      this.#arrived.push(fragment);
      return;
    }
    const message = this.#assemble(fragment);
    if (message !== undefined) this.#arrived.push(asFragment(message));
  }

  #count(fragment: Fragment): Fragment {
    const statistics = this.#statistics;
    statistics.firstByteMs ??= this.#firstSentAt === undefined ? undefined : performance.now() - this.#firstSentAt;
    statistics.receivedBytes += fragment.data.byteLength;
    if (fragment.completionState === CompletionState.COMPLETE) statistics.receivedMessages += 1;
    return fragment;
  }

  #assemble(fragment: Fragment): Message | undefined {
    const message = this.#decode(fragment);
    if (message !== undefined && this.#replay) {
      const acknowledged = this.#options.resume!.acknowledge(message, this.#streamStart);
      if (acknowledged && this.#replay.acknowledge(acknowledged)) this.#fruitlessResumes = 0;
    }
    return message;
  }

  #decode(fragment: Fragment): Message | undefined {
    try {
      return this.#assembler.add(fragment);
    } catch (fault) {
      throw this.#finish(
        fault instanceof MessageFault
          ? new MessageError({
              what: `${fault.message}`,
              why: 'The model sent what this session cannot give as one message.',
              next: 'Raise `maxMessageBytes`, or read fragments().',
              destination: this.#destination,
              cause: fault,
            })
          : (fault as Error),
      );
    }
  }

  /** Whether an orderly end is the platform's, at the limit, and not the model's own. */
  #metLimit(): boolean {
    const ageMs = performance.now() - this.#streamOpenedAt;
    const isFinished = this.#inputClosed && !this.#replay?.isOutstanding;
    return !isFinished && ageMs >= SESSION_LIMIT_MS - SESSION_LIMIT_TOLERANCE_MS;
  }

  #limitError(): SessionLimitError {
    return new SessionLimitError({
      what: `The stream to "${this.#options.endpointName}" ended after ${SESSION_LIMIT_MS / 60_000} minutes.`,
      why: 'The platform ends every stream at that age.',
      next: 'Open a new session, or give `resume` to have it done.',
      destination: this.#destination,
    });
  }

  /** Goes on after a failure on another stream, or ends the session with it. */
  async #recover(error: Error): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (isOrderlyClose(error, this.#inputClosed)) {
      this.#finish();
      return;
    }
    if (!this.#mayResume(error)) throw this.#finish(this.#unresumed(error));
    this.#resuming = this.#resume(error);
    try {
      await this.#resuming;
    } catch (cause) {
      throw this.#finish(cause as Error);
    } finally {
      this.#resuming = undefined;
    }
  }

  #mayResume(error: Error): boolean {
    const { resume } = this.#options;
    if (!resume || !(error instanceof SessionError)) return false;
    if (this.#fruitlessResumes >= (resume.maxResumes ?? 3)) return false;
    return resume.resumable?.(error) ?? isResumable(error);
  }

  #unresumed(error: Error): Error {
    const { resume } = this.#options;
    return resume && !resume.resumable && error instanceof SessionError
      ? explainUnresumed(error, this.#destination)
      : error;
  }

  async #resume(error: Error): Promise<void> {
    const replay = this.#replay!;
    this.#fruitlessResumes += 1;
    this.#stream.abort(error);
    this.#assembler.reset();
    const lost = replay.abandon();
    this.#statistics.unreplayableMessages += lost.messages;
    this.#statistics.unreplayableBytes += lost.bytes;
    this.#statistics.roundTripMs = this.#stream.roundTripMs;
    const stream = await this.#connect();
    this.#stream = stream;
    this.#streamStart = replay.acknowledged;
    this.#statistics.resumes += 1;
    for (const message of this.#options.resume!.preamble?.() ?? []) {
      const fragment = outgoingFragment(message, true);
      if (!fragment) throw this.#kindFault(message);
      await stream.write(fragment);
    }
    for (const fragment of replay.fragments()) {
      this.#statistics.replayedBytes += fragment.data.byteLength;
      if (fragment.completionState === CompletionState.COMPLETE) this.#statistics.replayedMessages += 1;
      await stream.write(fragment);
    }
    if (this.#inputClosed) await stream.end();
    this.#replaced.resolve();
    this.#replaced = signalled();
  }

  async #close(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const { drainTimeoutMs = 15_000 } = this.#options;
    const timer = setTimeout(() => {
      this.#finish(
        new DrainTimeoutError({
          what: `The responses of "${this.#options.endpointName}" did not end within ${drainTimeoutMs} ms after the input.`,
          why: 'The model still works on what it got, or does not end its side.',
          next: 'Raise `drainTimeoutMs`, or abort() where the rest is not needed.',
          destination: this.#destination,
        }),
      );
    }, drainTimeoutMs);
    try {
      await this.closeInput();
      await this.#drain();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads the rest ahead of whoever may still ask for it. */
  async #drain(): Promise<void> {
    const drainOne = async (): Promise<boolean> => {
      if (this.#ended) return false;
      const fragment = await this.#liveFragment();
      if (!fragment) return false;
      this.#keep(fragment);
      return true;
    };
    while (await this.#read(drainOne));
  }

  #keepAlive(): void {
    const { keepAlive } = this.#options;
    if (!keepAlive || this.#inputClosed || this.#failure || this.#ended) return;
    const dueMs = this.#lastSentAt + keepAlive.intervalMs - performance.now();
    if (dueMs <= 0) {
      const message = keepAlive.message();
      this.#lastSentAt = performance.now();
      // A failure is the reader's to meet, who would else never learn that the message cannot be sent.
      if (message !== undefined && !this.#fragmentedType) {
        this.send(message).catch(error => {
          if (error instanceof MessageError) this.#finish(error);
        });
      }
    }
    this.#keepAliveTimer = setTimeout(() => this.#keepAlive(), dueMs > 0 ? dueMs : keepAlive.intervalMs).unref();
  }

  /** Ends the session, in order or for a reason, and releases what it holds. Returns the reason. */
  #finish(reason?: Error): Error {
    if (!this.#failure && !this.#ended) {
      if (reason) this.#failure = reason;
      else this.#ended = true;
      clearTimeout(this.#keepAliveTimer);
      this.#options.abortSignal?.removeEventListener('abort', this.#onAbort);
      this.#stream?.abort(reason);
      this.#over.abort(reason);
      this.#replaced.resolve();
      this.#ownClient?.destroy();
    }
    return this.#failure ?? reason!;
  }
}

/** A close of the model's WebSocket that the end of the input asked for. */
function isOrderlyClose(error: Error, inputClosed: boolean): boolean {
  return inputClosed && error instanceof ModelStreamClosedError && ORDERLY_CLOSE_CODES.has(error.closeCode ?? 0);
}

/** Normal closure, going away, and a close frame without a code (RFC 6455, section 7.4.1). */
const ORDERLY_CLOSE_CODES = new Set([1000, 1001, 1005]);

function isResumable(error: SessionError): boolean {
  return (
    error instanceof StreamInterruptedError || error instanceof SessionLimitError || error instanceof PlatformError
  );
}

function asFragment(message: Message): Fragment {
  const isText = typeof message === 'string';
  return {
    data: isText ? Buffer.from(message) : message,
    dataType: isText ? DataType.UTF8 : DataType.BINARY,
    completionState: CompletionState.COMPLETE,
  };
}

function signalled(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>(done => {
    resolve = done;
  });
  return { promise, resolve };
}

function iteratorResult<Value>(value: Value | undefined): IteratorResult<Value, undefined> {
  return value === undefined ? { done: true, value: undefined } : { done: false, value };
}

/** Refuses what the platform would refuse, all faults at once. */
function checkTarget(target: StreamTarget): void {
  const { endpointName, targetVariant, modelInvocationPath, modelQueryString } = target;
  const faults = [
    endpointNameFault(endpointName),
    targetVariant === undefined ? undefined : variantNameFault(targetVariant),
    modelInvocationPath === undefined ? undefined : invocationPathFault(modelInvocationPath),
    modelQueryString === undefined ? undefined : queryStringFault(modelQueryString),
  ].filter(fault => fault !== undefined);
  if (faults.length === 0) return;
  throw new InvalidRequestError({
    what: faults.join(' '),
    why: 'The API refuses it by pattern.',
    next: 'Correct what is named; nothing was sent.',
    code: 'ERR_BIDI_INVALID_TARGET',
    destination: { endpointName },
  });
}
