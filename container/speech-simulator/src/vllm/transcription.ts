import type { WebSocket } from 'ws';
import type { Configuration } from '../configuration';
import { AudioClock } from '../listening/audio-clock';
import { Hearing } from '../listening/hearing';
import type { Playback } from '../listening/playback';
import type { ScriptedWord } from '../script';
import type { SequenceSlots } from '../sequence-slots';

/** Audio of one token, in seconds (Voxtral: 12.5 tokens a second). */
const TOKEN_SECONDS = 0.08;

/** Tokens before the first of the audio: one for the beginning, 32 of padding, 6 of delay (Voxtral Mini Realtime). */
const PROMPT_TOKENS = 39;

/** 16-bit samples of one channel at 16 kHz, always. */
const FORMAT = { encoding: 'linear16', sampleRate: 16_000, channels: 1 };

/** vLLM's `usage`. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly total_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details: null;
  readonly completion_tokens_details: null;
}

/** Calls of a transcription to its connection. */
export interface TranscriptionEvents {
  /** It has a place among the sequences. */
  readonly ready: () => void;
  /** One more token; most are empty, as most of audio is no end of a word. */
  readonly delta: (text: string) => void;
  readonly done: (text: string, usage: Usage) => void;
}

/** One utterance: from the first commit to the final one, or to the end of the context. */
export class Transcription {
  /** Whether it takes audio: it has its place, and is not over. */
  isReady = false;
  private readonly hearing: Hearing;
  private readonly release: () => void;
  private tokens = 0;
  private text = '';
  private unsent = '';
  private isOver = false;

  constructor(
    webSocket: WebSocket,
    private readonly configuration: Configuration,
    slots: SequenceSlots,
    playback: Playback,
    private readonly events: TranscriptionEvents,
  ) {
    this.hearing = new Hearing(webSocket, new AudioClock(FORMAT), playback, configuration.speed, heard =>
      this.step(heard),
    );
    // Without a place it waits, and its caller gets no message. A place that is free at once is taken after the constructor.
    this.release = slots.take(() =>
      setImmediate(() => {
        if (this.isOver) return;
        this.isReady = true;
        events.ready();
      }),
    );
  }

  hear(samples: Buffer): void {
    this.hearing.receive(samples);
  }

  /** The audio is over: the rest is heard at once. */
  finish(): void {
    if (this.isOver) return;
    this.hearing.catchUp();
    if (this.isOver) return;
    if (this.unsent !== '') this.token();
    this.conclude();
  }

  /** The connection is gone: its place is free for another. */
  abort(): void {
    this.isOver = true;
    this.isReady = false;
    this.release();
  }

  private step(heard: readonly ScriptedWord[]): void {
    for (const { punctuated_word: word } of heard) this.unsent += this.text + this.unsent === '' ? word : ` ${word}`;
    while (!this.isOver && (this.tokens + 1) * TOKEN_SECONDS <= this.hearing.time) this.token();
  }

  private token(): void {
    this.tokens += 1;
    this.text += this.unsent;
    this.events.delta(this.unsent);
    this.unsent = '';
    // The context is full: vLLM ends the transcription as if the audio had ended.
    if (PROMPT_TOKENS + this.tokens >= this.configuration.maxModelLength) this.conclude();
  }

  private conclude(): void {
    this.abort();
    this.hearing.end();
    this.events.done(this.text, {
      prompt_tokens: PROMPT_TOKENS,
      total_tokens: PROMPT_TOKENS + this.tokens,
      completion_tokens: this.tokens,
      prompt_tokens_details: null,
      completion_tokens_details: null,
    });
  }
}
