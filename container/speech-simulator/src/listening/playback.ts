import { round, type Script, type ScriptedWord } from '../script';
import { LandmarkFinder } from './landmarks';
import type { RecordingMemory } from './recording-memory';

/** Audio after which a session plays from the script's beginning when nothing of it was met before, in seconds. */
const RECOGNITION_SECONDS = 1;

/** Landmarks of one session that are kept: more than 30 minutes of speech have. */
const LANDMARK_LIMIT = 40_000;

/** One session's way through the script: the words that its audio has reached, in the session's own time. */
export class Playback {
  private position = 0;
  /** Where the session began in the script. */
  private firstPosition = 0;
  /**
   * Difference of the script's time to the session's, in seconds: above 0 where the session goes on after a cut, below where something
   * else comes before the recording.
   */
  private aheadSeconds = 0;
  private isPlaced: boolean;
  private readonly finder = new LandmarkFinder();
  /** Landmarks of this session's audio, in seconds of the script. */
  private readonly places = new Map<string, number>();

  constructor(
    private readonly script: Script,
    private readonly memory: RecordingMemory,
  ) {
    this.isPlaced = memory.isEmpty;
  }

  /** Words that the session has been given. */
  get words(): number {
    return this.position - this.firstPosition;
  }

  /**
   * Takes the audio's bytes, to find where the session is in audio that was met before.
   *
   * @param secondsAt the time of a byte position of the session's audio
   */
  hear(bytes: Buffer, secondsAt: (position: number) => number): void {
    for (const { name, at } of this.finder.find(bytes)) {
      const seconds = secondsAt(at);
      const known = this.isPlaced ? undefined : this.memory.find(name);
      if (known !== undefined) this.goOn(known - seconds);
      if (this.places.size < LANDMARK_LIMIT && !this.places.has(name)) this.places.set(name, seconds);
    }
  }

  /** Whether the words may be played: it is known where the audio begins in the script, or taken to begin with it. */
  canPlay(receivedSeconds: number): boolean {
    this.isPlaced ||= receivedSeconds >= RECOGNITION_SECONDS;
    return this.isPlaced;
  }

  /** The next word that the audio has not yet passed. */
  get next(): ScriptedWord | undefined {
    const word = this.script.word(this.position);
    if (word === undefined || this.aheadSeconds === 0) return word;
    const start = Math.max(0, round(word.start - this.aheadSeconds));
    return { ...word, start, end: round(word.end - this.aheadSeconds) };
  }

  /** Takes the words that end no later than a time of the session. */
  take(time: number): ScriptedWord[] {
    const words: ScriptedWord[] = [];
    for (let word = this.next; word !== undefined && word.end <= time; word = this.next) {
      words.push(word);
      this.position += 1;
    }
    return words;
  }

  /** The session ended in the middle of its audio: another may go on with it. */
  interrupt(): void {
    const places = new Map<string, number>();
    for (const [name, seconds] of this.places) places.set(name, seconds + this.aheadSeconds);
    this.memory.interrupt(places);
  }

  private goOn(aheadSeconds: number): void {
    this.isPlaced = true;
    // The same audio from its beginning, within the rounding of times.
    if (Math.abs(aheadSeconds) < 0.001) return;
    this.aheadSeconds = aheadSeconds;
    // A word whose end was before the cut has been told by then.
    for (let word = this.script.word(0); word !== undefined && word.end <= aheadSeconds; ) {
      this.position += 1;
      word = this.script.word(this.position);
    }
    this.firstPosition = this.position;
  }
}
