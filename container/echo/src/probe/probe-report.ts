import type { IncomingMessage } from 'node:http';
import type { FrameLog } from './frame-log';

/** Headers whose values may be secret or are random: the report has their names only. */
const CONCEALED_HEADERS = /authorization|cookie|token|secret|credential|signature|sec-websocket-key/i;

/** Messages whose digests are told. */
const MESSAGE_LIMIT = 1_000;

/** A message as the WebSocket library assembled it. */
export interface ReceivedMessage {
  readonly at: number;
  readonly type: 'text' | 'binary';
  readonly length: number;
  /** SHA-256 of the payload, in hexadecimal digits. */
  readonly sha256: string;
}

/** The record of everything that a probe's session received. */
export class ProbeRecord {
  readonly messages: ReceivedMessage[] = [];
  /** Round trips of the pings that the container sent, in milliseconds. */
  readonly pongs: { readonly at: number; readonly roundTripMs: number }[] = [];
  closed: { readonly at: number; readonly code: number; readonly reason: string } | undefined;
  private readonly startedAt = new Date();

  constructor(
    readonly id: string,
    private readonly request: IncomingMessage,
    private readonly log: FrameLog,
  ) {}

  message(message: ReceivedMessage): void {
    if (this.messages.length < MESSAGE_LIMIT) this.messages.push(message);
  }

  /** The record as a report sends it. */
  toJSON() {
    const { method, url, httpVersion, rawHeaders } = this.request;
    return {
      id: this.id,
      startedAt: this.startedAt,
      request: { method, target: url, httpVersion, headers: headersOf(rawHeaders) },
      frames: this.log.frames,
      framesDropped: this.log.dropped,
      messages: this.messages,
      pongs: this.pongs,
      closed: this.closed,
    };
  }
}

/** Name and value of each header, in the order and case in which they came. */
function headersOf(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index): [string, string] => {
    const [name, value] = [raw[2 * index]!, raw[2 * index + 1]!];
    return [name, CONCEALED_HEADERS.test(name) ? '(concealed)' : value];
  });
}
