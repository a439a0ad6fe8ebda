import type { Message } from '../../client/session/message';
import { Opcode } from '../../wire/frame';
import type { FrameSocket, WebSocketEnd } from '../../wire/frame-socket';
import type { BridgeLimits } from '../bridge';
import { ClientConnection, type SessionEnd } from '../client-connection';
import { ClientMessages } from '../client-messages';
import { type Close, CloseCode, closeOf, isOrderlyClose, STREAM_TOO_OLD } from '../close';
import type { Configuration } from './configuration';
import type { ListenStream } from './listen-stream';
import type { ListenStreams, Segment } from './listen-streams';
import { OneStream } from './one-stream';

/**
 * A client of Deepgram's speech to text, over streams that follow each other: a message is a message, either way, and a stream that
 * grows too old hands over to another where the speaker pauses and the model has nothing open.
 */
export class ListenSession {
  private readonly client: ClientConnection;
  private readonly messages: ClientMessages;
  private readonly one = new OneStream();

  /**
   * @param streams the first is open: it was opened before the client's upgrade was answered
   * @param configuration the settings that every further stream begins with
   * @param onLag is told how long each message of the client waited until the stream took it, in milliseconds
   */
  constructor(
    socket: FrameSocket,
    private readonly streams: ListenStreams,
    private readonly configuration: Configuration,
    private readonly limits: BridgeLimits,
    onLag: (milliseconds: number) => void,
  ) {
    this.client = new ClientConnection(socket, limits, {
      onFragment: fragment => this.messages.add(fragment),
      onEnd: end => this.onClientEnd(end),
      onViolation: close => this.close(close),
    });
    this.messages = new ClientMessages(this.client, limits, {
      onMessage: message => this.forward(message),
      onLag,
      onViolation: close => this.close(close),
    });
  }

  /** Serves the client until it or the model has ended. Never rejects. */
  async run(): Promise<SessionEnd> {
    const { client, streams } = this;
    client.start();
    this.watchAge(this.limits.sessionMs);
    let error: unknown;
    try {
      for (const segment of streams.segments()) await this.carry(segment);
    } catch (thrown) {
      error = thrown;
    }
    client.finish('model', closeOf(error));
    streams.abort();
    await client.closingHandshake();
    await this.messages.handled;
    const { received, sent } = client;
    const { endedBy, close } = client.outcome!;
    return {
      endedBy,
      close,
      error: endedBy === 'model' ? error : undefined,
      received,
      sent,
      handOvers: streams.handOvers,
    };
  }

  /** Ends the session from the gateway's side. */
  close(close: Close): void {
    this.client.finish('gateway', close);
    this.streams.abort();
  }

  private async forward(message: Message): Promise<void> {
    try {
      if (typeof message === 'string') await this.control(message);
      else await this.hear(message);
    } catch {
      // The reader of the stream gets the reason.
    }
  }

  private hear(audio: Uint8Array): Promise<void> {
    if (audio.length === 0) this.streams.end(); // ends the audio, as it did before there was `CloseStream`
    this.one.hear(audio);
    return this.streams.send(audio);
  }

  private control(text: string): Promise<void> {
    if (this.configuration.read(text) === 'CloseStream') this.streams.end();
    return this.streams.current.stream.send(text);
  }

  private async carry({ stream, offsetSeconds }: Segment<ListenStream>): Promise<void> {
    try {
      for await (const message of stream.messages()) {
        if (!this.client.isOpen) continue; // read to its end, so that the model can finish
        const text = typeof message === 'string' ? message : Buffer.from(message).toString();
        const told = this.one.tell(text, stream, offsetSeconds);
        if (told !== undefined && !this.send(told)) await this.client.drained();
      }
    } catch (error) {
      if (!stream.isReplaced) throw error;
      // Another has gone on where everything before was final: nothing is missing.
    }
  }

  /** @returns false when the client has no room for more */
  private send(text: string): boolean {
    return this.client.send({ opcode: Opcode.TEXT, fin: true, payload: Buffer.from(text) });
  }

  /** Closes the session when a stream has met no pause in time. */
  private watchAge(afterMs: number): void {
    this.client.after(afterMs, () => {
      const leftMs = this.streams.current.openedAt + this.limits.sessionMs - performance.now();
      if (leftMs > 0) this.watchAge(leftMs);
      else this.close({ code: CloseCode.SERVICE_RESTART, reason: STREAM_TOO_OLD });
    });
  }

  private onClientEnd(end: WebSocketEnd): void {
    this.streams.end();
    if (!isOrderlyClose(end)) {
      this.streams.abort();
      return;
    }
    void this.streams.current.stream.end();
    this.client.after(this.limits.drainMs, () => this.streams.abort());
  }
}
