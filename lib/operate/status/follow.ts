import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointStatus } from '@aws-sdk/client-sagemaker';
import type { ControlPlane } from '../aws';
import { readEndpointLog } from './endpoint-log';
import { type EndpointState, readEndpointState } from './endpoint-state';
import { explainProgress } from './progress';
import { awaitTarget } from './target';
import { expectAnswer } from './unavailable';

/** Statuses that end by themselves. */
const MOVING: readonly EndpointStatus[] = ['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'];

/** One poll while waiting. */
export interface Progress {
  readonly state: EndpointState;
  /** Time since the waiting began, in milliseconds. */
  readonly elapsedMs: number;
  /** The step that usually takes that long; empty when the status is settled. */
  readonly explanation: string;
}

/** How to wait. */
export interface WaitOptions {
  /**
   * Time between two polls, in milliseconds.
   *
   * @default 10000
   */
  readonly pollIntervalMs?: number;
  /** Ends the waiting. */
  readonly abortSignal?: AbortSignal;
}

/**
 * Polls every endpoint of a stack, or the one of a name, until no status changes by itself any more, and reports each poll.
 *
 * @throws StatusUnavailableError when AWS cannot be asked
 */
export async function followTarget(
  plane: ControlPlane,
  subject: string,
  report: (progress: Progress) => void,
  options: WaitOptions = {},
): Promise<void> {
  const { pollIntervalMs = POLL_INTERVAL_MS, abortSignal } = options;
  const { endpointNames } = expectAnswer(await awaitTarget(plane, subject, pollIntervalMs, abortSignal));
  await Promise.all(
    endpointNames.map(async endpointName => {
      for await (const progress of followEndpoint(plane, endpointName, options)) report(progress);
    }),
  );
}

/** Time between two polls, in milliseconds. */
const POLL_INTERVAL_MS = 10_000;

/** How many polls in a row may stay unanswered: a laptop's network comes and goes. */
const UNANSWERED_LOOKS = 6;

/**
 * Polls an endpoint until its status no longer changes by itself, and reports each status. Ends when the endpoint is deleted.
 *
 * @throws StatusUnavailableError when AWS cannot be asked several times in a row
 */
export async function* followEndpoint(
  plane: ControlPlane,
  endpointName: string,
  options: WaitOptions = {},
): AsyncGenerator<Progress> {
  const { pollIntervalMs = POLL_INTERVAL_MS, abortSignal } = options;
  const begin = Date.now();
  let unanswered = 0;
  for (;;) {
    const answer = await readEndpointState(plane, endpointName);
    if (answer.kind === 'absent') return;
    if (answer.kind === 'answered') {
      unanswered = 0;
      const state = answer.value;
      const moving = MOVING.includes(state.status);
      yield {
        state,
        elapsedMs: Date.now() - begin,
        explanation: moving ? await explain(plane, state) : '',
      };
      if (!moving) return;
    } else if (answer.kind === 'denied' || answer.kind === 'unauthenticated' || ++unanswered >= UNANSWERED_LOOKS) {
      expectAnswer(answer);
    }
    await sleep(pollIntervalMs, undefined, { signal: abortSignal });
  }
}

async function explain(plane: ControlPlane, state: EndpointState): Promise<string> {
  const since = new Date((state.status === 'Creating' ? state.createdAt : state.changedAt) ?? Date.now());
  const log = state.status === 'Creating' ? await readEndpointLog(plane, state.endpointName, since) : undefined;
  const started = log?.kind === 'answered' ? log.value.streams > 0 : undefined;
  return explainProgress(state, Date.now() - since.getTime(), started);
}
