import { randomUUID } from 'node:crypto';

/** The name of the simulator. It stands wherever Deepgram would name its model, so that a script is not taken for a recognition. */
export const SIMULATOR = 'deepgram-simulator';

/** Version of the simulator, in the places where Deepgram names a model's version. */
export const SIMULATOR_VERSION = '0.1.0';

/** Where Deepgram names a model's architecture. */
export const SIMULATOR_ARCHITECTURE = 'script';

/** One sentence for the log and for messages that have room. */
export const NOTICE =
  'This is a simulator. It plays a script and makes tones; it does not recognise or synthesise speech.';

/** The model's identifier, which Deepgram gives as a UUID; a new one for each start. */
export const MODEL_UUID = randomUUID();

/** Headers of every response: Deepgram's request identifier, and the simulator's name. */
export function identityHeaders(requestId: string): Record<string, string> {
  return { 'dg-request-id': requestId, 'X-Simulated-By': `${SIMULATOR}/${SIMULATOR_VERSION}` };
}
