import { randomUUID } from 'node:crypto';
import type { Message } from '../../client/session/message';
import { ExplainedError } from '../../contract';
import type { RawAudio, SpeechToText } from '../../speech';
import { Opcode } from '../../wire/frame';
import type { FrameSocket } from '../../wire/frame-socket';
import { ClientConnection, type ClientConnectionLimits, type SessionEnd } from '../client-connection';
import { ClientMessages } from '../client-messages';
import { type Close, closeOf } from '../close';
import { DEFAULT_FORMAT, InvalidRequestError, readFormat, sessionOf } from './session-settings';
import { Turn } from './turn';

/** The model behind a session. */
export interface TranscriptionBackend {
  /** Name of the model, as the session tells it. */
  readonly model: string;
  /** Opens a stream of 16 kHz linear16 for one more turn. */
  open(): Promise<SpeechToText>;
}

/** An event of the client's. */
interface ClientEvent {
  readonly type: string;
  readonly event_id?: string;
  readonly [field: string]: unknown;
}

/**
 * OpenAI's realtime transcription protocol for a client, in front of vLLM's: each turn of the client, up to its commit, is one stream
 * to the endpoint. A turn that grows too old for one stream goes on with the next at a pause.
 *
 * Source: the types of the `openai` package, `resources/realtime`.
 */
export class TranscriptionSession {
  private readonly client: ClientConnection;
  private readonly id = `sess_${randomUUID()}`;
  private readonly messages: ClientMessages;
  private format: RawAudio = DEFAULT_FORMAT;
  private turn: Turn | undefined;
  private readonly turns = new Set<Turn>();
  private lastItemId: string | null = null;
  private handOvers = 0;
  private error: unknown;
  private end!: () => void;
  private readonly ended = new Promise<void>(resolve => {
    this.end = resolve;
  });
  private readonly transcribing = new Set<Promise<void>>();

  /**
   * @param speech the stream of the first turn: it was opened before the client's upgrade was answered
   * @param onLag is told how long each message of the client waited until the stream took it, in milliseconds
   */
  constructor(
    socket: FrameSocket,
    speech: SpeechToText,
    private readonly backend: TranscriptionBackend,
    limits: ClientConnectionLimits,
    onLag: (milliseconds: number) => void,
  ) {
    this.client = new ClientConnection(socket, limits, {
      onFragment: fragment => this.messages.add(fragment),
      onEnd: () => this.end(),
      onViolation: close => this.close(close),
    });
    this.messages = new ClientMessages(this.client, limits, {
      onMessage: message => this.handle(message),
      onLag,
      onViolation: close => this.close(close),
    });
    this.begin(speech);
  }

  /** Serves the client until it or the model has ended. Never rejects. */
  async run(): Promise<SessionEnd> {
    this.client.start();
    this.send({ type: 'session.created', session: this.session });
    await this.ended;
    for (const turn of this.turns) turn.abort();
    await this.messages.handled;
    for (const turn of this.turns) turn.abort(); // one that was being opened
    await Promise.all(this.transcribing);
    await this.client.closingHandshake();
    const { outcome, received, sent } = this.client;
    const { endedBy, close } = outcome!;
    return {
      endedBy,
      close,
      error: endedBy === 'model' ? this.error : undefined,
      received,
      sent,
      handOvers: this.handOvers,
    };
  }

  /** Ends the session from the gateway's side. */
  close(close: Close): void {
    this.client.finish('gateway', close);
    this.end();
  }

  private get session(): object {
    return sessionOf(this.id, this.backend.model, this.format);
  }

  private async handle(message: Message): Promise<void> {
    let event: ClientEvent | undefined;
    try {
      event = parse(message);
      await this.serve(event);
    } catch (error) {
      if (!(error instanceof InvalidRequestError)) {
        this.fail(error);
        return;
      }
      const { message: text, code, param } = error;
      const detail = { type: 'invalid_request_error', code, message: text, param, event_id: event?.event_id ?? null };
      this.send({ type: 'error', error: detail });
    }
  }

  private async serve(event: ClientEvent): Promise<void> {
    switch (event.type) {
      case 'session.update':
        this.format = readFormat(event.session, this.format);
        this.send({ type: 'session.updated', session: this.session });
        return;
      case 'input_audio_buffer.append': {
        const audio = base64(event.audio);
        this.turn ??= this.begin(await this.backend.open());
        await this.turn.append(audio, this.format);
        return;
      }
      case 'input_audio_buffer.commit':
        return this.commit();
      case 'input_audio_buffer.clear':
        if (this.turn?.hasAudio) {
          this.turn.isCleared = true;
          this.turn.abort();
          this.turn = undefined;
        }
        this.send({ type: 'input_audio_buffer.cleared' });
        return;
      default:
        throw new InvalidRequestError(`This gateway knows no event "${event.type}".`, 'invalid_value', 'type');
    }
  }

  private commit(): void {
    const { turn } = this;
    if (!turn?.hasAudio) {
      throw new InvalidRequestError('The buffer holds no audio to commit.', 'input_audio_buffer_commit_empty');
    }
    this.turn = undefined;
    this.send({ type: 'input_audio_buffer.committed', item_id: turn.itemId, previous_item_id: this.lastItemId });
    this.lastItemId = turn.itemId;
    turn.commit().catch(() => undefined); // its pieces throw it
  }

  private begin(speech: SpeechToText): Turn {
    const turn = new Turn(speech);
    this.turn = turn;
    this.turns.add(turn);
    const transcribed = this.transcribe(turn).catch(error => {
      if (!turn.isCleared) this.fail(error);
    });
    this.transcribing.add(transcribed);
    void transcribed.then(() => {
      this.handOvers += turn.handOvers;
      if (this.turn === turn) this.turn = undefined; // the model ended it: what follows is another item
      this.turns.delete(turn);
      this.transcribing.delete(transcribed);
    });
    return turn;
  }

  private async transcribe(turn: Turn): Promise<void> {
    const item = { item_id: turn.itemId, content_index: 0 };
    const type = 'conversation.item.input_audio_transcription';
    for await (const delta of turn.pieces()) {
      if (!this.send({ type: `${type}.delta`, ...item, delta })) await this.client.drained();
    }
    const { transcript, seconds } = turn;
    this.send({ type: `${type}.completed`, ...item, transcript, usage: { type: 'duration', seconds } });
  }

  /** Ends the session with what the model's side failed with. */
  private fail(error: unknown): void {
    if (!this.client.isOpen) return;
    this.error = error;
    const { code = 'server_error', what = 'The gateway failed.' } = error instanceof ExplainedError ? error : {};
    this.send({ type: 'error', error: { type: 'server_error', code, message: what, param: null, event_id: null } });
    this.client.finish('model', closeOf(error));
    this.end();
  }

  /** @returns false when the client has no room for more */
  private send(event: object): boolean {
    if (!this.client.isOpen) return true;
    const payload = Buffer.from(JSON.stringify({ event_id: `event_${randomUUID()}`, ...event }));
    return this.client.send({ opcode: Opcode.TEXT, fin: true, payload });
  }
}

function parse(message: Message): ClientEvent {
  if (typeof message !== 'string') throw new InvalidRequestError('Events are JSON in text frames.', 'invalid_json');
  let event: unknown;
  try {
    event = JSON.parse(message);
  } catch {
    throw new InvalidRequestError('The event is not JSON.', 'invalid_json');
  }
  if (typeof (event as ClientEvent | null)?.type !== 'string') {
    throw new InvalidRequestError('The event has no "type".', 'missing_required_parameter', 'type');
  }
  return event as ClientEvent;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function base64(audio: unknown): Buffer {
  if (typeof audio === 'string' && BASE64.test(audio)) return Buffer.from(audio, 'base64');
  throw new InvalidRequestError('The audio has to be base64, and not empty.', 'invalid_value', 'audio');
}
