import { type AudioOutput, encode } from './audio-format';

/** Loudness of a tone, where 1 is full scale. */
const AMPLITUDE = 0.3;
/** How long a tone swells and fades, in seconds, so that it does not click. */
const FADE_SECONDS = 0.01;
/** Silence after a word and after a sentence, in seconds. */
const GAP_SECONDS = 0.04;

/**
 * A tone for a word and the silence after it: longer words sound longer, and the same word has always the same pitch.
 *
 * @param speed 1 is the usual rate
 */
export function tone(word: string, { encoding, sampleRate }: AudioOutput, speed: number): Buffer {
  const seconds = Math.min(0.12 + 0.05 * word.length, 0.8) / speed;
  const sounding = Math.round(seconds * sampleRate);
  const samples = new Float64Array(sounding + Math.round((GAP_SECONDS / speed) * sampleRate));
  const fade = FADE_SECONDS * sampleRate;
  const step = (2 * Math.PI * pitchHz(word)) / sampleRate;
  for (let at = 0; at < sounding; at += 1) {
    samples[at] = AMPLITUDE * Math.min(1, at / fade, (sounding - at) / fade) * Math.sin(step * at);
  }
  return encode(samples, encoding);
}

/** Milliseconds of audio in some bytes. */
export function durationMs(bytes: number, { encoding, sampleRate }: AudioOutput): number {
  return (bytes / (encoding === 'linear16' ? 2 : 1) / sampleRate) * 1000;
}

/** Between 200 and 600 Hz. */
function pitchHz(word: string): number {
  let hash = 0;
  for (const character of word.toLowerCase()) hash = (hash * 31 + character.codePointAt(0)!) % 9973;
  return 200 + (hash % 401);
}
