import { join } from 'node:path';
import type { EndpointDefinition } from '../../lib/local';
import { REPOSITORY } from './tool-directory';

const COMMAND = ['node', '--require', 'esbuild-register'];

/** Container that never passes its health check while the run lasts. */
const ONE_HOUR_MS = 60 * 60_000;

/** The endpoints that `scenarios.json` and `vendor-flows.json` speak to. */
export const INTEROP_ENDPOINTS: readonly EndpointDefinition[] = [
  endpoint('echo', 'container/echo', 'src/server.ts'),
  endpoint('loading', 'container/echo', 'src/server.ts', { ECHO_LOADING_MS: String(ONE_HOUR_MS) }),
  endpoint('deepgram', 'container/speech-simulator', 'src/server.ts'),
  endpoint('deepgram-sniffing', 'container/speech-simulator', 'src/server.ts', { SIMULATOR_BINARY_CONTROL: 'control' }),
  endpoint('scripted', 'test/interop/scripted-container', 'server.ts'),
];

function endpoint(
  name: string,
  directory: string,
  program: string,
  environment: Record<string, string> = {},
): EndpointDefinition {
  const model = { name, environment, directory: join(REPOSITORY, directory), command: [...COMMAND, program] };
  return { name, variants: [{ name: 'AllTraffic', model }] };
}
