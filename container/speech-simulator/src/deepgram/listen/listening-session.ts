import type { RawData, WebSocket } from 'ws';
import { type AudioClock, UndecodableAudioError } from '../../audio/audio-clock';
import { round, type Script, type ScriptedWord } from '../../script';
import type { Session } from '../../streaming/streaming-server';
import { type ClientMessage, readClientMessage } from '../client-message';

/**
 * The step in which the script is played, in seconds of audio. What is sent depends on the audio's time alone, not on how
 * the audio was cut into messages.
 */
const STEP_SECONDS = 0.05;

/** What a listening session is given. */
export interface ListeningOptions {
  readonly requestId: string;
  readonly script: Script;
  readonly clock: AudioClock;
  readonly channels: number;
  readonly idleTimeoutMs: number;
}

/** What both listening protocols share: audio in, the script's words as the audio reaches them. */
export abstract class ListeningSession implements Session {
  /** Seconds of audio that are processed. */
  protected time = 0;
  private position = 0;
  private messages = 0;
  private ended = false;
  private readonly idle: NodeJS.Timeout;

  /** @param types the control messages of the protocol */
  constructor(
    protected readonly webSocket: WebSocket,
    protected readonly options: ListeningOptions,
    private readonly types: readonly string[],
  ) {
    this.idle = setTimeout(() => {
      this.end(1011, 'NET-0001: No audio and no message came within the time allowed.');
    }, options.idleTimeoutMs);
    webSocket.on('message', (data, isBinary) => this.receive(data, isBinary));
    webSocket.on('close', () => clearTimeout(this.idle));
  }

  get statistics() {
    return { audioSeconds: round(this.options.clock.seconds), words: this.position, messages: this.messages };
  }

  /** Audio has advanced by one step, during which these words came to their end. */
  protected abstract step(heard: readonly ScriptedWord[]): void;

  /** A control message other than `KeepAlive` and `CloseStream`. */
  protected abstract control(message: ClientMessage): void;

  /** A text message that is none. */
  protected abstract unreadable(fault: string, text: string): void;

  /** The audio is over: what remains to be said, before the close frame. */
  protected abstract finish(): void;

  /** For subclasses that account for the audio's bytes. */
  protected audio(_bytes: Buffer): void {}

  /** Whether the script says that someone is speaking at this moment. */
  protected get speaking(): boolean {
    const next = this.options.script.word(this.position);
    return next !== undefined && next.start < this.time;
  }

  /** When the word that is being spoken began, in seconds. */
  protected get speechStart(): number | undefined {
    return this.speaking ? this.options.script.word(this.position)?.start : undefined;
  }

  /** Plays the script up to the last byte of audio received, also between two steps. */
  protected catchUp(): void {
    this.advance();
    const received = round(this.options.clock.seconds);
    if (received > this.time) this.stepTo(received);
  }

  protected send(message: object): void {
    this.messages += 1;
    this.webSocket.send(JSON.stringify(message));
  }

  protected end(code: number, reason = ''): void {
    this.ended = true;
    clearTimeout(this.idle);
    this.webSocket.close(code, reason);
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (this.ended) return;
    this.idle.refresh();
    const bytes = data as Buffer;
    if (isBinary && bytes.length > 0) this.receiveAudio(bytes);
    // An empty message ends the audio, as it did before there was `CloseStream`.
    else if (isBinary) this.closeStream();
    else this.receiveText(bytes.toString());
  }

  private receiveAudio(bytes: Buffer): void {
    try {
      this.options.clock.receive(bytes);
    } catch (error) {
      if (!(error instanceof UndecodableAudioError)) throw error;
      this.end(1008, 'DATA-0000: The payload is no audio of a known kind; raw audio needs encoding and sample_rate.');
      return;
    }
    this.audio(bytes);
    this.advance();
  }

  private receiveText(text: string): void {
    const message = readClientMessage(text, ['KeepAlive', 'CloseStream', ...this.types]);
    if ('fault' in message) this.unreadable(message.fault as string, text);
    else if (message.type === 'CloseStream') this.closeStream();
    else if (message.type !== 'KeepAlive') this.control(message);
  }

  private closeStream(): void {
    this.catchUp();
    this.finish();
    this.end(1000);
  }

  private advance(): void {
    while (!this.ended && round(this.time + STEP_SECONDS) <= this.options.clock.seconds) {
      // After a step that was cut short the steps fall back into their beat.
      this.stepTo(round((Math.floor(round(this.time / STEP_SECONDS)) + 1) * STEP_SECONDS));
    }
  }

  private stepTo(time: number): void {
    this.time = time;
    const heard: ScriptedWord[] = [];
    for (let word = this.options.script.word(this.position); word !== undefined && word.end <= time; ) {
      heard.push(word);
      this.position += 1;
      word = this.options.script.word(this.position);
    }
    this.step(heard);
  }
}
