import { setTimeout as delay } from 'node:timers/promises';
import type { RunningContainer } from '../../contract';
import { type Finding, finding, type Observation, pass, skip } from '../../report/finding';
import { CONTROL_CHECKS } from './checks/control-checks';
import { HEALTH_CHECKS, PING_UNDER_LOAD_CHECK } from './checks/health-checks';
import { MESSAGE_CHECKS } from './checks/message-checks';
import { METERING_CHECK } from './checks/metering-check';
import { OPEN_CHECKS } from './checks/open-checks';
import { FRAME_FORMAT_CHECK, SESSION_CHECKS } from './checks/session-checks';
import { STOP_CHECK } from './checks/stop-check';
import { ExchangeConversation } from './conversation';
import type { Exchange } from './exchange';
import { DEFAULT_CLOCK, type LiveLimits, type LiveLoad, liveLimits, liveLoad } from './limits';
import type { LiveCheck } from './live-check';
import { LiveContext, type LiveTarget } from './live-context';
import { ProbeError } from './probe-error';
import { lastWords, Startup } from './startup';

/** What is checked, and how. */
export interface CheckContainerOptions {
  /**
   * Starts the container and resolves as soon as it runs, before it answers. Called again when the container has died of a
   * check, so that one fault hides no other.
   *
   * @default - the container runs already, at `url`
   */
  readonly start?: () => Promise<RunningContainer>;
  /**
   * Where a container runs already: `ws://host:port`, or with path and query string.
   *
   * @default - the container is started
   */
  readonly url?: string;
  /**
   * Path of the WebSocket, without leading slash.
   *
   * @default - the platform's
   */
  readonly path?: string;
  /**
   * Query string of the WebSocket, without question mark.
   *
   * @default - none
   */
  readonly query?: string;
  /**
   * What to say to a container that is not an echo.
   *
   * @default - checks that need a known reply are skipped
   */
  readonly exchange?: Exchange;
  /**
   * How many times faster than real the platform's periods pass: the 30 minutes of a stream, the minute between pings. The
   * container's own limits are never scaled.
   *
   * @default 360
   */
  readonly clock?: number;
  /** @default - the platform's */
  readonly limits?: Partial<LiveLimits>;
  /** @default - see {@link LiveLoad} */
  readonly load?: Partial<LiveLoad>;
  /** Told before each check, for progress. */
  readonly onCheck?: (name: string) => void;
  /**
   * Ends the run early; what was not looked at is skipped.
   *
   * @default - none
   */
  readonly abortSignal?: AbortSignal;
}

/** Every check on a running container, in the order in which they run. */
export const LIVE_CHECKS: readonly LiveCheck[] = [
  ...HEALTH_CHECKS,
  ...OPEN_CHECKS,
  ...MESSAGE_CHECKS,
  ...CONTROL_CHECKS,
  PING_UNDER_LOAD_CHECK,
  ...SESSION_CHECKS,
  METERING_CHECK,
  FRAME_FORMAT_CHECK,
  STOP_CHECK,
];

/** Runs an exchange once on a stream of its own. */
const EXCHANGE_CHECK: LiveCheck = {
  name: 'exchange',
  rule: 'The container answers what it is sent as the exchange expects.',
  source: 'the file of --exchange',
  advice: 'Compare the file with what the container sends, or raise its timeoutMs.',
  needs: ['open-default-path'],
  async run(context) {
    const fault = await context.withSocket(async socket =>
      context.conversation?.hold(socket, { timeoutMs: context.limits.replyMs }),
    );
    return fault ? { verdict: 'fail', seen: fault } : pass('every expectation was met');
  },
};

const ENDED_EARLY = 'the run was ended early';

/** How long a container that a check has killed may take to be seen dead, in milliseconds. */
const DEATH_NOTICE_MS = 100;

/**
 * Holds a running container against the platform's contract. Takes about half a minute, most of it for the end after SIGTERM.
 *
 * @throws the error of `start` when the container cannot be started at all
 */
export async function checkContainer(options: CheckContainerOptions): Promise<Finding[]> {
  return new LiveRun(options).run();
}

class LiveRun {
  private readonly context: LiveContext;
  private readonly findings: Finding[] = [];
  /** Why nothing more can be looked at. */
  private standstill: string | undefined;
  private hasExited = false;

  constructor(private readonly options: CheckContainerOptions) {
    this.context = new LiveContext(
      targetOf(options),
      liveLimits(options.clock ?? DEFAULT_CLOCK, options.limits),
      liveLoad(options.load),
    );
    if (options.exchange) this.context.conversation = new ExchangeConversation(options.exchange);
  }

  async run(): Promise<Finding[]> {
    const { abortSignal } = this.options;
    // What a check waits for ends with the container.
    const abort = () => {
      this.context.container?.kill('SIGKILL');
      this.context.cutAll();
    };
    abortSignal?.addEventListener('abort', abort, { once: true });
    try {
      await this.startUp();
      for (const check of this.checks()) {
        await this.perform(check);
      }
      return this.findings;
    } finally {
      abortSignal?.removeEventListener('abort', abort);
      this.context.cutAll();
      const { container } = this.context;
      if (container && !this.hasExited) {
        container.kill('SIGKILL');
        await container.exited;
      }
    }
  }

  private checks(): readonly LiveCheck[] {
    if (!this.options.exchange) return LIVE_CHECKS;
    return LIVE_CHECKS.flatMap(check => (check.name === 'text-message' ? [EXCHANGE_CHECK, check] : [check]));
  }

  private async startUp(): Promise<void> {
    if (!this.options.start) {
      const reason = 'the container was not started here';
      for (const rule of [Startup.RULES.START, Startup.RULES.LOADING]) this.record(finding(rule, skip(reason)));
      return;
    }
    this.options.onCheck?.(Startup.RULES.START.name);
    const { start, loading, isReady } = await this.launch();
    this.record(start);
    this.record(loading);
    if (!isReady) this.standstill = 'the container did not become ready';
  }

  private async launch(): Promise<Awaited<ReturnType<typeof Startup.follow>>> {
    const container = await this.options.start!();
    this.hasExited = false;
    void container.exited.then(() => {
      if (this.context.container === container) this.hasExited = true;
    });
    this.context.container = container;
    this.context.target = { ...this.context.target, origin: `ws://${container.host}:${container.port}` };
    return Startup.follow(this.context, container, this.options.abortSignal);
  }

  private async perform(check: LiveCheck): Promise<void> {
    const reason = this.reasonToSkip(check) ?? (await this.revive());
    if (reason !== undefined) {
      this.record(finding(check, skip(reason)));
      return;
    }
    this.options.onCheck?.(check.name);
    const startedAt = performance.now();
    let observation: Observation;
    try {
      observation = await check.run(this.context);
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      observation = { verdict: 'fail', seen: error.message };
    }
    this.context.leaveAll();
    if (this.options.abortSignal?.aborted) observation = skip(ENDED_EARLY);
    else if (check !== STOP_CHECK) observation = await this.mindDeath(observation);
    const isFault = observation.verdict === 'fail' || observation.verdict === 'warn';
    if (isFault && observation.next === undefined) observation = { ...observation, next: check.advice };
    this.record(finding(check, observation, performance.now() - startedAt));
  }

  /** A container that dies of a check fails it, whatever else was seen. */
  private async mindDeath(observation: Observation): Promise<Observation> {
    const { container } = this.context;
    if (!container) return observation;
    if (observation.verdict !== 'pass' || this.context.sawLoss) {
      await Promise.race([container.exited, delay(DEATH_NOTICE_MS)]);
    }
    this.context.sawLoss = false;
    if (!this.hasExited) return observation;
    const exit = await container.exited;
    return {
      ...observation,
      verdict: 'fail',
      seen: `the container ended with ${exit.signal ?? `exit code ${exit.code}`}${lastWords(container)}`,
    };
  }

  private reasonToSkip(check: LiveCheck): string | undefined {
    if (this.options.abortSignal?.aborted) return ENDED_EARLY;
    if (this.standstill) return this.standstill;
    if (check.requires === 'start' && !this.options.start) return 'the container was not started here';
    const missing = check.needs?.find(name => !this.context.passed(name));
    if (missing !== undefined) return `it needs ${missing}, which did not pass`;
    const { conversation } = this.context;
    if (check.requires === 'conversation' && !conversation) {
      return 'it needs a known reply, and the container does not echo; say what to expect with --exchange FILE';
    }
    if (check.requires === 'echo' && !conversation?.isEcho) {
      return 'it needs a container that echoes';
    }
    return undefined;
  }

  /** Starts the container again when a check has ended it. */
  private async revive(): Promise<string | undefined> {
    if (!this.options.start || !this.hasExited) return undefined;
    const { isReady, start } = await this.launch();
    if (isReady) return undefined;
    this.standstill = `the container died and did not become ready again: ${start.seen}`;
    return this.standstill;
  }

  private record(found: Finding): void {
    this.findings.push(found);
    this.context.verdicts.set(found.name, found.verdict);
  }
}

function targetOf({ url, path, query, exchange }: CheckContainerOptions): LiveTarget {
  const parsed = url === undefined ? undefined : new URL(url);
  const ownPath = path ?? exchange?.path ?? parsed?.pathname.replace(/^\//, '');
  const ownQuery = query ?? exchange?.query ?? parsed?.search.replace(/^\?/, '');
  return {
    // A container that is started says itself where it is.
    origin: parsed ? `${parsed.protocol}//${parsed.host}` : '',
    ...(ownPath ? { path: ownPath } : {}),
    ...(ownQuery ? { query: ownQuery } : {}),
  };
}
