import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AudioClock } from './listening/audio-clock';
import { LandmarkFinder } from './listening/landmarks';
import type { Places } from './listening/recording-memory';
import sampleLandmarks from './sample.landmarks.json';
import sample from './sample.script.json';

/** One word of a script; times in seconds from the beginning of the audio. */
export interface ScriptedWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly confidence: number;
  /** The word as it stands in a sentence, with its capital and its full stop. */
  readonly punctuated_word: string;
  readonly language?: string;
  readonly speaker?: number;
}

/** Time that a word takes when a transcript comes without times, in seconds. */
const WORD_SECONDS = 0.3;
const GAP_SECONDS = 0.05;
/** The pause after a sentence, in seconds. */
const SENTENCE_PAUSE_SECONDS = 0.5;

/** A script that cannot be played. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/** The words that the simulator reports as spoken, with their times. */
export class Script {
  /**
   * @param repeatEverySeconds begins again after this much audio, for audio of any length; undefined plays once
   * @param recording where the landmarks of the recording lie whose words these are, in seconds
   */
  private constructor(
    private readonly words: readonly ScriptedWord[],
    private readonly repeatEverySeconds: number | undefined,
    readonly recording: Places = new Map(),
  ) {}

  /** The script of the sample recording, for when none is given. */
  static sample(): Script {
    return Script.fromJson(sample, new Map(Object.entries(sampleLandmarks)));
  }

  /**
   * Reads `{"words": [{"word", "start", "end", "confidence"?, "punctuated_word"?, "language"?, "speaker"?}], "repeat_every"?,
   * "recording"?}`, where the recording is the path of a WAV file beside the script.
   *
   * @throws ScriptError that names the word at fault
   */
  static fromFile(path: string): Script {
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      throw new ScriptError(`The script ${path} cannot be read: ${(error as Error).message}`);
    }
    try {
      return Script.fromJson(json, readRecording((json as { recording?: unknown } | null)?.recording, dirname(path)));
    } catch (error) {
      throw new ScriptError(`The script ${path} cannot be played: ${(error as Error).message}`);
    }
  }

  /** A script with one word after the other, a pause after each sentence. */
  static fromText(text: string): Script {
    const words: ScriptedWord[] = [];
    let start = 0;
    for (const punctuated of text.split(/\s+/).filter(word => word !== '')) {
      const bare = punctuated.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '').toLowerCase();
      const end = round(start + WORD_SECONDS);
      words.push({ word: bare || punctuated, start, end, confidence: 0.99, punctuated_word: punctuated });
      start = round(end + (endsSentence(punctuated) ? SENTENCE_PAUSE_SECONDS : GAP_SECONDS));
    }
    return new Script(words, undefined);
  }

  private static fromJson(json: unknown, recording: Places): Script {
    const { words, repeat_every: repeatEvery } = (json ?? {}) as { words?: unknown; repeat_every?: unknown };
    if (!Array.isArray(words)) throw new ScriptError('It needs an array "words".');
    let previousEnd = 0;
    const read = words.map((entry: Partial<ScriptedWord> | null, index): ScriptedWord => {
      const { word, start, end, confidence = 0.99, punctuated_word = word, language, speaker } = entry ?? {};
      if (typeof word !== 'string' || typeof start !== 'number' || typeof end !== 'number') {
        throw new ScriptError(`Word ${index} needs "word", "start" and "end".`);
      }
      if (start < previousEnd || end <= start) {
        throw new ScriptError(
          `Word ${index} ("${word}", ${start} to ${end} s) must begin after the one before and end later.`,
        );
      }
      previousEnd = end;
      return { word, start, end, confidence, punctuated_word: punctuated_word ?? word, language, speaker };
    });
    if (
      repeatEvery !== undefined &&
      !(typeof repeatEvery === 'number' && repeatEvery >= previousEnd && repeatEvery > 0)
    ) {
      throw new ScriptError('"repeat_every" must be a number of seconds after the last word.');
    }
    return new Script(read, repeatEvery, recording);
  }

  /** The word at a position, counted from 0, or undefined after the last. */
  word(position: number): ScriptedWord | undefined {
    if (this.repeatEverySeconds === undefined || this.words.length === 0) return this.words[position];
    const round_ = Math.floor(position / this.words.length);
    const word = this.words[position % this.words.length]!;
    const offset = round_ * this.repeatEverySeconds;
    return { ...word, start: round(word.start + offset), end: round(word.end + offset) };
  }
}

function readRecording(file: unknown, directory: string): Places {
  if (file === undefined) return new Map();
  if (typeof file !== 'string') throw new ScriptError('"recording" must be the path of a WAV file.');
  return landmarksOf(readFileSync(resolve(directory, file)));
}

/** Where the landmarks of a WAV file lie, in seconds. */
export function landmarksOf(wav: Buffer): Places {
  const clock = new AudioClock(undefined);
  const audio = wav.subarray(clock.receive(wav));
  // The first of equal ones, as in a session.
  const found = new LandmarkFinder().find(audio).reverse();
  return new Map(found.map(({ name, at }) => [name, clock.secondsAt(at)]));
}

/** Whether a word is the last of its sentence. */
export function endsSentence(punctuated: string): boolean {
  return /[.!?…。！？]["'”’)]*$/u.test(punctuated);
}

/** Rounds to milliseconds, so that times print as they are meant. */
export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
