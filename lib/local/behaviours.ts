import { type BehaviourName, type Behaviours, UNSETTLED, type UnsettledBehaviour } from '../contract';
import { InvalidLocalOptionsError } from './local-errors';

/**
 * Reads a choice such as `session-limit=stream-reset`.
 *
 * @throws InvalidLocalOptionsError when there is no such behaviour or value, or no part of this kit acts it out.
 */
export function parseBehaviour(text: string): Behaviours {
  const [name = '', value = ''] = text.trim().split(/=(.*)/s, 2);
  const behaviour = behaviourNamed(name);
  if (!behaviour) {
    throw invalidBehaviour(
      `"${text}" names no behaviour that can be chosen.`,
      `A choice is NAME=VALUE; the names are ${choosableBehaviours().join(', ')}.`,
    );
  }
  if (!Object.hasOwn(behaviour.values, value)) {
    throw invalidBehaviour(
      `The behaviour ${name} has no value "${value}".`,
      `Its values are ${Object.keys(behaviour.values).join(', ')}.`,
    );
  }
  if (!behaviour.simulatedBy) {
    throw invalidBehaviour(
      `The behaviour ${name} cannot be acted out on this machine.`,
      `It can only be settled in AWS: ${behaviour.probe}`,
    );
  }
  return { [name]: value };
}

/** Names of the behaviours that can be acted out on this machine. */
export function choosableBehaviours(): readonly BehaviourName[] {
  return (Object.keys(UNSETTLED) as BehaviourName[]).filter(name => UNSETTLED[name].simulatedBy);
}

function behaviourNamed(name: string): UnsettledBehaviour | undefined {
  return Object.hasOwn(UNSETTLED, name) ? UNSETTLED[name as BehaviourName] : undefined;
}

function invalidBehaviour(what: string, why: string): InvalidLocalOptionsError {
  return new InvalidLocalOptionsError({ what, why, next: 'docs/local.md has a table of all of them.' });
}
