import type { Observation, Rule } from '../../report/finding';
import type { LiveContext } from './live-context';

/** One check on a running container. */
export interface LiveCheck extends Rule {
  /** What to do when it fails and nothing more exact is known. */
  readonly advice: string;
  /** Names of the checks that have to pass before this one can see anything. */
  readonly needs?: readonly string[];
  /**
   * What it cannot be run without: a container that echoes; an answer that is known, by echo or by exchange; a container that
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
