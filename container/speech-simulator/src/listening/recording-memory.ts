/** How long an interrupted session is remembered: callers resume within seconds. */
const REMEMBERED_MS = 5 * 60_000;

/** How many interrupted sessions are remembered. */
const REMEMBERED_SESSIONS = 256;

/** Where landmarks lie in some audio, in seconds from its beginning. */
export type Places = ReadonlyMap<string, number>;

/**
 * Knows where audio is that it has met before, so that a session that goes on after a cut goes on in the script, too. It
 * knows the script's own recording always, and the audio of sessions that were cut until it is resumed or forgotten.
 */
export class RecordingMemory {
  private readonly interrupted: { places: Places; forgetAtMs: number }[] = [];

  /** @param recording where the landmarks of the script's recording lie */
  constructor(private readonly recording: Places) {}

  /** Whether there is anything that a new session's audio could be found in. */
  get isEmpty(): boolean {
    return this.recording.size === 0 && this.interrupted.length === 0;
  }

  /** Where a landmark lies in audio met before, in seconds, or undefined. */
  find(landmark: string): number | undefined {
    const nowMs = performance.now();
    while (this.interrupted[0] && this.interrupted[0].forgetAtMs < nowMs) this.interrupted.shift();
    // The latest first: a session that was cut twice is found where it was cut last.
    const session = this.interrupted.findLast(({ places }) => places.has(landmark));
    return session?.places.get(landmark) ?? this.recording.get(landmark);
  }

  /** Remembers a session that ended in the middle of its audio. */
  interrupt(places: Places): void {
    if (places.size === 0) return;
    this.interrupted.push({ places, forgetAtMs: performance.now() + REMEMBERED_MS });
    if (this.interrupted.length > REMEMBERED_SESSIONS) this.interrupted.shift();
  }
}
