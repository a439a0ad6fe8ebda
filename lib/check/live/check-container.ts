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
import { stackAdvice } from './server-stack';
import { followStartup, isContainerPortTaken, lastLineOf, STARTUP_RULES } from './startup';

/** The progress of a run. */
export interface CheckProgress {
  /** Name of the check that runs. */
  readonly check: string;
  /** The event that it waits for, where that is known. */
  readonly detail?: string;
}

/** Options of {@link checkContainer}. */
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
   * Messages to a container that is not an echo, and the answers to expect.
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
  /**
   * Sessions that the container is meant to hold at once: fewer fail, and the load of the other checks is kept to them.
   *
   * @default - what it holds of 100, and no fewer than two without a warning
   */
  readonly sessions?: number;
  /**
   * Words of the container's command or entry point: what to do is then said for the server that they name.
   *
   * @default - the server is known by its answers alone
   */
  readonly command?: readonly string[];
  /** Called before each check, and with the event that a long check waits for. */
  readonly onProgress?: (progress: CheckProgress) => void;
  /**
   * Ends the run early; the checks that are left are skipped.
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

/** Holds an exchange once on a stream of its own. Where it fails, the checks that would repeat it are skipped. */
const EXCHANGE_CHECK: LiveCheck = {
  name: 'exchange',
  rule: 'The container sends the answers that the exchange expects.',
  source: 'the exchange that was given',
  advice: 'Compare the exchange with what the container sends, or raise its timeoutMs.',
  needs: ['open-default-path'],
  requires: 'conversation',
  async run(context) {
    const { conversation, limits } = context;
    const fault = await context.withSocket(socket => conversation!.run(socket, { timeoutMs: limits.replyMs }));
    if (!fault) return pass('every expectation was met');
    context.conversation = undefined;
    return { verdict: 'fail', seen: fault };
  },
};

const ENDED_EARLY = 'the run was ended early';

/** Time in which the exit of a container that a check has killed is reported, in milliseconds. */
const EXIT_REPORT_MS = 100;

/**
 * Checks a running container against the platform's contract. Takes about half a minute, most of it for the end after SIGTERM.
 *
 * @throws the error of `start` when the container cannot be started at all
 */
export async function checkContainer(options: CheckContainerOptions): Promise<Finding[]> {
  return new LiveRun(options).run();
}

class LiveRun {
  private readonly context: LiveContext;
  private readonly findings: Finding[] = [];
  /** Why no further check can be run. */
  private blockedBecause: string | undefined;
  private hasExited = false;

  constructor(private readonly options: CheckContainerOptions) {
    const { clock = DEFAULT_CLOCK, limits, load, sessions, exchange, command } = options;
    this.context = new LiveContext(
      targetOf(options),
      liveLimits(clock, limits),
      liveLoad(sessions === undefined ? load : { ...load, sessions, burst: sessions }),
      { ...(command && { command }), ...(sessions !== undefined && { declaredSessions: sessions }) },
    );
    if (exchange) this.context.conversation = new ExchangeConversation(exchange);
  }

  async run(): Promise<Finding[]> {
    const { abortSignal } = this.options;
    // Every wait of a check ends with the container and its streams.
    const abort = () => {
      this.context.container?.kill('SIGKILL');
      this.context.cutAll();
    };
    abortSignal?.addEventListener('abort', abort, { once: true });
    try {
      await this.startUp();
      for (const check of this.checks()) await this.perform(check);
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
    // Once it is known whether messages arrive at all, and before the first check that relies on the exchange.
    return LIVE_CHECKS.flatMap(check => (check.name === 'open-other-path' ? [EXCHANGE_CHECK, check] : [check]));
  }

  private async startUp(): Promise<void> {
    if (!this.options.start) {
      for (const rule of Object.values(STARTUP_RULES)) this.record(finding(rule, skip(NOT_STARTED_HERE)));
      return;
    }
    const { findings, isReady } = await this.launch();
    for (const found of findings) this.record(found);
    if (!isReady) this.blockedBecause = 'the container did not become ready';
  }

  private async launch(): Promise<Awaited<ReturnType<typeof followStartup>>> {
    const check = STARTUP_RULES.START.name;
    this.options.onProgress?.({ check });
    const isPortTaken = await isContainerPortTaken();
    const container = await this.options.start!();
    this.hasExited = false;
    void container.exited.then(() => {
      if (this.context.container === container) this.hasExited = true;
    });
    this.context.container = container;
    return followStartup(this.context, container, {
      isContainerPortTaken: isPortTaken,
      abortSignal: this.options.abortSignal,
      onProgress: detail => this.options.onProgress?.({ check, detail }),
    });
  }

  private async perform(check: LiveCheck): Promise<void> {
    const reason = this.reasonToSkip(check) ?? (await this.restartIfExited());
    if (reason !== undefined) {
      this.record(finding(check, skip(reason)));
      return;
    }
    this.options.onProgress?.({ check: check.name });
    const startedAt = performance.now();
    let observation = await this.observe(check);
    await this.context.leaveAll();
    if (this.options.abortSignal?.aborted) observation = skip(ENDED_EARLY);
    const exit =
      check === STOP_CHECK || observation.verdict === 'skip' ? undefined : await this.unexpectedExit(observation);
    // A container that exits fails the check, be it advice: the platform takes it out of service.
    const rule = exit === undefined ? check : { ...check, isAdvice: false };
    if (exit !== undefined) observation = { verdict: 'fail', seen: exit };
    this.record(finding(rule, this.withAdvice(check, observation), performance.now() - startedAt));
  }

  private async observe(check: LiveCheck): Promise<Observation> {
    try {
      return await check.run(this.context);
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      return { verdict: 'fail', seen: error.message };
    }
  }

  /** Says what to do about a fault, for the container's own stack where that is known. */
  private withAdvice({ name, advice }: LiveCheck, observation: Observation): Observation {
    const isFault = observation.verdict === 'fail' || observation.verdict === 'warn';
    if (!isFault || (observation.next !== undefined && observation.next !== advice)) return observation;
    return { ...observation, next: stackAdvice(name, this.context.stack) ?? advice };
  }

  /** How the container ended while a check ran, as part of a sentence; `undefined` while it runs. */
  private async unexpectedExit(observation: Observation): Promise<string | undefined> {
    const { container } = this.context;
    if (!container) return undefined;
    if (observation.verdict !== 'pass' || this.context.sawLoss) {
      await Promise.race([container.exited, delay(EXIT_REPORT_MS)]);
    }
    this.context.sawLoss = false;
    if (!this.hasExited) return undefined;
    const exit = await container.exited;
    return `the container ended with ${exit.signal ?? `exit code ${exit.code}`}${lastLineOf(container)}`;
  }

  private reasonToSkip(check: LiveCheck): string | undefined {
    if (this.options.abortSignal?.aborted) return ENDED_EARLY;
    if (this.blockedBecause) return this.blockedBecause;
    if (check.requires === 'start' && !this.options.start) return NOT_STARTED_HERE;
    const missing = check.needs?.find(name => !this.context.passed(name));
    if (missing !== undefined) return `it needs ${missing}, which did not pass`;
    if ((check.sessions ?? 1) > this.context.sessionLimit) {
      return 'it needs two sessions at once, and the container holds one';
    }
    return this.reasonToSkipConversation(check);
  }

  private reasonToSkipConversation({ requires }: LiveCheck): string | undefined {
    const { conversation, verdicts } = this.context;
    if (requires === 'conversation' && !conversation) {
      return verdicts.get('exchange') === 'fail'
        ? 'it needs exchange, which did not pass'
        : 'it needs a known reply, and the container does not echo; say what to expect with --exchange FILE or --protocol';
    }
    return requires === 'echo' && !conversation?.isEcho ? 'it needs a container that echoes' : undefined;
  }

  /** Starts the container again when a check has ended it. Resolves with why that did not work. */
  private async restartIfExited(): Promise<string | undefined> {
    if (!this.options.start || !this.hasExited) return undefined;
    const { isReady, findings } = await this.launch();
    if (isReady) return undefined;
    this.blockedBecause = `the container ended and did not become ready again: ${findings[0]?.seen}`;
    return this.blockedBecause;
  }

  private record(found: Finding): void {
    this.findings.push(found);
    this.context.verdicts.set(found.name, found.verdict);
  }
}

const NOT_STARTED_HERE = 'the container was not started here';

function targetOf({ url, path, query, exchange }: CheckContainerOptions): LiveTarget {
  const parsed = url === undefined ? undefined : new URL(url);
  const ownPath = path ?? exchange?.path ?? parsed?.pathname.replace(/^\//, '');
  const ownQuery = query ?? exchange?.query ?? parsed?.search.replace(/^\?/, '');
  return {
    // Of a container that is started here, the origin is known once it runs.
    origin: parsed ? `${parsed.protocol}//${parsed.host}` : '',
    ...(ownPath ? { path: ownPath } : {}),
    ...(ownQuery ? { query: ownQuery } : {}),
  };
}
