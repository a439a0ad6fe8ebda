import { BidiSession } from '../../client/session/bidi-session';
import type { KeepAliveOptions } from '../../client/session/keep-alive';
import type { Message } from '../../client/session/message';
import type { BidiSessionOptions } from '../../client/session/options';
import { DEEPGRAM_DRAIN_MS, DEEPGRAM_KEEP_ALIVE_MS } from '../../contract';
import { type ListenMessage, settledSeconds } from '../../speech/deepgram/listen-messages';

const KEEP_ALIVE = JSON.stringify({ type: 'KeepAlive' });
const CLOSE_STREAM = JSON.stringify({ type: 'CloseStream' });

/** Models tell times in milliseconds, or less exactly. */
const ROUNDING_SECONDS = 0.01;

/** How a stream is opened. */
export interface ListenStreamOptions extends Omit<BidiSessionOptions, 'keepAlive' | 'resume'> {
  /** The last sign of an utterance's end that the parameters ask for. */
  readonly utteranceEnd: UtteranceEndSign;
  /** Flux: the settings that the client has made on the streams before, as one `Configure`. */
  readonly configuration: string | undefined;
}

/** The sign of an utterance's end: a gap between words, an endpoint, or each final result. */
export type UtteranceEndSign = 'UtteranceEnd' | 'speech_final' | 'is_final';

/** Keeps a stream open until its first audio. After that the client keeps it open. */
class WaitingKeepAlive implements KeepAliveOptions {
  readonly intervalMs = DEEPGRAM_KEEP_ALIVE_MS;
  isWaiting = true;

  message(): string | undefined {
    return this.isWaiting ? KEEP_ALIVE : undefined;
  }
}

/** One stream of Deepgram's speech to text: messages as they are, both ways, and what they tell of the speaker. */
export class ListenStream {
  /** @throws SessionError when it cannot be opened */
  static async open({ utteranceEnd, configuration, ...options }: ListenStreamOptions): Promise<ListenStream> {
    const keepAlive = new WaitingKeepAlive();
    const session = await BidiSession.open({ ...options, keepAlive });
    if (configuration !== undefined) await session.send(configuration);
    return new ListenStream(session, keepAlive, utteranceEnd, configuration === undefined ? 0 : 1);
  }

  /** Whether the gateway has asked it for its rest, because another stream follows. */
  isReplaced = false;
  private rest: NodeJS.Timeout | undefined;
  private settled = 0;
  /** Words of the utterance under way were told. */
  private isInUtterance = false;

  private constructor(
    private readonly session: BidiSession,
    private readonly keepAlive: WaitingKeepAlive,
    private readonly utteranceEnd: UtteranceEndSign,
    /** Answers to the gateway's own `Configure` that are still to come. */
    public ownReplies: number,
  ) {}

  /** Sends a message of the client. */
  send(message: Message): Promise<void> {
    this.keepAlive.isWaiting = false;
    return this.session.send(message);
  }

  /** Asks for the rest and the end. The messages go on until then. */
  async finish(): Promise<void> {
    this.isReplaced = true;
    this.rest = setTimeout(() => this.session.abort(), DEEPGRAM_DRAIN_MS);
    await this.session.send(CLOSE_STREAM);
  }

  /** Ends the input: the client has closed its WebSocket. */
  end(): Promise<void> {
    return this.session.closeInput();
  }

  abort(reason?: Error): void {
    clearTimeout(this.rest);
    this.session.abort(reason);
  }

  /** The model's messages. Throws the error that ended the stream. */
  async *messages(): AsyncGenerator<Message, void> {
    try {
      yield* this.session;
    } finally {
      clearTimeout(this.rest);
    }
  }

  /** Notes what a message tells of the utterance under way. Times count from the start of the stream. */
  note(message: ListenMessage): void {
    this.settled = Math.max(this.settled, settledSeconds(message) ?? 0);
    switch (message.type) {
      case 'Results': {
        const hasWords = message.channel.alternatives.some(({ transcript }) => transcript !== '');
        const hasEnded = this.utteranceEnd !== 'UtteranceEnd' && message[this.utteranceEnd] === true;
        this.isInUtterance = (this.isInUtterance || hasWords) && !hasEnded;
        return;
      }
      case 'UtteranceEnd':
        this.isInUtterance = false;
        return;
      case 'TurnInfo':
        this.isInUtterance = message.event !== 'EndOfTurn' && message.transcript !== '';
    }
  }

  /**
   * Whether no utterance is open, and everything before a pause is final.
   *
   * @param pauseSeconds where the pause began, in seconds from the start of the stream
   */
  isAtRest(pauseSeconds: number): boolean {
    return !this.isInUtterance && this.settled >= pauseSeconds - ROUNDING_SECONDS;
  }
}
