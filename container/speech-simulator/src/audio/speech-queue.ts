import type { WebSocket } from 'ws';

/** Audio that is sent before it is due, in milliseconds, so that a player never runs dry. */
const LEAD_MS = 250;

/** An item of the queue: audio to send, or a message about it. */
type Entry = (() => Buffer) | { readonly then: () => void };

/** How audio goes out. */
export interface SpeechQueueOptions {
  /** Pace at which speech is produced, as a multiple of real time; `Infinity` is as fast as possible. */
  readonly speed: number;
  /** Duration of some bytes of audio, in milliseconds. */
  readonly durationMs: (bytes: number) => number;
  /** Called with each piece of audio before it is sent. */
  readonly sent: (bytes: number) => void;
  /** Sends one piece of audio. @default - a binary message */
  readonly send?: (audio: Buffer, done: (error?: Error | null) => void) => void;
}

/** Audio on its way out, in order, made when its turn comes and sent no faster than it is spoken and than the caller reads. */
export class SpeechQueue {
  private entries: Entry[] = [];
  private isRunning = false;
  /** The time at which the audio sent so far is spoken. */
  private spokenAtMs = 0;
  private wake = (): void => {};

  constructor(
    private readonly webSocket: WebSocket,
    private readonly options: SpeechQueueOptions,
  ) {
    webSocket.on('close', () => this.clear());
  }

  /** Adds audio, one message. */
  audio(make: () => Buffer): void {
    this.add(make);
  }

  /** Adds an action for the time when all audio before it is sent. */
  afterwards(then: () => void): void {
    this.add({ then });
  }

  /** Forgets everything that is not sent yet. */
  clear(): void {
    this.entries = [];
    // The caller drops audio that was sent and not yet spoken, too.
    this.spokenAtMs = 0;
    this.wake();
  }

  private add(entry: Entry): void {
    this.entries.push(entry);
    if (!this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    // The items of one message or chunk are all queued before the first is sent.
    await new Promise(setImmediate);
    for (;;) {
      if (typeof this.entries[0] === 'function') await this.due();
      const entry = this.entries.shift();
      if (entry === undefined) break;
      if (typeof entry !== 'function') entry.then();
      else if (!(await this.send(entry()))) this.clear();
    }
    this.isRunning = false;
  }

  /** Waits until the next audio is due, or everything was cleared. */
  private async due(): Promise<void> {
    const waitMs = this.spokenAtMs - LEAD_MS - performance.now();
    if (waitMs <= 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, waitMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Resolves when the kernel has taken the bytes: false when the session is over. */
  private async send(audio: Buffer): Promise<boolean> {
    const { speed, durationMs, sent } = this.options;
    sent(audio.length);
    this.spokenAtMs = Math.max(this.spokenAtMs, performance.now()) + durationMs(audio.length) / speed;
    const send = this.options.send ?? ((bytes, done) => this.webSocket.send(bytes, { binary: true }, done));
    const error = await new Promise<Error | undefined | null>(done => send(audio, done));
    return !error;
  }
}
