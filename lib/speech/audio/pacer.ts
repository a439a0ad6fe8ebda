import { setTimeout as sleep } from 'node:timers/promises';
import { AUDIO_CHUNK_MS } from '../../contract';

/** How {@link pace} lets audio go. */
export interface PaceOptions {
  /** Bytes of one second of the audio. */
  readonly bytesPerSecond: number;
  /**
   * Bytes that must not be parted: one sample of every channel.
   *
   * @default 2
   */
  readonly frameBytes?: number;
  /**
   * Audio in one piece, in milliseconds.
   *
   * @default 100
   */
  readonly chunkMs?: number;
  /**
   * Times real time; `Infinity` lets everything go at once.
   *
   * @default 1
   */
  readonly speed?: number;
  /**
   * Ends the waiting, and with it the audio, without an error.
   *
   * @default - none
   */
  readonly abortSignal?: AbortSignal;
}

/**
 * Cuts audio into pieces of equal length and lets each go when its time has come: 100 ms of audio every 100 ms, or faster.
 *
 * A piece's time follows from the bytes before it, not from the piece before, so rounding, slow timers and a slow receiver
 * add up to no drift: what is late goes at once until the schedule is met again.
 */
export async function* pace(
  audio: AsyncIterable<Uint8Array>,
  { bytesPerSecond, frameBytes = 2, chunkMs = AUDIO_CHUNK_MS, speed = 1, abortSignal }: PaceOptions,
): AsyncGenerator<Uint8Array, void> {
  const chunkBytes = Math.max(1, Math.round((bytesPerSecond * chunkMs) / 1_000 / frameBytes)) * frameBytes;
  const bytesPerMs = (bytesPerSecond * speed) / 1_000;
  let startedAt: number | undefined;
  let sentBytes = 0;
  for await (const chunk of inPieces(audio, chunkBytes)) {
    startedAt ??= performance.now();
    const waitMs = startedAt + sentBytes / bytesPerMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: abortSignal }).catch(unlessAborted);
    if (abortSignal?.aborted) return;
    sentBytes += chunk.length;
    yield chunk;
  }

  function unlessAborted(error: unknown): void {
    if (!abortSignal?.aborted) throw error;
  }
}

/** The same bytes in pieces of one length; only the last may be shorter. Copies where a piece spans two chunks, nowhere else. */
export async function* inPieces(source: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array, void> {
  let begun: Buffer | undefined;
  let filled = 0;
  for await (const chunk of source) {
    let offset = 0;
    if (begun) {
      offset = Math.min(length - filled, chunk.length);
      begun.set(chunk.subarray(0, offset), filled);
      filled += offset;
      if (filled < length) continue;
      yield begun;
      begun = undefined;
    }
    for (; chunk.length - offset >= length; offset += length) yield chunk.subarray(offset, offset + length);
    if (offset < chunk.length) {
      begun = Buffer.allocUnsafe(length);
      begun.set(chunk.subarray(offset));
      filled = chunk.length - offset;
    }
  }
  if (begun) yield begun.subarray(0, filled);
}
