/** What answers, in every dialect's upgrade response. */
const SIMULATOR_NAME = 'speech-simulator';

/** Header that says who answered. */
export function simulatedBy(): Record<string, string> {
  return { 'X-Simulated-By': SIMULATOR_NAME };
}
