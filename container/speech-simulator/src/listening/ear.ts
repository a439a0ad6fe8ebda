/**
 * Audio that is heard at once although it came faster than it is spoken, in seconds. Chunks arrive whole and a little
 * uneven; a model does not wait for their last sample's time.
 */
const LEAD_SECONDS = 1;

/** How much of the received audio has been heard by now: audio that comes faster than it is spoken waits its turn. */
export class Ear {
  /** When the received audio would be over if it was played as it came. */
  private overAtMs = 0;
  private receivedSeconds = 0;

  /** @param speed seconds of audio heard in a second; `Infinity` hears everything at once */
  constructor(private readonly speed: number) {}

  /** Takes note of the audio received so far. */
  received(seconds: number, nowMs: number): void {
    this.overAtMs = Math.max(this.overAtMs, nowMs) + ((seconds - this.receivedSeconds) * 1000) / this.speed;
    this.receivedSeconds = seconds;
  }

  /** How long until the audio up to a moment of it is heard, in milliseconds; 0 or less when it is. */
  waitMs(seconds: number, nowMs: number): number {
    const later = this.receivedSeconds - seconds + LEAD_SECONDS;
    return this.overAtMs - (later * 1000) / this.speed - nowMs;
  }

  /** When the received audio is over: until then the caller is not silent. */
  get overMs(): number {
    return this.overAtMs;
  }
}
