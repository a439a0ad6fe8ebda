import type { Explanation } from '../contract';
import { Clock } from './clock';
import type { Controls } from './inspector/controls';
import { InvalidLocalOptionsError } from './local-errors';
import type { OperationContext } from './operations/operation-context';
import { type InjectedFault, injectedFaultWord, parseInjectedFault } from './stream/injected-fault';

/** What the inspector's page changes while a local SageMaker runs. */
export class RunningControls implements Controls {
  /**
   * @param context asked at each call: it is made after the inspector.
   * @param injectFault injects into an open stream, and returns false when no such stream is open.
   */
  constructor(
    private readonly context: () => OperationContext,
    private readonly injectFault: (requestId: string, fault: InjectedFault) => boolean,
  ) {}

  get clockScale(): number {
    return this.context().clock.scale;
  }

  set clockScale(scale: number) {
    if (!(scale > 0 && Number.isFinite(scale))) {
      throw new InvalidLocalOptionsError({
        what: `A clock ${scale} times as fast does not go on.`,
        why: 'The scale is how many times faster than real time the long waits pass.',
        next: 'Give a number above 0, such as 60.',
      });
    }
    this.context().clock = new Clock(scale);
  }

  get faults(): readonly string[] {
    return this.context().faults.faults.map(injectedFaultWord);
  }

  set faults(words: readonly string[]) {
    this.context().faults.faults = words.map(parseInjectedFault);
  }

  inject(requestId: string, word: string): Explanation | undefined {
    if (this.injectFault(requestId, parseInjectedFault(word))) return undefined;
    return {
      what: 'The fault was not injected.',
      why: 'The session is over.',
      next: 'Choose a session that is open, or let the fault hit the next one.',
    };
  }
}
