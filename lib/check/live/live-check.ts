import type { Observation, Rule } from '../../report/finding';
import type { LiveContext } from './live-context';

/** One check on a running container. */
export interface LiveCheck extends Rule {
  /** The advice when it fails and no more exact one is known. */
  readonly advice: string;
  /** Names of the checks that have to pass before this one. */
  readonly needs?: readonly string[];
  /**
   * The conditions without which it is skipped: a container that echoes; an answer that is known, by echo or by exchange; a container that
   * was started here and can be stopped.
   */
  readonly requires?: 'echo' | 'conversation' | 'start';
  /**
   * Sessions that it holds open at once.
   *
   * @default 1
   */
  readonly sessions?: number;
  /** @throws ProbeError when the container did not do what a probe needs to go on: the check fails with it */
  run(context: LiveContext): Promise<Observation>;
}
