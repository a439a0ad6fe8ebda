import { BidiSession } from '../../client/session/bidi-session';
import type { TranscriptionEvent } from '../events';
import { MessageQueue } from '../message-queue';
import type { SpeechProtocol, SpeechTarget, TranscriptionStream } from '../model';
import { SpeechIncompleteError, SpeechModelError } from '../speech-error';

/** A message of the dialects that came from OpenAI's realtime protocol: JSON in a text frame. */
export interface RealtimeMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The messages of one of these dialects, and how its events are read. */
export interface RealtimeDialect {
  readonly protocol: SpeechProtocol;
  readonly modelInvocationPath: string;
  readonly modelQueryString?: string;
  /** The first message, sent after the model's first event. */
  readonly opening: readonly RealtimeMessage[];
  /** Makes the message that carries audio. */
  audio(base64: string): readonly RealtimeMessage[];
  /** The messages that end the input. */
  readonly closing: readonly RealtimeMessage[];
  /** The events of a message. `done` among them says that the model has sent everything. */
  receive(message: RealtimeMessage, sentSeconds: number): readonly TranscriptionEvent[];
  /** The error that a message reports. */
  errorOf(message: RealtimeMessage): { readonly message: string; readonly code?: string } | undefined;
  /** Why the model's word that everything was sent is not true of all the audio, where its message shows that. */
  truncation?(message: RealtimeMessage, sentSeconds: number, isInputEnded: boolean): string | undefined;
  /** Whether the model answers audio as it comes, speech or not: silence then means that it does not work on it. */
  readonly answersAudio: boolean;
  /** Why the model may be silent. */
  readonly silence: string;
}

/** Events that wait for a consumer before the model is slowed down. */
const QUEUE_LIMIT = 256;

/** How long the model may be silent after the end of the input, in milliseconds. */
const DRAIN_MS = 60_000;

/** A transcription in a dialect that came from OpenAI's realtime protocol. */
export class RealtimeTranscription implements TranscriptionStream {
  /**
   * @param bytesPerSecond of the audio that will be sent
   *
   * @throws SessionError when the stream cannot be opened.
   */
  static async open(
    dialect: RealtimeDialect,
    { drainTimeoutMs = DRAIN_MS, ...target }: SpeechTarget,
    bytesPerSecond: number,
  ): Promise<RealtimeTranscription> {
    const { modelInvocationPath, modelQueryString } = dialect;
    const session = await BidiSession.open({ ...target, modelInvocationPath, modelQueryString });
    const stream = new RealtimeTranscription(dialect, session, bytesPerSecond, drainTimeoutMs);
    for (const message of dialect.opening) await session.send(JSON.stringify(message));
    return stream;
  }

  readonly events = new MessageQueue<TranscriptionEvent>(QUEUE_LIMIT);
  complete = false;
  private sentBytes = 0;
  private lastText = '';
  private readonly received: Promise<void>;
  private timer: NodeJS.Timeout | undefined;
  private failure: unknown;
  private isInputEnded = false;
  private hasAnswered = false;

  private constructor(
    private readonly dialect: RealtimeDialect,
    private readonly session: BidiSession,
    private readonly bytesPerSecond: number,
    private readonly drainTimeoutMs: number,
  ) {
    this.received = this.receive();
  }

  async send(audio: Uint8Array): Promise<void> {
    if (audio.length === 0) return;
    this.sentBytes += audio.length;
    if (this.dialect.answersAudio && !this.hasAnswered && !this.isInputEnded) this.timer ??= this.patience();
    const base64 = Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength).toString('base64');
    for (const message of this.dialect.audio(base64)) await this.session.send(JSON.stringify(message));
  }

  async finish(): Promise<void> {
    this.events.unbound();
    this.isInputEnded = true;
    try {
      for (const message of this.dialect.closing) await this.session.send(JSON.stringify(message));
    } catch (error) {
      await this.received;
      throw this.failure ?? error;
    }
    clearTimeout(this.timer);
    this.timer = this.patience();
    await this.received;
    if (this.failure) throw this.failure;
  }

  abort(reason?: Error): void {
    this.session.abort(reason);
  }

  /** Ends the stream when the model is silent for too long. */
  private patience(): NodeJS.Timeout {
    return setTimeout(() => this.session.abort(this.incomplete(this.dialect.silence)), this.drainTimeoutMs);
  }

  private async receive(): Promise<void> {
    try {
      for await (const received of this.session) {
        this.timer?.refresh();
        if (await this.take(received)) break;
      }
      if (!this.complete) throw this.incomplete('The model closed its WebSocket first.');
      await this.session.close().catch(() => undefined); // everything was sent; how the container closes does not matter
    } catch (error) {
      this.failure =
        error instanceof SpeechModelError || error instanceof SpeechIncompleteError
          ? error
          : this.incomplete((error as Error).message.split('\n')[0]!, error);
      this.session.abort(error);
    }
    clearTimeout(this.timer);
    this.events.end(this.failure);
  }

  /** Queues the events of a message. Returns whether the model has sent everything. */
  private async take(received: string | Uint8Array): Promise<boolean> {
    const message = parse(received);
    if (!message) return false;
    const error = this.dialect.errorOf(message);
    if (error) throw new SpeechModelError(this.dialect.protocol, error.message, error.code);
    const sentSeconds = this.sentBytes / this.bytesPerSecond;
    const truncation = this.dialect.truncation?.(message, sentSeconds, this.isInputEnded);
    for (const event of this.dialect.receive(message, sentSeconds)) {
      if (!this.hasAnswered) this.answered();
      if (event.type === 'done' && truncation !== undefined) {
        throw new SpeechIncompleteError(this.dialect.protocol, truncation, 'The final text holds what was heard.');
      }
      if (event.type === 'partial') this.lastText = event.text;
      if (event.type === 'done') this.complete = true;
      await this.events.push(event);
    }
    return this.complete;
  }

  /** The model works on the audio: from here on, silence counts only after the end of the input. */
  private answered(): void {
    this.hasAnswered = true;
    if (!this.isInputEnded) clearTimeout(this.timer);
  }

  private incomplete(why: string, cause?: unknown): SpeechIncompleteError {
    const certain = this.lastText ? 'The partial text so far is not final.' : 'Nothing was heard before.';
    return new SpeechIncompleteError(this.dialect.protocol, why, certain, cause);
  }
}

function parse(received: string | Uint8Array): RealtimeMessage | undefined {
  if (typeof received !== 'string') return undefined;
  try {
    const message = JSON.parse(received) as RealtimeMessage | null;
    return typeof message?.type === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
