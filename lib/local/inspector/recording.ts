import type { Explanation } from '../../contract';
import type { InstanceName, LocalEvent } from '../local-event';
import type { StreamEvent } from '../stream-event';
import { explainEnding } from './ending';
import { HeldPayloads } from './held-payloads';
import { Ring } from './ring';

/** Steps kept of one session. */
export const STEPS_KEPT = 500;
/** Sessions kept that are over. */
export const ENDED_SESSIONS_KEPT = 500;
/** Lines of container output kept. */
export const LINES_KEPT = 1_000;
/** Bytes kept of one payload. */
export const PAYLOAD_PART_BYTES = 64 * 1024;
/** Bytes of payload kept in all. */
export const PAYLOAD_BYTES = 32 * 1024 * 1024;

/** One step of a session's time line. */
export type Step = {
  /** Milliseconds from the open of the session. */
  readonly atMs: number;
  /** Bytes of the whole payload. */
  readonly bytes?: number;
  /** The beginning of the payload; undefined when it is not kept. */
  payload?: Buffer | undefined;
} & (Omit<Extract<StreamEvent, { type: 'message' }>, 'payload'> | Exclude<StreamEvent, { type: 'message' }>);

/** Messages so far. */
interface Count {
  events: number;
  bytes: number;
}

/** One session, or a request that was refused before it became one. */
export interface RecordedSession {
  readonly requestId: string;
  readonly endpoint: string;
  /** Variant and number of the instance, as `AllTraffic/0`; empty where the request reached none. */
  readonly instance: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  state: 'open' | 'ended' | 'refused';
  outcome: string;
  explanation: Explanation | undefined;
  received: Count;
  sent: Count;
  durationMs: number | undefined;
  firstResponseMs: number | undefined;
}

/** One container as it is now. */
export interface RecordedInstance extends InstanceName {
  state: 'starting' | 'in service' | 'crashed' | 'failed';
  port: number | undefined;
  restarts: number;
  message: string;
}

/** One line of output. */
export interface RecordedLine {
  readonly source: string;
  readonly stream: 'stdout' | 'stderr' | 'build';
  readonly line: string;
}

interface Entry {
  readonly session: RecordedSession;
  readonly steps: Ring<Step>;
  readonly began: number;
  /** Number of the last change, for readers that ask for what is new. */
  revision: number;
  readonly paused: Set<'received' | 'sent'>;
}

/**
 * What the inspector shows, built from the local SageMaker's own events. Everything is bounded; payload is kept only while a page is open,
 * in memory.
 */
export class Recording {
  readonly instances = new Map<string, RecordedInstance>();
  readonly lines = new Ring<RecordedLine>(LINES_KEPT);
  private readonly entries = new Map<string, Entry>();
  private readonly ended: string[] = [];
  private readonly payloads = new HeldPayloads<Step>(PAYLOAD_BYTES);
  private revision = 0;
  private pages = 0;

  /** Bytes of payload in memory. */
  get payloadBytes(): number {
    return this.payloads.bytes;
  }

  /** Begins to keep payload; the returned function ends it, and the last one forgets what was kept. */
  openPage(): () => void {
    this.pages += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.pages -= 1;
      if (this.pages === 0) this.payloads.clear();
    };
  }

  /** The sessions that changed after a revision, oldest first, and the revision to ask with next time. */
  sessionsSince(revision: number): { readonly sessions: readonly RecordedSession[]; readonly revision: number } {
    const sessions = [...this.entries.values()].filter(entry => entry.revision > revision).map(entry => entry.session);
    return { sessions, revision: this.revision };
  }

  /** The steps of a session, or undefined when it is not kept. */
  stepsOf(requestId: string): Ring<Step> | undefined {
    return this.entries.get(requestId)?.steps;
  }

  readonly observe = (event: LocalEvent): void => {
    switch (event.type) {
      case 'container-starting': {
        const before = this.instances.get(keyOf(event));
        const { endpoint, variant, instance } = event;
        this.instances.set(keyOf(event), {
          endpoint,
          variant,
          instance,
          state: 'starting',
          port: undefined,
          restarts: before ? before.restarts + 1 : 0,
          message: '',
        });
        break;
      }
      case 'container-in-service':
        this.change(event, { state: 'in service', port: event.port, message: '' });
        break;
      case 'container-crashed': {
        const { code, signal } = event.exit;
        this.change(event, {
          state: 'crashed',
          port: undefined,
          message: signal ? `Ended by ${signal}.` : `Ended with exit code ${code}.`,
        });
        break;
      }
      case 'container-failed':
        this.change(event, { state: event.isServing ? 'in service' : 'failed', message: event.message });
        break;
      case 'container-line':
        this.lines.push({ source: keyOf(event), stream: event.stream, line: event.line });
        break;
      case 'build-line':
        this.lines.push({ source: event.model, stream: 'build', line: event.line });
        break;
      case 'session-opened':
        this.open(event.requestId, event.path, event.name);
        break;
      case 'session-ended': {
        const { requestId, outcome, message, received, sent, durationMs, firstResponseMs } = event.session;
        const explanation = explainEnding(outcome, message);
        this.end(requestId, {
          state: 'ended',
          outcome,
          explanation,
          received: { ...received },
          sent: { ...sent },
          durationMs,
          firstResponseMs,
        });
        break;
      }
      case 'refused':
        if (event.containerPath !== undefined) this.refuse(event, event.containerPath);
        break;
    }
  };

  readonly observeStream = (requestId: string, event: StreamEvent): void => {
    const entry = this.entries.get(requestId);
    if (!entry) return;
    if (event.type === 'paused' || event.type === 'resumed') {
      // Each write to a full buffer asks for a pause: the first is the one that counts.
      const isPaused = entry.paused.has(event.direction);
      if (isPaused === (event.type === 'paused')) return;
      if (isPaused) entry.paused.delete(event.direction);
      else entry.paused.add(event.direction);
    }
    const atMs = performance.now() - entry.began;
    if (event.type !== 'message') {
      entry.steps.push({ atMs, ...event });
    } else {
      const { payload, ...rest } = event;
      const { session } = entry;
      const count = session[event.direction];
      count.events += 1;
      count.bytes += payload.length;
      if (event.direction === 'sent') session.firstResponseMs ??= atMs;
      const step: Step = { atMs, ...rest, bytes: payload.length };
      // A copy, because the bytes are a view of a larger buffer of the network's.
      if (this.pages > 0) this.payloads.hold(step, payload.subarray(0, PAYLOAD_PART_BYTES));
      entry.steps.push(step);
    }
    this.touch(entry);
  };

  private open(requestId: string, path: string, { endpoint, variant, instance }: InstanceName): Entry {
    const entry: Entry = {
      session: {
        requestId,
        endpoint,
        instance: variant && `${variant}/${instance}`,
        path,
        openedAt: Date.now(),
        state: 'open',
        outcome: '',
        explanation: undefined,
        received: { events: 0, bytes: 0 },
        sent: { events: 0, bytes: 0 },
        durationMs: undefined,
        firstResponseMs: undefined,
      },
      steps: new Ring<Step>(STEPS_KEPT, step => this.payloads.drop(step)),
      began: performance.now(),
      revision: 0,
      paused: new Set(),
    };
    this.entries.set(requestId, entry);
    this.touch(entry);
    return entry;
  }

  private refuse(event: Extract<LocalEvent, { type: 'refused' }>, path: string): void {
    const endpoint = /^\/endpoints\/([^/?]+)\//.exec(event.path)?.[1] ?? '';
    const { steps } = this.open(event.requestId, path, { endpoint, variant: '', instance: 0 });
    const answer = event.containerAnswer === undefined ? '' : ` The container answered ${event.containerAnswer}.`;
    const message = `${event.message}${answer}`;
    steps.push({ atMs: 0, type: 'failed', error: `${event.error} (HTTP ${event.statusCode})`, message });
    this.end(event.requestId, {
      state: 'refused',
      outcome: event.error,
      explanation: explainEnding(event.error, message),
      durationMs: 0,
    });
  }

  private end(requestId: string, result: Partial<RecordedSession>): void {
    const entry = this.entries.get(requestId);
    if (!entry) return;
    Object.assign(entry.session, result);
    this.touch(entry);
    this.ended.push(requestId);
    if (this.ended.length <= ENDED_SESSIONS_KEPT) return;
    const oldest = this.ended.shift()!;
    for (const step of this.entries.get(oldest)?.steps.since(0).items ?? []) this.payloads.drop(step);
    this.entries.delete(oldest);
  }

  private change(name: InstanceName, change: Partial<RecordedInstance>): void {
    const known = this.instances.get(keyOf(name));
    if (known) Object.assign(known, change);
  }

  private touch(entry: Entry): void {
    this.revision += 1;
    entry.revision = this.revision;
  }
}

function keyOf({ endpoint, variant, instance }: InstanceName): string {
  return `${endpoint}/${variant}/${instance}`;
}
