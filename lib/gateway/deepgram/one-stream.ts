import { createHash } from 'node:crypto';
import type { ListenMessage } from '../../speech/deepgram/listen-messages';
import { shiftMessage } from '../../speech/deepgram/shift-message';
import type { ListenStream } from './listen-stream';

/** A message as Deepgram sends it: what is common to its types. */
interface Received {
  readonly type?: string;
  readonly request_id?: string;
  readonly sequence_id?: number;
  readonly turn_index?: number;
  readonly event?: string;
  readonly created?: string;
  readonly sha256?: string;
  readonly metadata?: { readonly request_id?: string };
}

/**
 * Makes the messages of streams that follow each other those of one: times, turns and numbers count on, there is one request id, one
 * `Connected` and one `Metadata`. The first stream's messages pass as they are.
 */
export class OneStream {
  private readonly digest = createHash('sha256');
  private requestId: string | undefined;
  private created: string | undefined;
  private sequence = -1;
  private nextTurn = 0;
  private present: ListenStream | undefined;
  private isFirst = true;
  /** Turns of the streams before the present one. */
  private turns = 0;

  /** Counts a piece of the client's audio into the digest that `Metadata` tells. */
  hear(audio: Uint8Array): void {
    this.digest.update(audio);
  }

  /**
   * @param offsetSeconds where in the client's audio the stream began
   * @returns the message as the client gets it, or undefined for one that it does not get
   */
  tell(text: string, stream: ListenStream, offsetSeconds: number): string | undefined {
    this.begin(stream);
    const message = parse(text);
    if (!message) return text;
    stream.note(message as ListenMessage);
    this.requestId ??= message.request_id ?? message.metadata?.request_id;
    if (message.type === 'Metadata' && stream.isReplaced) {
      this.created ??= message.created;
      return undefined;
    }
    this.count(message);
    if (this.isFirst) return text;
    if (message.type === 'Connected') return undefined;
    if (message.type?.startsWith('Configure') && stream.ownReplies > 0) {
      stream.ownReplies -= 1;
      return undefined;
    }
    return JSON.stringify(this.continued(shiftMessage(message as ListenMessage, offsetSeconds) as Received));
  }

  private begin(stream: ListenStream): void {
    if (this.present === stream) return;
    this.isFirst = this.present === undefined;
    this.present = stream;
    this.turns = this.nextTurn;
  }

  private count({ sequence_id, turn_index, event }: Received): void {
    if (this.isFirst && sequence_id !== undefined) this.sequence = sequence_id;
    if (turn_index !== undefined) this.nextTurn = this.turns + turn_index + (event === 'EndOfTurn' ? 1 : 0);
  }

  private continued(message: Received): Received {
    const { type, request_id, metadata, sequence_id, turn_index, created, sha256 } = message;
    const { requestId } = this;
    if (sequence_id !== undefined) this.sequence += 1;
    return {
      ...message,
      ...(request_id !== undefined && { request_id: requestId }),
      ...(metadata?.request_id !== undefined && { metadata: { ...metadata, request_id: requestId } }),
      ...(sequence_id !== undefined && { sequence_id: this.sequence }),
      ...(turn_index !== undefined && { turn_index: this.turns + turn_index }),
      ...(type === 'Metadata' && created !== undefined && { created: this.created ?? created }),
      ...(type === 'Metadata' && sha256 !== undefined && { sha256: this.digest.copy().digest('hex') }),
    };
  }
}

function parse(text: string): Received | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined; // not JSON: passes as it came
  }
}
