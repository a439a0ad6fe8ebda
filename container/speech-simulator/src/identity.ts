/** The name of the simulator, in every dialect's upgrade response. */
const SIMULATOR_NAME = 'speech-simulator';

/** Header that names the simulator. */
export function simulatedBy(): Record<string, string> {
  return { 'X-Simulated-By': SIMULATOR_NAME };
}
