import { type RunningContainer, STARTUP_HEALTH_CHECK_DEFAULT_SECONDS } from '../contract';
import type { Clock } from './clock';
import type { ContainerEngine } from './container-engine';
import { ping } from './health-check';
import type { LocalVariant } from './local-endpoint';
import { HealthCheckError } from './local-errors';
import type { InstanceName, LocalObserver } from './local-event';

/** Milliseconds between two pings of a container that is not in service yet. Real time, so that a start is not slowed down. */
const PING_INTERVAL_MS = 50;

/** One instance of a variant: one container, started, watched, and started again when it crashes. */
export class HostedInstance {
  #container: RunningContainer | undefined;
  #inService = false;
  #stopping = false;
  /** Streams that are open to it now. */
  openSessions = 0;

  constructor(
    readonly name: InstanceName,
    private readonly variant: LocalVariant,
    private readonly engine: ContainerEngine,
    private readonly clock: Clock,
    private readonly observe: LocalObserver,
  ) {}

  get isInService(): boolean {
    return this.#inService;
  }

  /** The container, while there is one. */
  get container(): RunningContainer | undefined {
    return this.#container;
  }

  /**
   * Starts the container and waits until its `/ping` passes.
   *
   * @throws ContainerStartError, HealthCheckError
   */
  async start(): Promise<void> {
    this.observe({ type: 'container-starting', ...this.name });
    const began = Date.now();
    const container = await this.#startContainer();
    if (this.#stopping) {
      await container.stop(0);
      return;
    }
    this.#container = container;
    try {
      await this.#waitForPing(container);
    } catch (error) {
      this.#container = undefined;
      await container.stop(0);
      throw error;
    }
    if (this.#stopping) return;
    this.#inService = true;
    this.observe({ type: 'container-in-service', ...this.name, port: container.port, startedInMs: Date.now() - began });
    void this.#watch(container);
  }

  /** Stops the container as the platform does. Resolves when it is gone. */
  async stop(graceMs?: number): Promise<void> {
    this.#stopping = true;
    this.#inService = false;
    await this.#container?.stop(graceMs);
  }

  #startContainer(): Promise<RunningContainer> {
    const { endpoint, variant, instance } = this.name;
    return this.engine.start({
      model: this.variant.model,
      name: `${endpoint}/${variant}/${instance}`,
      onLine: ({ stream, text }) => this.observe({ type: 'container-line', ...this.name, stream, line: text }),
    });
  }

  async #waitForPing(container: RunningContainer): Promise<void> {
    const limitSeconds = this.variant.startupHealthCheckTimeoutSeconds ?? STARTUP_HEALTH_CHECK_DEFAULT_SECONDS;
    const deadline = Date.now() + this.clock.realMs(limitSeconds * 1_000);
    let exited = false;
    void container.exited.then(() => {
      exited = true;
    });
    let last: number | string = 'refused';
    while (!exited && !this.#stopping) {
      last = await Promise.race([ping(container.host, container.port), container.exited.then(() => 'exited')]);
      if (last === 200) return;
      if (Date.now() >= deadline) break;
      await new Promise(resolve => setTimeout(resolve, PING_INTERVAL_MS));
    }
    if (this.#stopping) return;
    const name = `Container ${this.name.variant}/${this.name.instance} of endpoint ${this.name.endpoint}`;
    const lines = container.output().slice(-10);
    const said =
      lines.length > 0 ? `Its last lines:\n${lines.map(line => `    ${line}`).join('\n')}` : 'It wrote nothing.';
    if (exited) {
      const { code, signal } = await container.exited;
      throw new HealthCheckError({
        what: `${name} ended ${signal ? `by ${signal}` : `with exit code ${code}`} before its /ping passed.`,
        why: said,
        next: `Start it by hand with the argument "serve" and the environment of model ${this.variant.model.name}.`,
      });
    }
    throw new HealthCheckError({
      what: `${name} did not pass its ping health check within ${limitSeconds} s.`,
      why: `The last /ping was ${typeof last === 'number' ? `answered with ${last}` : pingWords[last]}. ${said}`,
      next: 'Answer GET /ping with 200 and an empty body when the model is loaded, or raise ContainerStartupHealthCheckTimeoutInSeconds.',
    });
  }

  async #watch(container: RunningContainer): Promise<void> {
    const exit = await container.exited;
    if (this.#container !== container) return;
    this.#inService = false;
    this.#container = undefined;
    if (this.#stopping) return;
    this.observe({
      type: 'container-crashed',
      ...this.name,
      exit,
      lastLines: container.output(),
      openSessions: this.openSessions,
    });
    await this.start().catch(() => {}); // told by its own events; the instance stays out of service
  }
}

const pingWords: Record<string, string> = {
  refused: 'refused: nothing listened on the port',
  timeout: 'not answered in time',
};
