import { randomUUID } from 'node:crypto';
import type { RawAudio, SpeechToText } from '../../speech';
import { AudioConverter } from '../../speech/audio/audio-converter';

/** Rate that vLLM takes, in Hz. */
export const MODEL_AUDIO: RawAudio = { encoding: 'linear16', sampleRate: 16_000, channels: 1 };

/** One turn of the speaker: the audio up to a commit, as one item of the conversation. */
export class Turn {
  readonly itemId = `item_${randomUUID()}`;
  /** Whether the client has taken its audio back. */
  isCleared = false;
  private converter: AudioConverter | undefined;
  private sentBytes = 0;
  private readonly finals: string[] = [];

  constructor(private readonly speech: SpeechToText) {}

  /** Seconds of its audio. */
  get seconds(): number {
    return this.sentBytes / 2 / MODEL_AUDIO.sampleRate;
  }

  get hasAudio(): boolean {
    return this.converter !== undefined;
  }

  get handOvers(): number {
    return this.speech.handOvers;
  }

  /** @param format of this turn's audio; that of the first piece counts */
  async append(audio: Uint8Array, format: RawAudio): Promise<void> {
    this.converter ??= await AudioConverter.create(format, MODEL_AUDIO.sampleRate);
    await this.send(this.converter.convert(audio));
  }

  /** Ends its audio; its events follow until the transcript is complete. */
  async commit(): Promise<void> {
    if (this.converter) await this.send(this.converter.end());
    await this.speech.close();
  }

  /** What the models have said for good. Where a stream took over within speech, it may leave out half of a word that a piece had. */
  get transcript(): string {
    return this.finals
      .map(text => text.trim())
      .filter(text => text !== '')
      .join(' ');
  }

  abort(): void {
    this.speech.abort();
  }

  /** The pieces of the transcript as they come. */
  async *pieces(): AsyncGenerator<string, void> {
    let said = '';
    let inPart = 0; // characters of the present stream's text that were yielded
    for await (const event of this.speech) {
      if (event.type !== 'partial' && event.type !== 'final') continue;
      if (event.type === 'final') this.finals.push(event.text);
      let piece = event.text.slice(inPart);
      if (inPart === 0 && said !== '' && piece !== '' && !/^\s|\s$/.test(said.slice(-1) + piece[0]))
        piece = ` ${piece}`;
      inPart = event.type === 'final' ? 0 : event.text.length;
      said += piece;
      if (piece !== '') yield piece;
    }
  }

  private async send(audio: Uint8Array): Promise<void> {
    this.sentBytes += audio.length;
    await this.speech.send(audio);
  }
}
