import { join } from 'node:path';
import type { LocalSageMaker } from '../../lib/local';
import { run } from './processes';
import { assertObserved, type Observation, readScenarios, SCENARIOS_FILE } from './scenario';
import type { Scorecard } from './scorecard';
import { buildJavaProgram } from './tools/java';
import { pythonSdk } from './tools/python';
import { buildRustProgram } from './tools/rust';

type Program = readonly [command: string, ...words: string[]];

/** An independent client, as a program that plays the scenarios. */
export interface SdkClient {
  readonly title: string;
  /** Language of the vendors' flows that it plays. */
  readonly flows?: string;
  /** Whether it streams through `BidiSession`. */
  readonly isSession?: boolean;
  /** Makes the program ready and says how to start it. @throws NotAvailableError when it cannot be had here */
  prepare(): Promise<Program>;
}

/** `BidiSession` over one of the clients that a user can give it. */
function sessionClient(title: string, kind: string, flows?: string): SdkClient {
  const program = join(__dirname, 'javascript', 'play-scenarios.ts');
  const words = ['--no-warnings', '--require', 'esbuild-register', program, kind];
  return { title, flows, isSession: true, prepare: async () => [process.execPath, ...words] };
}

export const SDK_CLIENTS: readonly SdkClient[] = [
  sessionClient("BidiSession with the kit's client", 'kit'),
  sessionClient("BidiSession with a client of the AWS SDK's generator", 'generated', 'JavaScript'),
  {
    title: 'AWS SDK for Rust',
    prepare: async () => [await buildRustProgram(join(__dirname, 'rust'), 'bidi-interop')],
  },
  {
    title: 'AWS SDK for Java',
    flows: 'Java',
    prepare: () => buildJavaProgram(join(__dirname, 'java'), 'java-client', 'interop.PlayScenarios'),
  },
  {
    title: 'AWS SDK for Python',
    flows: 'Python',
    prepare: async () => [await pythonSdk(), '-B', join(__dirname, 'python', 'play_scenarios.py')],
  },
];

/**
 * Lets a client play every scenario against the local SageMaker, and holds what it saw against what it had to see.
 *
 * @param failing a local SageMaker with the same certificate that fails while it streams
 */
export async function playScenarios(
  client: SdkClient,
  local: LocalSageMaker,
  failing: LocalSageMaker,
  scorecard: Scorecard,
): Promise<void> {
  const program = await scorecard.check(`${client.title}: builds`, () => client.prepare());
  if (!program) return;
  const seen = await scorecard.check(`${client.title}: plays to the end`, () =>
    observations(program, SCENARIOS_FILE, local, failing),
  );
  for (const scenario of readScenarios()) {
    await scorecard.check(`${client.title}: ${scenario.name}`, () =>
      assertObserved(
        scenario,
        seen?.find(observation => observation.scenario === scenario.name),
        client.isSession,
      ),
    );
  }
}

/** Lets a program play the scenarios of a file, and reads what it saw. */
export async function observations(
  [command, ...words]: Program,
  scenariosFile: string,
  local: LocalSageMaker,
  failing: LocalSageMaker,
  environment: NodeJS.ProcessEnv = {},
): Promise<Observation[]> {
  const env = {
    ...local.environment(),
    INTEROP_SCENARIOS: scenariosFile,
    INTEROP_URL: local.url,
    INTEROP_FAILING_URL: failing.url,
    INTEROP_CA_FILE: local.certificateAuthorityFile,
    ...environment,
  };
  const { stdout } = await run(command, words, { env, timeoutMs: 120_000 });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Observation);
}
