/**
 * What nobody here wrote, against what was written here: official SDKs and protocol conformance suites.
 *
 * `npm run test:interop`. What it installs goes to the user's cache directory; nothing else of the machine is changed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LocalSageMaker, parseInjectedFault } from '../../lib/local';
import { checkContainers } from './containers/containers';
import { checkHttp2Conformance } from './http2-conformance';
import { INTEROP_ENDPOINTS } from './local-endpoints';
import { endAll } from './processes';
import { Scorecard } from './scorecard';
import { playScenarios, SDK_CLIENTS } from './sdk-clients';
import { runDirectory } from './tool-directory';
import { checkVllm } from './vllm/vllm';
import { checkWebSocketConformance } from './websocket-conformance';

async function main(): Promise<number> {
  const scorecard = new Scorecard();
  const directory = runDirectory('interop');
  const inService = new Set<string>();
  const local = await LocalSageMaker.start({
    endpoints: INTEROP_ENDPOINTS,
    port: 0,
    certificateDirectory: directory,
    waitUntilInService: false, // one endpoint never is, on purpose
    observe: event => {
      if (event.type === 'in-service') inService.add(event.endpoint);
    },
  });
  const failing = await LocalSageMaker.start({
    endpoints: INTEROP_ENDPOINTS.slice(0, 1),
    port: 0,
    certificateDirectory: directory,
    credentials: local.credentials,
    faults: [parseInjectedFault('internal-failure')],
  });
  try {
    while (inService.size < INTEROP_ENDPOINTS.length - 1) await delay(100);
    console.log(`local SageMaker in service at ${local.url}`);
    for (const client of SDK_CLIENTS) await playScenarios(client, local, failing, scorecard);
    await checkHttp2Conformance(local, directory, scorecard);
    await checkWebSocketConformance(directory, scorecard);
    await checkContainers(scorecard);
    await checkVllm(directory, scorecard, process.argv.includes('--record'));
  } finally {
    await Promise.all([local.close(), failing.close()]);
    await endAll();
  }
  return scorecard.close();
}

main().then(
  exitCode => {
    process.exitCode = exitCode;
  },
  error => {
    console.error(error);
    process.exitCode = 1;
  },
);
