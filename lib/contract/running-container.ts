/** How a container ended. */
export interface ContainerExit {
  /** Exit code, or `null` when a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, or `null`. */
  readonly signal: NodeJS.Signals | null;
}

/** A model's container that runs on this machine, whichever engine started it. */
export interface RunningContainer {
  /** Loopback host on which it answers. */
  readonly host: string;
  /** TCP port on which it answers `/ping` and WebSocket upgrades. */
  readonly port: number;
  /** Process id on this machine, where the container is a plain process: its memory can then be watched. */
  readonly pid?: number;
  /** Resolves when it has ended, however it ended. Never rejects. */
  readonly exited: Promise<ContainerExit>;
  /** The last lines that it wrote to stdout and stderr, oldest first. Bounded. */
  output(): readonly string[];
  /** Sends a signal without waiting. */
  kill(signal: NodeJS.Signals): void;
  /**
   * SIGTERM, then SIGKILL after the grace period, as the platform does. Resolves when the container has ended.
   *
   * @param graceMs milliseconds between the two signals. Default: the platform's 30 s.
   */
  stop(graceMs?: number): Promise<ContainerExit>;
}
