import { setTimeout as delay } from 'node:timers/promises';
import { BIDIRECTIONAL_STREAM_PATH, PING_PATH, type RunningContainer } from '../../contract';
import type { Verdict } from '../../report/finding';
import { Opcode } from '../../wire/frame';
import type { Conversation } from './conversation';
import type { LiveLimits, LiveLoad } from './limits';
import { ProbeError } from './probe-error';
import { type PingAnswer, probePing } from './probe-ping';
import { ProbeSocket, type ProbeSocketOptions } from './probe-socket';
import { type ServerStack, serverStack } from './server-stack';

/** Where the container answers. */
export interface LiveTarget {
  /** `ws://host:port` or `wss://host:port`. */
  readonly origin: string;
  /** Path of the WebSocket that the checks use, without leading slash. Absent means the platform's default. */
  readonly path?: string;
  /** Query string that the checks use, without question mark. */
  readonly query?: string;
}

/** How a WebSocket of a check is opened. */
type OpenOptions = Partial<ProbeSocketOptions> & { readonly url?: string };

/** Time for a stream to end before the next one opens, in milliseconds: a server may count it until then. */
const LEAVE_MS = 200;

/** Pause between two attempts to open a stream that was refused, in milliseconds. */
const RETRY_MS = 50;

/** Further attempts to open a stream that was refused although earlier ones have ended. */
const RETRIES = 4;

/** The state that the checks share: the container, how to reach it, and the results of earlier checks. */
export class LiveContext {
  /** The container, where it was started here. */
  container: RunningContainer | undefined;
  /** The conversation that the container is known to understand. */
  conversation: Conversation | undefined;
  /** Sessions that the container holds at once, as far as it was tried. */
  sessionLimit = Number.POSITIVE_INFINITY;
  /** Breaches of RFC 6455 in what the container sent, to any check, with their count. */
  readonly breaches = new Map<string, number>();
  readonly verdicts = new Map<string, Verdict>();
  /** Whether the container lost a connection without a close frame: its exit may be reported a moment later. */
  sawLoss = false;
  private serverHeader: string | undefined;
  private hasLeft = false;
  private readonly sockets = new Set<ProbeSocket>();

  constructor(
    public target: LiveTarget,
    readonly limits: LiveLimits,
    readonly load: LiveLoad,
    private readonly known: {
      /** Words of the command or entry point, where they are known. */
      readonly command?: readonly string[];
      /** Sessions that the container is meant to hold, where that was said. */
      readonly declaredSessions?: number;
    } = {},
  ) {}

  /** Sessions that the container is meant to hold at once, where that was said. */
  get declaredSessions(): number | undefined {
    return this.known.declaredSessions;
  }

  /** The server program of the WebSocket, where the container shows it. */
  get stack(): ServerStack | undefined {
    return serverStack(this.serverHeader, this.known.command);
  }

  passed(check: string): boolean {
    const verdict = this.verdicts.get(check);
    return verdict === 'pass' || verdict === 'warn';
  }

  /** URL of the WebSocket on a path and with a query string; the target's own where none is given. */
  url(path = this.target.path ?? BIDIRECTIONAL_STREAM_PATH, query = this.target.query): string {
    return `${this.target.origin}/${path}${query ? `?${query}` : ''}`;
  }

  /**
   * Opens a WebSocket with a generous time limit: only the checks of the accept time are strict. A server with a limit may need a moment
   * to see that earlier streams have ended, so a refusal after them is tried again.
   */
  async open(options: OpenOptions = {}): Promise<ProbeSocket> {
    for (let retries = this.hasLeft ? RETRIES : 0; ; retries--) {
      try {
        return await this.openOnce(options);
      } catch (error) {
        const isRefusal = error instanceof ProbeError && error.status !== undefined && error.status !== 404;
        if (!isRefusal || retries === 0) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  private async openOnce(options: OpenOptions): Promise<ProbeSocket> {
    const { url = this.url(), ...rest } = options;
    const socket = await ProbeSocket.open(url, {
      timeoutMs: Math.max(this.limits.replyMs, 4 * this.limits.acceptMs),
      onBreach: breach => this.breaches.set(breach, (this.breaches.get(breach) ?? 0) + 1),
      ...rest,
    });
    this.sockets.add(socket);
    void socket.ended.then(({ code }) => {
      this.sockets.delete(socket);
      if (code === 1006 && !socket.wasCut) this.sawLoss = true;
    });
    return socket;
  }

  /** Opens a WebSocket after others were cut, which a server may see late. */
  async reopen(): Promise<ProbeSocket> {
    const deadline = performance.now() + this.limits.replyMs;
    for (;;) {
      try {
        return await this.open();
      } catch (error) {
        if (!(error instanceof ProbeError) || performance.now() > deadline) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  /** Runs a function on a WebSocket and closes the WebSocket in good order. */
  async withSocket<T>(run: (socket: ProbeSocket) => Promise<T>, options: OpenOptions = {}): Promise<T> {
    const socket = await this.open(options);
    try {
      return await run(socket);
    } finally {
      await this.leave([socket]);
    }
  }

  /** Closes WebSockets in good order, and waits a moment for the container's side. */
  async leave(sockets: readonly ProbeSocket[]): Promise<void> {
    this.hasLeft ||= sockets.length > 0;
    for (const socket of sockets) socket.leave();
    await Promise.all(sockets.map(socket => socket.endWithin(LEAVE_MS)));
  }

  /**
   * Asks for a health check.
   *
   * @param timeoutMs default: well above the platform's limit, so that a late answer is told apart from none
   */
  async ping(method: 'GET' | 'POST' = 'GET', timeoutMs = 3 * this.limits.pingMs): Promise<PingAnswer> {
    const answer = await probePing(this.target.origin.replace(/^ws/, 'http') + PING_PATH, method, timeoutMs);
    this.serverHeader ??= answer.server;
    return answer;
  }

  /** Sessions that can be kept busy while one more stays free for what is measured. */
  get busySessions(): number {
    return Math.max(1, Math.min(this.load.busySessions, this.sessionLimit - 1));
  }

  /** Keeps sessions busy during a measurement. Other checks judge whether their replies are right. */
  async whileBusy<T>(measure: () => Promise<T>): Promise<T> {
    const { conversation } = this;
    const sockets = await Promise.all(Array.from({ length: this.busySessions }, () => this.open()));
    let isDone = false;
    const talking = sockets.map(async socket => {
      while (!isDone && socket.isOpen && conversation) {
        await conversation.run(socket, { timeoutMs: this.limits.replyMs });
        // A pause, so that the load is the container's and not this process's own.
        await delay(5);
      }
    });
    try {
      return await measure();
    } finally {
      isDone = true;
      await this.leave(sockets);
      await Promise.allSettled(talking);
    }
  }

  /**
   * The fault of an open stream, as part of a sentence, or `undefined`: seen by the conversation, else by a pong, else by
   * its being open.
   */
  async faultOf(socket: ProbeSocket): Promise<string | undefined> {
    const { replyMs } = this.limits;
    if (this.conversation) return this.conversation.run(socket, { timeoutMs: replyMs });
    if (this.verdicts.get('pong') === 'fail') return socket.isOpen ? undefined : 'the container closed it';
    socket.send(Opcode.PING, 'bidi-check');
    return (await socket.pongs.take(replyMs)) ? undefined : `no pong within ${replyMs} ms`;
  }

  /** Closes the streams of a check that ended early, so that they do not count against the next one. */
  async leaveAll(): Promise<void> {
    await this.leave([...this.sockets].filter(socket => !socket.isLeaving));
  }

  /** Cuts every stream that is still open. */
  cutAll(): void {
    for (const socket of this.sockets) socket.cut('fin');
    this.sockets.clear();
  }
}
