import type { OpenTrial } from '../lib/local';

/** Opens a stream of the inspector's page; client and speech are loaded with the first. */
export const openTrialLate: OpenTrial = async (request, target) => {
  const { openTrial } = await import('./inspector-trial');
  return openTrial(request, target);
};
