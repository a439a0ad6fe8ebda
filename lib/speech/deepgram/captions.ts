import type { TimedWord, Utterance } from './transcript';

/** Formats of captions. */
export type CaptionFormat = 'srt' | 'vtt';

/** Longest line, in characters, and lines of a cue: what subtitles on a screen can hold (EBU-TT-D, BBC guidelines). */
const LINE_CHARACTERS = 42;
const CUE_LINES = 2;

/** Longest a cue stays, in seconds. */
const CUE_SECONDS = 7;

/** A pause between words, in seconds, after which another cue begins. */
const PAUSE_SECONDS = 1;

/** Writes captions as the utterances come: SubRip (`.srt`) or WebVTT (`.vtt`). */
export class Captions {
  private cues = 0;

  constructor(private readonly format: CaptionFormat) {}

  /** The first lines of the file. */
  head(): string {
    return this.format === 'vtt' ? 'WEBVTT\n\n' : '';
  }

  /** The cues of an utterance. */
  add(utterance: Utterance): string {
    return cuesOf(utterance.words)
      .map(words => this.cue(words))
      .join('');
  }

  private cue(words: readonly TimedWord[]): string {
    this.cues += 1;
    const start = this.time(words[0]!.start);
    const end = this.time(Math.max(words.at(-1)!.end, words[0]!.start + 0.001));
    const text = linesOf(words).join('\n');
    return `${this.cues}\n${start} --> ${end}\n${this.format === 'vtt' ? escapeVtt(text) : text}\n\n`;
  }

  /** `01:02:03,456` in SubRip, `01:02:03.456` in WebVTT. */
  private time(seconds: number): string {
    const totalMs = Math.round(seconds * 1_000);
    const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
    const clock = [totalMs / 3_600_000, (totalMs / 60_000) % 60, (totalMs / 1_000) % 60].map(two).join(':');
    return `${clock}${this.format === 'srt' ? ',' : '.'}${String(totalMs % 1_000).padStart(3, '0')}`;
  }
}

/** Words in groups that a viewer can take in: cut at pauses, at the end of a sentence, and where room or time runs out. */
function cuesOf(words: readonly TimedWord[]): TimedWord[][] {
  const cues: TimedWord[][] = [];
  let cue: TimedWord[] = [];
  for (const word of words) {
    const last = cue.at(-1);
    const cut =
      last !== undefined &&
      (word.start - last.end > PAUSE_SECONDS ||
        word.end - cue[0]!.start > CUE_SECONDS ||
        linesOf([...cue, word]).length > CUE_LINES ||
        /[.!?…。！？]$/.test(last.text));
    if (cut) {
      cues.push(cue);
      cue = [];
    }
    cue.push(word);
  }
  if (cue.length > 0) cues.push(cue);
  return cues;
}

function linesOf(words: readonly TimedWord[]): string[] {
  const lines: string[] = [];
  for (const { text } of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + text.length <= LINE_CHARACTERS)
      lines[lines.length - 1] = `${line} ${text}`;
    else lines.push(text);
  }
  return lines;
}

/** WebVTT, section 4.2.2: `&`, `<` and `>` (which also keeps `-->` out of the text). */
function escapeVtt(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
