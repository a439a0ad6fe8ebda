/** Limits of a gateway and of each of its clients. A client is a token, or without tokens an address. */
export interface GatewayLimits {
  /**
   * Sessions at a time, of all clients. Each is billed as long as it is open.
   *
   * @default 1000
   */
  readonly sessions?: number;
  /**
   * Sessions at a time of one client.
   *
   * @default 1000
   */
  readonly sessionsPerClient?: number;
  /**
   * Sessions that one client may open a second, over ten seconds: a burst of ten times as many is taken.
   *
   * @default 100
   */
  readonly opensPerSecond?: number;
  /**
   * Longest message of a client, in bytes. A longer one ends the session with the close code 1009.
   *
   * @default 25165824 (24 MiB, the platform's limit of one event)
   */
  readonly messageBytes?: number;
  /**
   * Time without a message in either direction after which a session is closed with the code 1008, in milliseconds.
   *
   * @default 300000 (5 minutes)
   */
  readonly idleMs?: number;
}

/** Seconds of opens that may come at once. */
const BURST_SECONDS = 10;

/** Clients remembered at a time. Those with open sessions are never forgotten. */
const REMEMBERED_CLIENTS = 10_000;

interface ClientState {
  sessions: number;
  /** Opens that may come now. */
  opens: number;
  /** When `opens` was last brought up to date, as `performance.now()` has it. */
  updatedAt: number;
}

/** Counts the sessions and opens of each client. */
export class ClientLimiter {
  private readonly clients = new Map<string, ClientState>();
  private sessions = 0;

  constructor(
    private readonly limits: Required<Pick<GatewayLimits, 'sessions' | 'sessionsPerClient' | 'opensPerSecond'>>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Sessions that were admitted and not released. */
  get openSessions(): number {
    return this.sessions;
  }

  /**
   * Counts one more session of a client.
   *
   * @returns undefined when it is admitted, or which limit it meets
   */
  admit(client: string): 'sessions' | 'sessionsPerClient' | 'opensPerSecond' | undefined {
    const { sessions, sessionsPerClient, opensPerSecond } = this.limits;
    if (this.sessions >= sessions) return 'sessions';
    const state = this.stateOf(client);
    if (state.sessions >= sessionsPerClient) return 'sessionsPerClient';
    if (state.opens < 1) return 'opensPerSecond';
    state.opens = Math.min(state.opens, opensPerSecond * BURST_SECONDS) - 1;
    state.sessions += 1;
    this.sessions += 1;
    return undefined;
  }

  release(client: string): void {
    const state = this.clients.get(client);
    if (!state || state.sessions === 0) return;
    state.sessions -= 1;
    this.sessions -= 1;
  }

  private stateOf(client: string): ClientState {
    const burst = this.limits.opensPerSecond * BURST_SECONDS;
    const now = this.now();
    const state = this.clients.get(client) ?? { sessions: 0, opens: burst, updatedAt: now };
    state.opens = Math.min(burst, state.opens + ((now - state.updatedAt) / 1_000) * this.limits.opensPerSecond);
    state.updatedAt = now;
    this.clients.delete(client); // most recently seen clients come last
    this.clients.set(client, state);
    if (this.clients.size > REMEMBERED_CLIENTS) this.forgetOldest();
    return state;
  }

  private forgetOldest(): void {
    for (const [client, { sessions }] of this.clients) {
      if (sessions > 0) continue;
      this.clients.delete(client);
      return;
    }
  }
}
