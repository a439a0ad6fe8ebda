import type { VariantDefinition } from '../../assembly/endpoint-definition';
import { localValue } from '../../assembly/value';
import { type RunningContainer, STARTUP_HEALTH_CHECK_DEFAULT_SECONDS } from '../../contract';
import type { ContainerEngine } from '../engine/container-engine';
import { HealthCheckError } from '../local-errors';
import type { InstanceName, LocalObserver } from '../local-event';
import { ping } from './health-check';

/** Milliseconds between two pings of a container that is not in service yet. Real time, so that a start is not slowed down. */
const PING_INTERVAL_MS = 50;

/** A container that lived shorter than this, in milliseconds, is started again only after a pause of {@link RESTART_PAUSE_MS}. */
const SHORT_LIFE_MS = 5_000;
const RESTART_PAUSE_MS = 500;

/** Lines of a container's output that an error repeats. */
const LINES_IN_ERROR = 10;

/** One container in service, and the sessions that hold it. */
interface Serving {
  readonly container: RunningContainer;
  readonly since: number;
  sessions: number;
  /** Sessions that ended because it was gone. */
  broken: number;
  /** Called when the last session lets go, once the container is to be replaced. */
  onIdle?: () => void;
}

/** A session's hold on the container that answers it: a container that is replaced lives until its last hold is released. */
export interface ContainerLease {
  /** Undefined while the instance has none. */
  readonly container: RunningContainer | undefined;
  /** @param isBroken whether the session ended because the container was gone. */
  release(isBroken?: boolean): void;
}

/** One instance of a variant: one container, started, watched, started again when it crashes, replaced when it changes. */
export class HostedInstance {
  private serving: Serving | undefined;
  /** Every container that has not ended yet. */
  private readonly running = new Set<RunningContainer>();
  private stopGraceMs: number | undefined;

  constructor(
    readonly name: InstanceName,
    private readonly variant: VariantDefinition,
    private readonly engine: ContainerEngine,
    private readonly observe: LocalObserver,
  ) {}

  get isInService(): boolean {
    return this.serving !== undefined;
  }

  /** Sessions that are open to the container in service. */
  get openSessions(): number {
    return this.serving?.sessions ?? 0;
  }

  /** Holds the container in service for one session. */
  lease(): ContainerLease {
    const serving = this.serving;
    if (!serving) return { container: undefined, release() {} };
    serving.sessions += 1;
    return {
      container: serving.container,
      release(isBroken = false) {
        serving.sessions -= 1;
        if (isBroken) serving.broken += 1;
        if (serving.sessions === 0) serving.onIdle?.();
      },
    };
  }

  /**
   * Starts a container and waits until its `/ping` passes. One that is in service already goes on until then, and then until its last
   * session has ended.
   *
   * @throws ContainerStartError, HealthCheckError
   */
  async start(): Promise<void> {
    this.observe({ type: 'container-starting', ...this.name });
    const began = Date.now();
    const { model } = this.variant;
    await this.engine.prepare?.(model, ({ text }) =>
      this.observe({ type: 'build-line', model: model.name, line: text }),
    );
    if (this.isStopping) return;
    const container = await this.engine.start({
      model,
      name: `${this.name.endpoint}/${this.name.variant}/${this.name.instance}`,
      onLine: ({ stream, text }) => this.observe({ type: 'container-line', ...this.name, stream, line: text }),
    });
    this.running.add(container);
    void container.exited.then(() => this.running.delete(container));
    if (this.stopGraceMs !== undefined) {
      await container.stop(this.stopGraceMs);
      return;
    }
    try {
      await this.waitForPing(container);
    } catch (error) {
      await container.stop(0);
      throw error;
    }
    if (this.isStopping) return;
    const before = this.serving;
    this.serving = { container, since: Date.now(), sessions: 0, broken: 0 };
    this.observe({ type: 'container-in-service', ...this.name, port: container.port, startedInMs: Date.now() - began });
    void this.watch(this.serving);
    if (before) this.retire(before);
  }

  /**
   * Stops every container as the platform does. Resolves when they are gone. A second call with a shorter grace shortens it.
   *
   * @param graceMs milliseconds from SIGTERM to SIGKILL.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopGraceMs = Math.min(graceMs, this.stopGraceMs ?? graceMs);
    this.serving = undefined;
    await Promise.all([...this.running].map(container => container.stop(graceMs)));
  }

  private get isStopping(): boolean {
    return this.stopGraceMs !== undefined;
  }

  private retire(serving: Serving): void {
    const stop = (): void => void serving.container.stop();
    if (serving.sessions === 0) stop();
    else serving.onIdle = stop;
    this.observe({ type: 'container-replaced', ...this.name, openSessions: serving.sessions });
  }

  private async waitForPing(container: RunningContainer): Promise<void> {
    const limitSeconds =
      localValue(this.variant.startupHealthCheckTimeoutSeconds) ?? STARTUP_HEALTH_CHECK_DEFAULT_SECONDS;
    const deadline = Date.now() + limitSeconds * 1_000;
    const exited = container.exited.then(() => 'exited' as const);
    let last: Awaited<ReturnType<typeof ping>> | 'exited' = 'refused';
    while (!this.isStopping) {
      last = await Promise.race([ping(container.host, container.port), exited]);
      if (last === 200) return;
      if (last === 'exited') throw await this.exitedEarly(container);
      if (Date.now() >= deadline) throw this.neverReady(container, limitSeconds, last);
      await new Promise(resolve => setTimeout(resolve, PING_INTERVAL_MS));
    }
  }

  private async exitedEarly(container: RunningContainer): Promise<HealthCheckError> {
    const { code, signal } = await container.exited;
    return new HealthCheckError({
      what: `${this.title} ended ${signal ? `by ${signal}` : `with exit code ${code}`} before its /ping passed.`,
      why: lastWords(container),
      next: `Start it by hand with the argument "serve" and the environment of model ${this.variant.model.name}.`,
    });
  }

  private neverReady(container: RunningContainer, limitSeconds: number, last: number | string): HealthCheckError {
    const answer =
      typeof last === 'number'
        ? `answered with ${last}`
        : last === 'timeout'
          ? 'not answered in time'
          : 'refused: nothing listened on the port';
    return new HealthCheckError({
      what: `${this.title} did not pass its ping health check within ${limitSeconds} s.`,
      why: `The last /ping was ${answer}. ${lastWords(container)}`,
      next: 'Answer GET /ping with 200 and an empty body when the model is loaded, or raise ContainerStartupHealthCheckTimeoutInSeconds.',
    });
  }

  private get title(): string {
    return `Container ${this.name.variant}/${this.name.instance} of endpoint ${this.name.endpoint}`;
  }

  /** Reports that a container could not be started, and whether the previous one goes on. */
  reportFailure(error: Error): void {
    this.observe({ type: 'container-failed', ...this.name, message: error.message, isServing: this.isInService });
  }

  private async watch(serving: Serving): Promise<void> {
    const { container } = serving;
    const exit = await container.exited;
    if (this.serving !== serving) return;
    this.serving = undefined;
    this.observe({
      type: 'container-crashed',
      ...this.name,
      exit,
      lastLines: container.output(),
      // The sessions' sockets may have reported the end before the system reports the exit.
      openSessions: serving.sessions + serving.broken,
    });
    if (Date.now() - serving.since < SHORT_LIFE_MS) await new Promise(resolve => setTimeout(resolve, RESTART_PAUSE_MS));
    if (this.isStopping || this.serving) return;
    await this.start().catch((error: Error) => {
      this.reportFailure(error);
    });
  }
}

function lastWords(container: RunningContainer): string {
  const lines = container.output().slice(-LINES_IN_ERROR);
  return lines.length > 0 ? `Its last lines:\n${lines.map(line => `    ${line}`).join('\n')}` : 'It wrote nothing.';
}
