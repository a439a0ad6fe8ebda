import { DRAIN_SECONDS, STARTUP_HEALTH_CHECK_DEFAULT_SECONDS } from '../../contract';
import type { EndpointState } from './endpoint-state';

/** From a new endpoint to its container's first line, in minutes: host, image, model files. Measured by operators. */
const START_MINUTES = { usual: 8, long: 15 } as const;

/**
 * Explains in a sentence what an endpoint is doing whose status is not settled, and which step usually takes that long.
 *
 * @param elapsedMs time since the status last changed to this one, in milliseconds
 * @param containerStarted whether its log has a line; `undefined` when the log cannot be read
 */
export function explainProgress(
  state: EndpointState,
  elapsedMs: number,
  containerStarted: boolean | undefined,
): string {
  const minutes = elapsedMs / 60_000;
  switch (state.status) {
    case 'Creating':
      return containerStarted ? loading(state) : starting(minutes);
    case 'Updating':
    case 'SystemUpdating':
      return updating(state);
    case 'RollingBack':
      return 'The traffic goes back to the old fleet; this takes a few minutes.';
    case 'Deleting':
      return 'The instances are released; a few minutes.';
    default:
      return '';
  }
}

function loading(state: EndpointState): string {
  const limit = Math.max(...state.variants.map(variant => variant.healthCheckTimeoutSeconds ?? 0));
  return `The container runs and loads its model; /ping has ${limit || STARTUP_HEALTH_CHECK_DEFAULT_SECONDS} s to answer 200.`;
}

function starting(minutes: number): string {
  if (minutes < START_MINUTES.usual) {
    return `The instance starts, and image and model are downloaded; usually up to ${START_MINUTES.usual} minutes.`;
  }
  if (minutes < START_MINUTES.long) {
    return 'Longer than usual: the image or model is large, or the platform tries the next type of the pool.';
  }
  return 'Much longer than usual, and no container has started: most likely no free instance of this type.';
}

function updating(state: EndpointState): string {
  const stages = [...new Set(state.variants.flatMap(variant => variant.stages))];
  const wait = Math.round((state.lastDeployment?.terminationWaitSeconds ?? DRAIN_SECONDS) / 60);
  const stage = stages.length > 0 ? `${stages.join(', ')}. ` : '';
  return `${stage}A new fleet starts and takes the traffic; the old fleet stays up to ${wait} minutes for its streams.`;
}
