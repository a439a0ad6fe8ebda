import type { ModelDefinition } from '../../assembly/endpoint-definition';
import type { RunningContainer } from '../../contract';

/** One line that a container wrote. */
export interface ContainerLine {
  /** Where it was written. */
  readonly stream: 'stdout' | 'stderr';
  /** The line without its end. Output without line ends comes in pieces of 8192 characters. */
  readonly text: string;
}

/** What a container is started with. */
export interface ContainerStart {
  /** What the container runs, and with which environment. */
  readonly model: ModelDefinition;
  /** Name for people and for the engine, such as `my-endpoint/AllTraffic/0`. */
  readonly name: string;
  /**
   * Loopback address on which a process is asked to listen.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /** Told of every line that it writes. */
  readonly onLine: (line: ContainerLine) => void;
}

/** What runs containers on this machine. */
export interface ContainerEngine {
  /** Name of the engine for people, such as `docker`. */
  readonly name: string;
  /**
   * What has to be done once per model before containers of it start, such as building its image. The promise of a second call for
   * the same model may be that of the first.
   */
  prepare?(model: ModelDefinition, onLine: (line: ContainerLine) => void): Promise<void>;
  /**
   * Starts a container and resolves as soon as it runs, before it answers.
   *
   * @throws ContainerStartError when it cannot be started.
   */
  start(start: ContainerStart): Promise<RunningContainer>;
}
