/**
 * Independent implementations against this kit: official SDKs and protocol conformance suites.
 *
 * `npm run test:interop [-- NAMES]`, such as `-- chromium vllm`; without names everything. What it installs goes to the user's cache directory; nothing else of the machine is changed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LocalSageMaker, parseInjectedFault } from '../../lib/local';
import { checkCaptions } from './chromium/captions';
import { checkInspector } from './chromium/inspector';
import { checkWebPages } from './chromium/web-pages';
import { checkContainers } from './containers/containers';
import { playFlows } from './flows';
import { checkGatewayClients } from './gateway/gateway';
import { checkHttp2Conformance } from './http2-conformance';
import { INTEROP_ENDPOINTS } from './local-endpoints';
import { endAll, exitOnSignals } from './processes';
import { checkPythonPage } from './python-page';
import { Scorecard } from './scorecard';
import { playScenarios, SDK_CLIENTS } from './sdk-clients';
import { runSnippets } from './snippets';
import { runDirectory } from './tool-directory';
import { checkVllm } from './vllm/vllm';
import { checkVllmOmni } from './vllm-omni/vllm-omni';
import { checkWebSocketConformance } from './websocket-conformance';

interface Run {
  readonly local: LocalSageMaker;
  /** A local SageMaker that fails while it streams. */
  readonly failing: LocalSageMaker;
  readonly directory: string;
  readonly scorecard: Scorecard;
  /** Whether what was seen is written into the fixtures instead of compared with them. */
  readonly record: boolean;
}

/** The checks by the name that chooses them. */
const CHECKS: Readonly<Record<string, (run: Run) => Promise<void>>> = {
  sdks: async ({ local, failing, scorecard }) => {
    for (const client of SDK_CLIENTS) await playScenarios(client, local, failing, scorecard);
  },
  flows: ({ local, directory, scorecard }) => playFlows(SDK_CLIENTS, local, directory, scorecard),
  snippets: ({ local, directory, scorecard }) => runSnippets(local, directory, scorecard),
  http2: ({ local, directory, scorecard }) => checkHttp2Conformance(local, directory, scorecard),
  websocket: ({ directory, scorecard }) => checkWebSocketConformance(directory, scorecard),
  chromium: ({ directory, scorecard }) => checkWebPages(directory, scorecard),
  captions: ({ directory, scorecard }) => checkCaptions(directory, scorecard),
  inspector: ({ directory, scorecard }) => checkInspector(directory, scorecard),
  gateway: ({ directory, scorecard }) => checkGatewayClients(directory, scorecard),
  python: ({ scorecard }) => checkPythonPage(scorecard),
  containers: ({ scorecard }) => checkContainers(scorecard),
  vllm: ({ directory, scorecard, record }) => checkVllm(directory, scorecard, record),
  omni: ({ directory, scorecard, record }) => checkVllmOmni(directory, scorecard, record),
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { record: { type: 'boolean' } }, allowPositionals: true });
  const unknown = positionals.filter(name => !Object.hasOwn(CHECKS, name));
  if (unknown.length > 0)
    throw new Error(`There is no ${unknown.join(', ')}; there are ${Object.keys(CHECKS).join(', ')}.`);
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
    const run = { local, failing, directory, scorecard, record: values.record ?? false };
    for (const name of positionals.length > 0 ? positionals : Object.keys(CHECKS)) await CHECKS[name]!(run);
  } finally {
    await Promise.all([local.close(), failing.close()]);
    await endAll();
  }
  return scorecard.close();
}

exitOnSignals();
main().then(
  exitCode => {
    process.exitCode = exitCode;
  },
  error => {
    console.error(error);
    process.exitCode = 1;
  },
);
