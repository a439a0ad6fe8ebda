import { AUDIO_CHUNK_MS } from '../contract';
import type { LoadContext, LoadProtocol, LoadSession, LoadTarget } from './load-protocol';

/** The audio of a listen load. */
export interface ListenLoadOptions {
  readonly target: LoadTarget;
  /** Bare samples; they are repeated until the session ends. */
  readonly samples: Uint8Array;
  /** Bytes of one second of the samples. */
  readonly bytesPerSecond: number;
  /** The message that asks for the remaining results and the end. */
  readonly closeMessage: string;
  /**
   * Audio that may go unanswered before the session counts as late, in milliseconds.
   *
   * @default 3000: with interim results, Deepgram answers about once a second of audio
   */
  readonly answerIntervalMs?: number | undefined;
}

const ANSWER_INTERVAL_MS = 3_000;

/** The parts of Deepgram's messages that tell which audio they cover, in seconds from the start of the stream. */
interface Answer {
  readonly type?: string;
  readonly start?: number;
  readonly duration?: number;
  readonly audio_window_end?: number;
}

/**
 * Speech in real time to Deepgram's listen paths. The lag of a result is the time from the moment at which the audio that it covers had
 * been spoken, by the audio's own clock.
 */
export class ListenLoad implements LoadProtocol {
  constructor(private readonly options: ListenLoadOptions) {}

  get target(): LoadTarget {
    return this.options.target;
  }

  async run(session: LoadSession, context: LoadContext): Promise<void> {
    const { samples, bytesPerSecond, closeMessage, answerIntervalMs = ANSWER_INTERVAL_MS } = this.options;
    const chunkBytes = Math.round((bytesPerSecond * AUDIO_CHUNK_MS) / 1_000 / 2) * 2;
    /** When the stream's first sample is spoken. */
    let startedAt: number | undefined;
    let spokenMs = 0;
    let coveredMs = 0;
    context.watch(() =>
      startedAt !== undefined && spokenMs > coveredMs + answerIntervalMs
        ? startedAt + coveredMs + answerIntervalMs
        : undefined,
    );
    let fault: unknown;
    const receiving = (async () => {
      for await (const message of session) {
        if (typeof message !== 'string') continue;
        const answer = JSON.parse(message) as Answer;
        const untilSeconds = coveredUntil(answer);
        if (untilSeconds === undefined || startedAt === undefined) continue;
        coveredMs = Math.max(coveredMs, untilSeconds * 1_000);
        context.answered(startedAt + untilSeconds * 1_000, message.length);
      }
      if (!context.signal.aborted) throw new StreamEnded('The endpoint ended the stream.');
    })();
    receiving.catch((error: unknown) => {
      fault = error;
    });
    let offset = 0;
    for await (const dueAt of context.ticks(AUDIO_CHUNK_MS)) {
      // A piece is sent when its last sample has been spoken.
      startedAt ??= dueAt - AUDIO_CHUNK_MS;
      const chunk = samples.subarray(offset, offset + chunkBytes);
      offset = offset + chunkBytes >= samples.length ? 0 : offset + chunkBytes;
      await session.send(chunk);
      if (fault) throw fault;
      spokenMs += (chunk.length / bytesPerSecond) * 1_000;
      context.sent(chunk.length);
    }
    await session.send(closeMessage);
    await receiving;
    await session.close();
  }
}

/** The endpoint ended the stream before the load did. */
class StreamEnded extends Error {
  override name = 'StreamEnded';
}

function coveredUntil({ type, start, duration, audio_window_end: windowEnd }: Answer): number | undefined {
  if (type === 'Results' && start !== undefined && duration !== undefined) return start + duration;
  return type === 'TurnInfo' ? windowEnd : undefined;
}
