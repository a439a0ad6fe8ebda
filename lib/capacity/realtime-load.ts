import { AUDIO_CHUNK_MS } from '../contract';
import type { TranscriptionEvent } from '../speech';
import type { RealtimeDialect, RealtimeMessage } from '../speech/models/realtime-transcription';
import type { LoadContext, LoadProtocol, LoadSession, LoadTarget } from './load-protocol';

/** The audio of a realtime load, and the dialect in which it is sent. */
export interface RealtimeLoadOptions {
  /** Makes the dialect of one session: it counts what the session heard. */
  readonly dialect: () => RealtimeDialect;
  /** 16-bit mono samples of the rate that the dialect declares; they are repeated until the session ends. */
  readonly samples: Uint8Array;
  /** Bytes of one second of the samples. */
  readonly bytesPerSecond: number;
  /**
   * Audio that a message without a time of its own covers, in seconds: vLLM sends one for each token.
   *
   * @default - messages tell the times of their words
   */
  readonly secondsPerPartial?: number;
  /**
   * Audio that may go unanswered before the session counts as late, in milliseconds.
   *
   * @default 3000
   */
  readonly answerIntervalMs?: number;
}

/** How far a session is, in milliseconds. */
interface Heard {
  /** When the stream's first sample is spoken. */
  startedAt: number;
  /** Audio that was sent. */
  spokenMs: number;
  /** Audio that answers covered. */
  coveredMs: number;
}

const ANSWER_INTERVAL_MS = 3_000;

/**
 * Speech in real time to a model of one of the dialects that came from OpenAI's realtime protocol. The lag is the time of words after
 * their audio: from the moment at which the audio that a message covers had been spoken, by the audio's own clock. A session that
 * waits for a free place gets no message, and so counts as late.
 */
export class RealtimeLoad implements LoadProtocol {
  readonly target: LoadTarget;

  constructor(private readonly options: RealtimeLoadOptions) {
    const { modelInvocationPath, modelQueryString } = options.dialect();
    this.target = { modelInvocationPath, ...(modelQueryString !== undefined && { modelQueryString }) };
  }

  async run(session: LoadSession, context: LoadContext): Promise<void> {
    const { samples, bytesPerSecond, answerIntervalMs = ANSWER_INTERVAL_MS } = this.options;
    const dialect = this.options.dialect();
    const chunkBytes = Math.round((bytesPerSecond * AUDIO_CHUNK_MS) / 1_000 / 2) * 2;
    const heard: Heard = { startedAt: Number.NaN, spokenMs: 0, coveredMs: 0 };
    context.watch(() =>
      heard.spokenMs > heard.coveredMs + answerIntervalMs
        ? heard.startedAt + heard.coveredMs + answerIntervalMs
        : undefined,
    );
    let fault: unknown;
    const receiving = this.receive(session, dialect, context, heard);
    receiving.catch((error: unknown) => {
      fault = error;
    });
    const say = async (messages: readonly RealtimeMessage[]) => {
      for (const message of messages) await session.send(JSON.stringify(message));
    };
    await say(dialect.opening);
    let offset = 0;
    for await (const dueAt of context.ticks(AUDIO_CHUNK_MS)) {
      // A piece is sent when its last sample has been spoken.
      if (Number.isNaN(heard.startedAt)) heard.startedAt = dueAt - AUDIO_CHUNK_MS;
      const chunk = samples.subarray(offset, offset + chunkBytes);
      offset = offset + chunkBytes >= samples.length ? 0 : offset + chunkBytes;
      await say(dialect.audio(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('base64')));
      if (fault) throw fault;
      heard.spokenMs += (chunk.length / bytesPerSecond) * 1_000;
      context.sent(chunk.length);
    }
    await say(dialect.closing);
    await receiving;
    await session.close();
  }

  /** Reads up to the model's own word that everything was sent. */
  private async receive(
    session: LoadSession,
    dialect: RealtimeDialect,
    context: LoadContext,
    heard: Heard,
  ): Promise<void> {
    for await (const message of session) {
      if (typeof message !== 'string') continue;
      const received = JSON.parse(message) as RealtimeMessage;
      const error = dialect.errorOf(received);
      if (error) throw new ModelError(`${error.code ?? 'error'}: ${error.message}`);
      for (const event of dialect.receive(received, heard.spokenMs / 1_000)) {
        if (event.type === 'done' && context.signal.aborted) return;
        this.take(event, message.length, context, heard);
      }
    }
    if (!context.signal.aborted) throw new StreamEnded('The endpoint ended the stream.');
  }

  private take(event: TranscriptionEvent, bytes: number, context: LoadContext, heard: Heard): void {
    if (event.type === 'done') {
      throw new StreamEnded('The model ended the transcription before the audio did: its context may be full.');
    }
    const coveredMs = this.coveredMs(event, heard.coveredMs);
    if (coveredMs === undefined) return;
    heard.coveredMs = coveredMs;
    // Tokens of the model's delay come beyond the audio that was spoken: they answer nothing.
    if (coveredMs <= heard.spokenMs) context.answered(heard.startedAt + coveredMs, bytes);
  }

  /** Audio that is covered after an event, in milliseconds, where the event tells. */
  private coveredMs(event: TranscriptionEvent, before: number): number | undefined {
    const { secondsPerPartial } = this.options;
    if (event.type === 'partial') return secondsPerPartial && before + secondsPerPartial * 1_000;
    return event.type === 'final' && event.words.length > 0 ? Math.max(before, event.end * 1_000) : undefined;
  }
}

/** The endpoint ended the stream before the load did. */
class StreamEnded extends Error {
  override name = 'StreamEnded';
}

/** The model reported an error. */
class ModelError extends Error {
  override name = 'ModelError';
}
