import type { RawData, WebSocket } from 'ws';
import { type AudioClock, UndecodableAudioError } from '../../listening/audio-clock';
import { Hearing } from '../../listening/hearing';
import { Patience } from '../../listening/patience';
import type { Playback } from '../../listening/playback';
import { round, type ScriptedWord } from '../../script';
import type { SessionSettings } from '../../session-settings';
import type { Session } from '../../streaming/streaming-server';
import { type ClientMessage, readClientMessage } from '../client-message';

/** Deepgram's: audio or `KeepAlive` within 10 seconds (developers.deepgram.com/docs/audio-keep-alive). */
const IDLE_TIMEOUT_MS = 10_000;

/** The parameters of a listening session. */
export interface ListeningOptions {
  readonly requestId: string;
  readonly playback: Playback;
  readonly clock: AudioClock;
  readonly channels: number;
  readonly settings: SessionSettings;
  /** Reports a setting that the caller most likely did not mean. */
  readonly warn: (message: string) => void;
}

/** The base of both listening protocols: audio in, the script's words as the audio reaches them. */
export abstract class ListeningSession implements Session {
  private readonly hearing: Hearing;
  private readonly patience: Patience;
  private readonly types: readonly string[];
  private messages = 0;
  private hasEnded = false;
  private hasWarned = false;

  /** @param types the control messages of the protocol beside `KeepAlive` and `CloseStream` */
  constructor(
    protected readonly webSocket: WebSocket,
    protected readonly options: ListeningOptions,
    types: readonly string[],
  ) {
    this.types = ['KeepAlive', 'CloseStream', ...types];
    this.hearing = new Hearing(webSocket, options.clock, options.playback, options.settings.speed, heard =>
      this.step(heard),
    );
    this.patience = new Patience(options.settings.idleTimeoutMs ?? IDLE_TIMEOUT_MS, () =>
      this.end(1011, 'NET-0001: No audio and no message came within the time allowed.'),
    );
    webSocket.on('message', (data, isBinary) => this.receive(data, isBinary));
    webSocket.on('close', () => this.patience.end());
  }

  get statistics() {
    return {
      audioSeconds: round(this.hearing.receivedSeconds),
      words: this.hearing.words,
      messages: this.messages,
    };
  }

  /** Audio has advanced by one step, during which these words came to their end. */
  protected abstract step(heard: readonly ScriptedWord[]): void;

  /** A control message other than `KeepAlive` and `CloseStream`. */
  protected abstract control(message: ClientMessage): void;

  /** A text message that is no control message. */
  protected abstract unreadable(fault: string, text: string): void;

  /** Called at the end of the audio: sends the last messages before the close frame. */
  protected abstract finish(): void;

  /** For subclasses that account for the audio's bytes. */
  protected audio(_bytes: Buffer): void {}

  /** Seconds of audio that are heard. */
  protected get time(): number {
    return this.hearing.time;
  }

  /** Whether the script says that someone is speaking at this moment. */
  protected get speaking(): boolean {
    return this.hearing.speaking;
  }

  /** When the word that is being spoken began, in seconds. */
  protected get speechStart(): number | undefined {
    return this.hearing.speechStart;
  }

  /** Plays the script up to the last byte of audio received, also between two steps. */
  protected catchUp(): void {
    this.hearing.catchUp();
  }

  protected send(message: object): void {
    this.messages += 1;
    this.webSocket.send(JSON.stringify(message));
  }

  protected end(code: number, reason = ''): void {
    this.hasEnded = true;
    this.patience.end();
    if (code === 1000) this.hearing.end();
    this.webSocket.close(code, reason);
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (this.hasEnded) return;
    const bytes = data as Buffer;
    if (!isBinary) this.receiveText(bytes.toString());
    // An empty message ends the audio, as it did before there was `CloseStream`.
    else if (bytes.length === 0) this.closeStream();
    else this.receiveBinary(bytes);
    if (!this.hasEnded) this.patience.renew(this.hearing.overMs);
  }

  private receiveBinary(bytes: Buffer): void {
    if (isControlMessage(bytes, this.types)) {
      if (this.options.settings.binaryControl === 'control') {
        this.receiveText(bytes.toString());
        return;
      }
      this.warnOnce(
        'A binary message holds the JSON of a control message and is taken as audio. Send control messages as text (DataType UTF8), or set SIMULATOR_BINARY_CONTROL=control.',
      );
    }
    try {
      this.hearing.receive(bytes);
    } catch (error) {
      if (!(error instanceof UndecodableAudioError)) throw error;
      this.end(1008, 'DATA-0000: The payload is no audio of a known kind; raw audio needs encoding and sample_rate.');
      return;
    }
    this.audio(bytes);
  }

  private receiveText(text: string): void {
    const message = readClientMessage(text, this.types);
    if ('fault' in message) this.unreadable(message.fault as string, text);
    else if (message.type === 'CloseStream') this.closeStream();
    else if (message.type !== 'KeepAlive') this.control(message);
  }

  private closeStream(): void {
    this.hasEnded = true;
    this.patience.end();
    const { finalizeMs } = this.options.settings;
    if (finalizeMs > 0) setTimeout(() => this.conclude(), finalizeMs);
    else this.conclude();
  }

  private conclude(): void {
    // The caller may have ended the connection while the model was still at work.
    if (this.webSocket.readyState !== this.webSocket.OPEN) return;
    this.catchUp();
    this.finish();
    this.end(1000);
  }

  private warnOnce(message: string): void {
    if (!this.hasWarned) this.options.warn(message);
    this.hasWarned = true;
  }
}

/** Whether a binary message reads as a control message: audio does not begin with `{"type":`. */
function isControlMessage(bytes: Buffer, types: readonly string[]): boolean {
  return bytes[0] === 0x7b && bytes.length < 4_096 && !('fault' in readClientMessage(bytes.toString(), types));
}
