import type { SendableMessage } from './message';

/** A message to send at regular intervals of silence. */
export interface KeepAliveOptions {
  /** Silence of this side after which the message is due, in milliseconds. */
  readonly intervalMs: number;
  /** The message; `undefined` sends nothing this time. */
  message(): SendableMessage | undefined;
}

/** Sends a message whenever this side has been silent for a while. Does not keep the process alive. */
export class KeepAlive {
  private lastSentAt = performance.now();
  private timer: NodeJS.Timeout | undefined;

  /** @param send sends the message; not called for an interval in which there is none */
  constructor(
    private readonly options: KeepAliveOptions,
    private readonly send: (message: SendableMessage) => void,
  ) {
    this.schedule(options.intervalMs);
  }

  /** Notes that something was sent. */
  noteSent(): void {
    this.lastSentAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private schedule(delayMs: number): void {
    this.timer = setTimeout(() => this.check(), delayMs).unref();
  }

  private check(): void {
    const { intervalMs } = this.options;
    const remainingMs = this.lastSentAt + intervalMs - performance.now();
    if (remainingMs > 0) {
      this.schedule(remainingMs);
      return;
    }
    this.schedule(intervalMs);
    this.noteSent();
    const message = this.options.message();
    if (message !== undefined) this.send(message);
  }
}
