import type { WebSocket } from 'ws';

/** Something to be done when its turn comes: audio to send, or a word to say about it. */
type Entry = (() => Buffer) | { readonly then: () => void };

/** Audio on its way out, in order, made when its turn comes and sent no faster than the caller reads. */
export class SpeechQueue {
  private entries: Entry[] = [];
  private running = false;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly sent: (bytes: number) => void,
  ) {}

  /** Adds audio, one message. */
  audio(make: () => Buffer): void {
    this.add(make);
  }

  /** Adds what is to happen once all audio before it is sent. */
  afterwards(then: () => void): void {
    this.add({ then });
  }

  /** Forgets all that is not sent yet. */
  clear(): void {
    this.entries = [];
  }

  private add(entry: Entry): void {
    this.entries.push(entry);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    // What comes in the same message or chunk is there before the first is sent.
    await new Promise(setImmediate);
    for (let entry = this.entries.shift(); entry !== undefined; entry = this.entries.shift()) {
      if (typeof entry !== 'function') {
        entry.then();
        continue;
      }
      const audio = entry();
      this.sent(audio.length);
      // The callback comes when the kernel has taken the bytes, and with an error when the session is over.
      const error = await new Promise<Error | undefined | null>(done =>
        this.webSocket.send(audio, { binary: true }, done),
      );
      if (error) this.clear();
    }
    this.running = false;
  }
}
