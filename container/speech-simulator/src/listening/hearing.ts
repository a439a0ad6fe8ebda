import type { WebSocket } from 'ws';
import { round, type ScriptedWord } from '../script';
import { HIGH_WATER_BYTES } from '../streaming/streaming-server';
import type { AudioClock } from './audio-clock';
import { Ear } from './ear';
import type { Playback } from './playback';

/**
 * The step in which the script is played, in seconds of audio. What is sent depends on the audio's time alone, not on how
 * the audio was cut into messages.
 */
const STEP_SECONDS = 0.05;

/** How soon a caller that does not read its answers is looked at again, in milliseconds. */
const SLOW_READER_MS = 50;

/** Audio in, the script's words as the audio reaches them. */
export class Hearing {
  /** Seconds of audio that are heard. */
  time = 0;
  private readonly ear: Ear;
  private timer: NodeJS.Timeout | undefined;
  private hasEnded = false;

  /**
   * @param speed seconds of audio heard in a second; `Infinity` hears everything at once
   * @param step audio has advanced by one step, during which these words came to their end
   */
  constructor(
    private readonly webSocket: WebSocket,
    private readonly clock: AudioClock,
    private readonly playback: Playback,
    speed: number,
    private readonly step: (heard: readonly ScriptedWord[]) => void,
  ) {
    this.ear = new Ear(speed);
    webSocket.on('close', () => {
      if (!this.hasEnded) playback.interrupt();
      this.end();
    });
  }

  /** Seconds of audio received. */
  get receivedSeconds(): number {
    return this.clock.seconds;
  }

  /** Words of the script that were heard. */
  get words(): number {
    return this.playback.words;
  }

  /** When the received audio is over at the pace of the ear (`performance.now()`). */
  get overMs(): number {
    return this.ear.overMs;
  }

  /** Whether the script says that someone is speaking at this moment. */
  get speaking(): boolean {
    const { next } = this.playback;
    return next !== undefined && next.start < this.time;
  }

  /** When the word that is being spoken began, in seconds. */
  get speechStart(): number | undefined {
    return this.speaking ? this.playback.next?.start : undefined;
  }

  /**
   * Takes the next bytes of the audio.
   *
   * @throws UndecodableAudioError
   */
  receive(bytes: Buffer): void {
    const header = this.clock.receive(bytes);
    this.playback.hear(header > 0 ? bytes.subarray(header) : bytes, position => this.clock.secondsAt(position));
    this.ear.received(this.clock.seconds, performance.now());
    this.advance();
  }

  /** Plays the script up to the last byte of audio received, at once, also between two steps. */
  catchUp(): void {
    this.playback.canPlay(Number.POSITIVE_INFINITY);
    this.advance(true);
    const received = round(this.clock.seconds);
    if (received > this.time) this.stepTo(received);
  }

  /** Hears no more: the session has come to its orderly end. */
  end(): void {
    this.hasEnded = true;
    clearTimeout(this.timer);
  }

  private advance(isAtOnce = false): void {
    clearTimeout(this.timer);
    if (!this.playback.canPlay(this.clock.seconds)) return;
    while (!this.hasEnded && round(this.time + STEP_SECONDS) <= this.clock.seconds) {
      // After a step that was cut short the steps fall back into their beat.
      const next = round((Math.floor(round(this.time / STEP_SECONDS)) + 1) * STEP_SECONDS);
      if (!isAtOnce) {
        const waitMs = this.ear.waitMs(next, performance.now());
        const isSlow = this.webSocket.bufferedAmount > HIGH_WATER_BYTES;
        if (waitMs > 0 || isSlow) {
          this.timer = setTimeout(() => this.advance(), isSlow ? SLOW_READER_MS : waitMs);
          return;
        }
      }
      this.stepTo(next);
    }
  }

  private stepTo(time: number): void {
    this.time = time;
    this.step(this.playback.take(time));
  }
}
