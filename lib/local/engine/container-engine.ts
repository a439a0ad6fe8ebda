import type { ModelDefinition } from '../../assembly/endpoint-definition';
import type { RunningContainer } from '../../contract';

/** One line that a container wrote. */
export interface ContainerLine {
  /** Where it was written. */
  readonly stream: 'stdout' | 'stderr';
  /** The line without its end. Output without line ends comes in pieces of 8192 characters. */
  readonly text: string;
}

/** Options of a container's start. */
export interface ContainerStart {
  /** The model that the container runs, with its environment. */
  readonly model: ModelDefinition;
  /** Name for people and for the engine, such as `my-endpoint/AllTraffic/0`. */
  readonly name: string;
  /**
   * Loopback address on which a process is asked to listen.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /** Called with every line that it writes. */
  readonly onLine: (line: ContainerLine) => void;
}

/** A way to run containers on this machine. */
export interface ContainerEngine {
  /** Name of the engine for people, such as `docker`. */
  readonly name: string;
  /**
   * Prepares a model once before containers of it start: builds its image, for example. The promise of a second call for
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
