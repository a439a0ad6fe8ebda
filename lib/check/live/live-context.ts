import { BIDIRECTIONAL_STREAM_PATH, PING_PATH, type RunningContainer } from '../../contract';
import type { Verdict } from '../../report/finding';
import { Opcode } from '../../wire/frame';
import type { Conversation } from './conversation';
import type { LiveLimits, LiveLoad } from './limits';
import { type PingAnswer, probePing } from './probe-ping';
import { ProbeSocket, type ProbeSocketOptions } from './probe-socket';

/** Where the container answers. */
export interface LiveTarget {
  /** `ws://host:port` or `wss://host:port`. */
  readonly origin: string;
  /** Path of the WebSocket that the checks use, without leading slash. Absent means the platform's default. */
  readonly path?: string;
  /** Query string that the checks use, without question mark. */
  readonly query?: string;
}

/** What the checks share: the container, how to reach it, and what earlier checks found. */
export class LiveContext {
  /** The container, where it was started here. */
  container: RunningContainer | undefined;
  /** What to say to the container; settled once it is ready. */
  conversation: Conversation | undefined;
  /** Breaches of RFC 6455 in what the container sent, to any check, with their count. */
  readonly breaches = new Map<string, number>();
  readonly verdicts = new Map<string, Verdict>();
  /** Whether the container lost a connection without a close frame: it may be about to be seen dead. */
  sawLoss = false;
  private readonly sockets = new Set<ProbeSocket>();

  constructor(
    public target: LiveTarget,
    readonly limits: LiveLimits,
    readonly load: LiveLoad,
  ) {}

  passed(check: string): boolean {
    const verdict = this.verdicts.get(check);
    return verdict === 'pass' || verdict === 'warn';
  }

  /** URL of the WebSocket on a path and with a query string; the target's own where none is given. */
  url(path = this.target.path ?? BIDIRECTIONAL_STREAM_PATH, query = this.target.query): string {
    return `${this.target.origin}/${path}${query ? `?${query}` : ''}`;
  }

  /** Opens a WebSocket with a generous limit: only the checks of the accept time are strict. */
  async open(options: Partial<ProbeSocketOptions> & { url?: string } = {}): Promise<ProbeSocket> {
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

  /** Runs something on a WebSocket and leaves it in good order. */
  async withSocket<T>(run: (socket: ProbeSocket) => Promise<T>, options: Parameters<this['open']>[0] = {}): Promise<T> {
    const socket = await this.open(options);
    try {
      return await run(socket);
    } finally {
      socket.leave();
    }
  }

  /** @param timeoutMs default: well above the platform's limit, so that a late answer is told apart from none */
  ping(method: 'GET' | 'POST' = 'GET', timeoutMs = 3 * this.limits.pingMs): Promise<PingAnswer> {
    return probePing(this.target.origin.replace(/^ws/, 'http') + PING_PATH, method, timeoutMs);
  }

  /** Keeps sessions busy talking while something is measured. What they hear is another check's matter. */
  async whileBusy<T>(measure: () => Promise<T>): Promise<T> {
    const { conversation } = this;
    const sockets = await Promise.all(Array.from({ length: this.load.busySessions }, () => this.open()));
    let isDone = false;
    const talking = sockets.map(async socket => {
      while (!isDone && socket.isOpen && conversation) {
        await conversation.hold(socket, { timeoutMs: this.limits.replyMs });
        // A breath, so that the load is the container's and not this process's own.
        await new Promise(resolve => setTimeout(resolve, 5));
      }
    });
    try {
      return await measure();
    } finally {
      isDone = true;
      for (const socket of sockets) socket.leave();
      await Promise.allSettled(talking);
    }
  }

  /**
   * What is wrong with an open stream, as part of a sentence, or `undefined`: seen by the conversation, else by a pong, else by
   * its being open.
   */
  async faultOf(socket: ProbeSocket): Promise<string | undefined> {
    const { replyMs } = this.limits;
    if (this.conversation) return this.conversation.hold(socket, { timeoutMs: replyMs });
    if (this.verdicts.get('pong') === 'fail') return socket.isOpen ? undefined : 'the container closed it';
    socket.send(Opcode.PING, 'bidi-check');
    return (await socket.pongs.take(replyMs)) ? undefined : `no pong within ${replyMs} ms`;
  }

  /** Leaves what a check that failed half-way left open: it must not count against the next one. */
  leaveAll(): void {
    for (const socket of this.sockets) if (!socket.isLeaving) socket.leave();
  }

  /** Cuts whatever is open still. */
  cutAll(): void {
    for (const socket of this.sockets) socket.cut('fin');
    this.sockets.clear();
  }
}
