import type { WebSocket } from 'ws';
import { ExplainedError, type Explanation } from '../../contract';
import type { Controls, Guide } from './controls';
import { type PageMessage, readPageMessage } from './page-message';
import { ENDED_SESSIONS_KEPT, type RecordedSession, type Recording, type Step } from './recording';

/** Milliseconds between two updates of a page. */
const UPDATE_INTERVAL_MS = 200;

/** Bytes that may wait for a page that does not read; until they are sent it gets no update. */
const WAITING_LIMIT_BYTES = 1024 * 1024;

/**
 * One open page. It keeps its place in the recording and is sent what is newer at a steady pace, so that a fast stream or a slow page costs
 * the streams nothing; what was overwritten in between is counted and told.
 */
export class PageConnection {
  private readonly timer: NodeJS.Timeout;
  private readonly closePage: () => void;
  private revision = 0;
  private line = 0;
  /** Open sessions that the page knows: of these it is told the counts alone. */
  private readonly told = new Set<string>();
  private followed: { readonly requestId: string; next: number } | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly recording: Recording,
    private readonly controls: Controls,
    guide: Guide,
  ) {
    this.closePage = recording.openPage();
    this.send({ type: 'hello', guide, endedSessionsKept: ENDED_SESSIONS_KEPT });
    this.update();
    this.timer = setInterval(() => this.update(), UPDATE_INTERVAL_MS);
    socket.on('message', (data, isBinary) => this.onMessage(isBinary ? '' : String(data)));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      clearInterval(this.timer);
      this.closePage();
    });
  }

  private onMessage(text: string): void {
    let message: PageMessage | undefined;
    try {
      message = readPageMessage(text);
    } catch {
      this.socket.close(1007, 'A message is a JSON object.');
      return;
    }
    if (!message) {
      this.socket.close(1008, 'A message asks for one thing that a page can ask for.');
      return;
    }
    if ('follow' in message) {
      this.followed = message.follow === null ? undefined : { requestId: message.follow, next: 0 };
    } else {
      this.send({ type: 'controlled', refusal: this.control(message) });
    }
    this.update();
  }

  /** @returns what was wrong, or undefined */
  private control(message: Exclude<PageMessage, { follow: string | null }>): Explanation | undefined {
    try {
      if ('inject' in message) return this.controls.inject(message.inject.requestId, message.inject.fault);
      if ('faults' in message) this.controls.faults = message.faults;
      else this.controls.clockScale = message.clockScale;
      return undefined;
    } catch (error) {
      if (!(error instanceof ExplainedError)) throw error;
      const { what, why, next } = error;
      return { what, why, next };
    }
  }

  private update(): void {
    if (this.socket.readyState !== this.socket.OPEN || this.socket.bufferedAmount > WAITING_LIMIT_BYTES) return;
    const { sessions, revision } = this.recording.sessionsSince(this.revision);
    const lines = this.recording.lines.since(this.line);
    const openAlready = this.told;
    const [counts, rows] = [[] as Counts[], [] as RecordedSession[]];
    for (const session of sessions) {
      if (session.state === 'open' && openAlready.has(session.requestId)) counts.push(countsOf(session));
      else rows.push(session);
      if (session.state === 'open') openAlready.add(session.requestId);
      else openAlready.delete(session.requestId);
    }
    this.revision = revision;
    this.line = this.recording.lines.next;
    const { faults, clockScale } = this.controls;
    const instances = [...this.recording.instances.values()];
    this.send({ type: 'update', instances, sessions: rows, counts, lines, faults, clockScale });
    if (this.followed) this.sendSteps(this.followed);
  }

  private sendSteps(followed: { readonly requestId: string; next: number }): void {
    const { requestId } = followed;
    const steps = this.recording.stepsOf(requestId);
    if (!steps) {
      this.send({ type: 'unknown-session', requestId });
      this.followed = undefined;
      return;
    }
    const { items, skipped } = steps.since(followed.next);
    if (items.length === 0) return;
    const first = followed.next + skipped;
    followed.next = steps.next;
    this.send({ type: 'steps', requestId, first, skipped, steps: items.map(sendable) });
  }

  private send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }
}

/** Request id, events and bytes from the client, events and bytes from the model, milliseconds to the first answer. */
type Counts = readonly [string, number, number, number, number, number | undefined];

function countsOf({ requestId, received, sent, firstResponseMs }: RecordedSession): Counts {
  return [requestId, received.events, received.bytes, sent.events, sent.bytes, firstResponseMs];
}

function sendable({ payload, ...step }: Step): object {
  return payload === undefined ? step : { ...step, base64: payload.toString('base64') };
}
