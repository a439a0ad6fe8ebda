import { Rollout } from './rollout';

/** How the properties of a stack and the context name a rollout. */
export type RolloutName = 'all-at-once' | 'canary' | 'linear' | 'rolling';

/** The rollout of a name. Where it goes in steps, it goes in two halves. */
export function rolloutOf(name: RolloutName = 'all-at-once'): Rollout {
  switch (name) {
    case 'all-at-once':
      return Rollout.allAtOnce();
    case 'canary':
      return Rollout.canary({ stepPercent: 50 });
    case 'linear':
      return Rollout.linear({ stepPercent: 50 });
    case 'rolling':
      return Rollout.rolling({ stepPercent: 50 });
  }
}
