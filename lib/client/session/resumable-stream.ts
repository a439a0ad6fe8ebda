import { CompletionState, SESSION_LIMIT_MS } from '../../contract';
import { explainUnresumed, interrupted, sessionLimit } from '../errors/explain-failure';
import {
  ModelStreamClosedError,
  SessionError,
  SessionLimitError,
  type StreamDestination,
} from '../errors/session-error';
import type { BidiStream, Fragment } from '../stream/bidi-stream';
import { type InputPosition, ReplayBuffer } from './replay-buffer';
import { isResumable, type ResumeOptions } from './resume';
import type { MutableStatistics } from './statistics';

/** A stream that ended this close to the limit, in milliseconds, met it. */
const SESSION_LIMIT_TOLERANCE_MS = 5_000;

/** Unacknowledged payload that is held for a replay, in bytes, unless `replayLimitBytes` says otherwise. */
const REPLAY_LIMIT_BYTES = 8 * 1024 * 1024;

/** Streams in a row that may end without anything acknowledged, unless `maxResumes` says otherwise. */
const MAX_RESUMES = 3;

/** Normal closure, going away, and a close frame without a code (RFC 6455, section 7.4.1). */
const ORDERLY_CLOSE_CODES = new Set([1000, 1001, 1005]);

/** Options of a {@link ResumableStream}. */
export interface ResumableStreamOptions {
  readonly endpointName: string;
  /** How to go on when a stream breaks; `undefined` not at all. */
  readonly resume: ResumeOptions | undefined;
  readonly statistics: MutableStatistics;
  /** Opens a stream. The signal is aborted, with its reason, when the whole input and output is over. */
  connect(signal: AbortSignal): Promise<BidiStream>;
  /** The frames that `resume.preamble` asks for on every stream after the first. */
  preamble(): Iterable<Fragment>;
  /** Called when a stream was replaced: a message that was received in part starts over. */
  onReplaced(): void;
  /** Called once, when nothing can be read or written any more. */
  onOver(): void;
}

/** Reads the remaining fragments for a later reader. */
type ReadOn = (next: () => Promise<Fragment | undefined>) => Promise<void>;

/**
 * Streams, one after the other, that carry one input and one output. When a stream breaks or meets the platform's limit of 30
 * minutes, another is opened and what was not acknowledged is sent again. Without `resume` it is one stream.
 */
export class ResumableStream {
  /** Where in the input the present stream began. */
  streamStart: InputPosition = { messages: 0, binaryBytes: 0 };
  /** The error that ended everything; `undefined` while a stream is open and after an orderly end. */
  failure: Error | undefined;
  /** Whether the model has ended the last stream in order. */
  ended = false;
  private stream!: BidiStream;
  private openedAt = 0;
  private inputClosed = false;
  private readonly replay: ReplayBuffer | undefined;
  private resuming: Promise<void> | undefined;
  private fruitlessResumes = 0;
  /** Resolves when the present stream is over: replaced by another, or the last. */
  private replaced = deferred();
  private readonly over = new AbortController();

  constructor(private readonly options: ResumableStreamOptions) {
    const { resume } = options;
    if (resume) this.replay = new ReplayBuffer(resume.replayLimitBytes ?? REPLAY_LIMIT_BYTES);
  }

  /** The stream that is read and written at present; `undefined` before the first is open. */
  get current(): BidiStream | undefined {
    return this.stream;
  }

  get destination(): StreamDestination {
    return this.stream?.destination ?? { endpointName: this.options.endpointName };
  }

  get isOver(): boolean {
    return this.ended || this.failure !== undefined;
  }

  /** Opens the first stream. */
  async open(): Promise<void> {
    try {
      await this.connect();
    } catch (error) {
      throw this.finish(error as Error);
    }
  }

  /**
   * Sends a fragment. Resolves when the bytes may be reused and there is room for more.
   *
   * @param readOn reads what a broken stream still holds, so that it counts as received, and goes on to the next stream
   */
  async write(fragment: Fragment, readOn: ReadOn): Promise<void> {
    if (!this.replay) return this.stream.write(fragment);
    while (this.resuming) await this.resuming;
    if (this.failure) throw this.failure;
    const { stream, replaced } = this;
    const kept = this.replay.append(fragment);
    try {
      await stream.write(kept);
    } catch (error) {
      // Messages that have arrived may acknowledge the fragment; otherwise it is replayed. So they are read first: by the reader
      // that is waiting, else here.
      await Promise.race([replaced.promise, readOn(() => this.read(stream))]);
      if (this.failure) throw this.failure;
      if (this.ended) throw error;
    }
  }

  /**
   * The next fragment, of the present stream or of its replacement; `undefined` at the orderly end. Must not be called again
   * before it settles.
   */
  next(): Promise<Fragment | undefined> {
    return this.read();
  }

  /**
   * Ends the input.
   *
   * @param readOn as for {@link write}
   */
  async end(readOn: ReadOn): Promise<void> {
    this.inputClosed = true;
    while (this.resuming) await this.resuming;
    if (this.failure || !this.replay) return this.stream.end();
    const { stream, replaced } = this;
    try {
      await stream.end();
    } catch {
      // The stream that takes over is ended once it has got the replay.
      await Promise.race([replaced.promise, readOn(() => this.read(stream))]);
      if (this.failure) throw this.failure;
    }
  }

  /** Notes how much of the input need not be sent again. */
  acknowledge(position: Partial<InputPosition> | undefined): void {
    if (position && this.replay?.acknowledge(position)) this.fruitlessResumes = 0;
  }

  /** Ends everything, in order or for a reason. Returns the reason that ended it first. */
  finish(reason?: Error): Error {
    if (!this.isOver) {
      if (reason) this.failure = reason;
      else this.ended = true;
      this.stream?.abort(reason);
      this.over.abort(reason);
      this.replaced.resolve();
      this.options.onOver();
    }
    return this.failure ?? reason!;
  }

  private async connect(): Promise<void> {
    this.stream = await this.options.connect(this.over.signal);
    this.openedAt = performance.now();
  }

  /** The next fragment: of the present stream or its replacements, or of one stream only. */
  private async read(only?: BidiStream): Promise<Fragment | undefined> {
    for (;;) {
      if (this.failure) throw this.failure;
      if (this.ended || (only && this.stream !== only)) return undefined;
      try {
        const fragment = await this.stream.next();
        if (fragment) return fragment;
      } catch (error) {
        await this.recover(error as Error);
        continue;
      }
      if (!this.metLimit() && (this.options.resume?.isFinished?.() ?? true)) {
        this.finish();
        return undefined;
      }
      await this.recover(interrupted('the model ended it too early.', this.destination));
    }
  }

  /** Goes on after a failure on another stream, or ends with it. */
  private async recover(failure: Error): Promise<void> {
    if (this.failure) throw this.failure;
    const error = failure instanceof SessionError && this.metLimit() ? this.limitError(failure) : failure;
    if (isOrderlyClose(error, this.inputClosed)) {
      this.finish();
      return;
    }
    if (!this.mayResume(error)) throw this.finish(this.explain(error));
    const connected = this.replace(error);
    // The reader goes on at once: a model that answers while it is sent the input again must find its answers taken.
    const resuming: Promise<void> = connected.then(
      stream => this.sendAgain(stream),
      () => undefined,
    );
    this.resuming = resuming;
    void resuming.then(() => {
      if (this.resuming === resuming) this.resuming = undefined;
    });
    try {
      await connected;
    } catch (cause) {
      throw this.finish(cause as Error);
    }
  }

  private mayResume(error: Error): error is SessionError {
    const { resume } = this.options;
    return this.isWorthAnother(error) && this.fruitlessResumes < (resume?.maxResumes ?? MAX_RESUMES);
  }

  /** Whether the failure is of a kind after which another stream goes on. */
  private isWorthAnother(error: Error): error is SessionError {
    const { resume } = this.options;
    if (!resume || !(error instanceof SessionError)) return false;
    return resume.resumable?.(error) ?? isResumable(error);
  }

  private explain(error: Error): Error {
    const { resume } = this.options;
    const mayTellHow = resume && !resume.resumable && error instanceof SessionError;
    return mayTellHow ? explainUnresumed(error, this.destination) : error;
  }

  /** Opens another stream in place of the present one. */
  private async replace(reason: Error): Promise<BidiStream> {
    const { statistics } = this.options;
    const replay = this.replay!;
    this.fruitlessResumes += 1;
    this.stream.abort(reason);
    this.options.onReplaced();
    const lost = replay.abandon();
    statistics.unreplayableMessages += lost.messages;
    statistics.unreplayableBytes += lost.bytes;
    statistics.roundTripMs = this.stream.roundTripMs;
    await this.connect();
    statistics.resumes += 1;
    this.streamStart = replay.acknowledged;
    this.replaced.resolve();
    this.replaced = deferred();
    return this.stream;
  }

  /** Sends the messages that were not acknowledged. If the stream breaks meanwhile, its reader replaces it. */
  private async sendAgain(stream: BidiStream): Promise<void> {
    const { statistics } = this.options;
    const fragments = [...this.replay!.fragments()];
    let preamble: Fragment[];
    try {
      preamble = [...this.options.preamble()];
    } catch (error) {
      this.finish(error as Error);
      return;
    }
    try {
      for (const fragment of preamble) await stream.write(fragment);
      for (const fragment of fragments) {
        statistics.replayedBytes += fragment.data.byteLength;
        if (fragment.completionState === CompletionState.COMPLETE) statistics.replayedMessages += 1;
        await stream.write(fragment);
      }
      if (this.inputClosed) await stream.end();
    } catch (error) {
      // Writers learn of a break before its reader, who replaces the stream once more.
      if (!stream.isOver && !this.isWorthAnother(error as Error)) this.finish(error as Error);
    }
  }

  /** Whether a stream that ends now ends by the platform's limit rather than because the model has finished. */
  private metLimit(): boolean {
    const ageMs = performance.now() - this.openedAt;
    const isFinished = this.inputClosed && !this.replay?.isOutstanding;
    return !isFinished && ageMs >= SESSION_LIMIT_MS - SESSION_LIMIT_TOLERANCE_MS;
  }

  private limitError(cause?: SessionError): SessionLimitError {
    return cause instanceof SessionLimitError ? cause : sessionLimit(this.destination, cause);
  }
}

/** A close of the model's WebSocket that the end of the input asked for. */
function isOrderlyClose(error: Error, inputClosed: boolean): boolean {
  return inputClosed && error instanceof ModelStreamClosedError && ORDERLY_CLOSE_CODES.has(error.closeCode ?? 0);
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>(done => {
    resolve = done;
  });
  return { promise, resolve };
}
