import { SESSION_LIMIT_MS } from '../contract';
import type { RawAudio } from './audio';
import { AudioTail } from './audio/audio-tail';
import { frameBytes } from './audio/frame-bytes';
import { PauseDetector } from './pause-detector';

/** Age of a stream at which another is opened, in milliseconds: early enough to wait for a pause. */
export const HAND_OVER_AFTER_MS = SESSION_LIMIT_MS - 3 * 60_000;

/** How long a pause is waited for, in milliseconds. Then the change is made within speech. */
const PAUSE_WAIT_MS = 2 * 60_000;

/** Shares of a model's own limit at which another stream is opened, and at which the change does not wait for a pause any more. */
const LIMIT_SHARE = 0.8;
const LIMIT_SHARE_WITHOUT_PAUSE = 0.97;

/** Audio that both streams hear where the change is made within speech, in seconds, and the largest share of a model's limit. */
const OVERLAP_SECONDS = 3;
const OVERLAP_SHARE = 0.1;

/** What a piece of audio leads to: another stream is to be opened, and the audio is to go on there, at a pause or within speech. */
export type HandOverMoment = 'soon' | 'at-pause' | 'within-speech';

/** Tells from the audio when its stream has to hand over to another one, and keeps what both have to hear where no pause comes. */
export class HandOverWatch {
  readonly bytesPerSecond: number;
  readonly frameBytes: number;
  private readonly pauses: PauseDetector;
  private sentBytes = 0;
  /** Where in the audio the present stream began, and when. */
  private startSeconds = 0;
  private startedAt = performance.now();
  private tail: AudioTail | undefined;

  /**
   * @param maxSeconds audio that one stream of the model may hold
   * @param afterMs age at which a stream hands over
   */
  constructor(
    audio: RawAudio,
    private readonly maxSeconds: number,
    private readonly afterMs: number,
  ) {
    this.frameBytes = frameBytes(audio);
    this.bytesPerSecond = audio.sampleRate * this.frameBytes;
    this.pauses = new PauseDetector(audio);
  }

  /** Audio that was sent to all streams, what two of them heard once, in seconds. */
  get sentSeconds(): number {
    return this.sentBytes / this.bytesPerSecond;
  }

  /** Where the present pause began, in seconds from the start of the present stream; where it is loud, how far that stream has come. */
  get pauseSeconds(): number {
    return this.heldSeconds - this.pauses.quietSeconds;
  }

  /** In words, how much of what the model can hold the present stream has; `undefined` while there is room. */
  get fullness(): string | undefined {
    if (this.heldSeconds < this.maxSeconds * LIMIT_SHARE) return undefined;
    return `${this.heldSeconds.toFixed(1)} of ${this.maxSeconds.toFixed(1)} s of audio`;
  }

  /** Takes note of the next piece of audio, which the present stream was sent. */
  sent(piece: Uint8Array): HandOverMoment | undefined {
    this.sentBytes += piece.length;
    const pauses = this.pauses.pausesAfter(piece);
    if (!this.isDue(this.afterMs, LIMIT_SHARE)) return undefined;
    this.tail ??= new AudioTail(this.overlapBytes());
    this.tail.push(piece);
    if (pauses) return 'at-pause';
    return this.isDue(this.afterMs + PAUSE_WAIT_MS, LIMIT_SHARE_WITHOUT_PAUSE) ? 'within-speech' : 'soon';
  }

  /** The audio before a change within speech, which the other stream hears too. */
  overlap(): Buffer {
    return this.tail?.bytes() ?? Buffer.alloc(0);
  }

  /** Another stream has taken over, from that second of the audio on. */
  changed(startSeconds: number): void {
    this.startSeconds = startSeconds;
    this.startedAt = performance.now();
    this.tail = undefined;
  }

  /** Audio that the present stream was sent, in seconds. */
  private get heldSeconds(): number {
    return this.sentSeconds - this.startSeconds;
  }

  /** Whether the present stream has reached an age, or a share of the audio that the model can hold. */
  private isDue(ageMs: number, share: number): boolean {
    return performance.now() - this.startedAt >= ageMs || this.heldSeconds >= this.maxSeconds * share;
  }

  private overlapBytes(): number {
    const seconds = Math.min(OVERLAP_SECONDS, this.maxSeconds * OVERLAP_SHARE);
    return Math.ceil(seconds * (this.bytesPerSecond / this.frameBytes)) * this.frameBytes;
  }
}
