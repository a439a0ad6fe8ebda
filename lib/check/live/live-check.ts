import type { Observation, Rule } from '../../report/finding';
import type { LiveContext } from './live-context';

/** One check on a running container. */
export interface LiveCheck extends Rule {
  /** What to do when it fails and the check itself knows nothing better. */
  readonly advice: string;
  /** Checks without whose passing this one can tell nothing. */
  readonly needs?: readonly string[];
  /**
   * What it cannot do without: a container that echoes; a reply that is known, by echo or by exchange; a container that was
   * started here and can be stopped.
   */
  readonly requires?: 'echo' | 'conversation' | 'start';
  /** @throws ProbeError when the container did not do what a probe needs to go on: the check fails with it */
  run(context: LiveContext): Promise<Observation>;
}
