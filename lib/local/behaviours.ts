import { readFileSync } from 'node:fs';
import {
  type BehaviourName,
  type Behaviours,
  observedBehaviours,
  parseFidelityRecord,
  UNSETTLED,
  type UnsettledBehaviour,
} from '../contract';
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

/**
 * Reads how an endpoint behaved from the record that `bidi fidelity` wrote. What cannot be acted out on this machine is left out, and so
 * is what fits no known value.
 *
 * @throws InvalidLocalOptionsError when the file is no such record
 */
export function readBehaviours(file: string): Behaviours {
  let observed: Behaviours;
  try {
    observed = observedBehaviours(parseFidelityRecord(readFileSync(file, 'utf8')));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined && !(error instanceof SyntaxError)) throw error;
    throw invalidBehaviour(`${file} is no record of bidi fidelity.`, message);
  }
  return Object.fromEntries(
    Object.entries(observed).filter(([name]) => UNSETTLED[name as BehaviourName].simulatedBy),
  ) as Behaviours;
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
