import { randomUUID } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import type { LogFields } from '../streaming/log';
import type { Session } from '../streaming/streaming-server';

/** An event of a caller: JSON text with a `type`. */
export type ClientEvent = Readonly<Record<string, unknown>> & { readonly type: string };

/** The base of NIM's two realtime sessions: text frames with numbered events, and error events. */
export abstract class NimSession implements Session {
  abstract readonly statistics: LogFields;

  constructor(protected readonly webSocket: WebSocket) {
    webSocket.on('message', (data, isBinary) => this.receive(data, isBinary));
    this.send('conversation.created', {
      conversation: { id: `conv_${randomUUID()}`, object: 'realtime.conversation' },
    });
  }

  /** An event; the session knows its type or answers {@link unknown}. */
  protected abstract handle(event: ClientEvent): void;

  protected unknown(type: string): void {
    this.error('invalid_event', `Unknown event type: ${type}`);
  }

  protected error(code: string, message: string): void {
    this.send('error', { error: { type: 'invalid_request_error', code, message } });
  }

  /** @param sent called when the kernel has taken the event, with an error when the session is over */
  protected send(type: string, fields: object, sent?: (error?: Error) => void): void {
    this.webSocket.send(JSON.stringify({ event_id: `event_${randomUUID()}`, type, ...fields }), sent);
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      this.error('invalid_event', 'Events are text messages.');
      return;
    }
    let event: unknown;
    try {
      event = JSON.parse(data.toString());
    } catch {
      this.error('invalid_json', 'The event is not JSON.');
      return;
    }
    if (typeof (event as { type?: unknown } | null)?.type === 'string') this.handle(event as ClientEvent);
    else this.error('invalid_event', 'The event has no type.');
  }
}

/** A session's settings with some replaced, as deep as they go. */
export function merged(settings: object, changes: unknown): Record<string, unknown> {
  const result: Record<string, unknown> = { ...settings };
  if (changes === null || typeof changes !== 'object' || Array.isArray(changes)) return result;
  for (const [name, value] of Object.entries(changes)) {
    const before = result[name];
    const isGroup = before !== null && typeof before === 'object' && !Array.isArray(before);
    result[name] = isGroup ? merged(before, value) : value;
  }
  return result;
}
