import { join } from 'node:path';
import type { LocalSageMaker } from '../../lib/local';
import { run } from './processes';
import { assertObserved, type Observation, readScenarios, SCENARIOS_FILE } from './scenario';
import type { Scorecard } from './scorecard';
import { pythonEnvironment } from './tools/python';
import { buildRustProgram } from './tools/rust';

/** An independent client, as a program that plays the scenarios. */
interface SdkClient {
  readonly title: string;
  /** Makes the program ready and says how to start it. @throws NotAvailableError when it cannot be had here */
  prepare(): Promise<readonly [command: string, ...words: string[]]>;
}

export const SDK_CLIENTS: readonly SdkClient[] = [
  {
    title: 'AWS SDK for Rust',
    prepare: async () => [await buildRustProgram(join(__dirname, 'rust'), 'bidi-interop')],
  },
  {
    title: 'AWS SDK for Python',
    prepare: async () => {
      const directory = join(__dirname, 'python');
      const versions = { from: '3.12', to: '3.14' };
      const executables = await pythonEnvironment('sdk', versions, join(directory, 'requirements.txt'));
      return [join(executables, 'python'), '-B', join(directory, 'play_scenarios.py')];
    },
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
  const [command, ...words] = program;
  const env = {
    ...local.environment(),
    INTEROP_SCENARIOS: SCENARIOS_FILE,
    INTEROP_URL: local.url,
    INTEROP_FAILING_URL: failing.url,
    INTEROP_CA_FILE: local.certificateAuthorityFile,
  };
  const finished = await scorecard.check(`${client.title}: plays to the end`, () =>
    run(command, words, { env, timeoutMs: 120_000 }),
  );
  const seen = (finished?.stdout ?? '')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Observation);
  for (const scenario of readScenarios()) {
    await scorecard.check(`${client.title}: ${scenario.name}`, () =>
      assertObserved(
        scenario,
        seen.find(observation => observation.scenario === scenario.name),
      ),
    );
  }
}
