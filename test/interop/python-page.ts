import { join } from 'node:path';
import { run } from './processes';
import type { Scorecard } from './scorecard';
import { REPOSITORY } from './tool-directory';
import { pythonEnvironment } from './tools/python';

/** Runs the tests of `docs/python.md`: the client, the pytest fixture and the gateway, on the FastAPI container of `bidi init`. */
export async function checkPythonPage(scorecard: Scorecard): Promise<void> {
  const directory = join(REPOSITORY, 'examples', 'python-client');
  const versions = { from: '3.12', to: '3.14' };
  const executables = await scorecard.check('docs/python.md: its packages install', () =>
    pythonEnvironment('page', versions, join(directory, 'requirements.txt')),
  );
  if (executables === undefined) return;
  await scorecard.check('docs/python.md: its tests stream to a container, by the SDK and through the gateway', () =>
    run(join(executables, 'python'), ['-B', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', directory], {
      env: {
        BIDI: `${process.execPath} ${join(REPOSITORY, 'bin', 'bidi.js')}`,
        CONTAINER: join(REPOSITORY, 'templates', 'python', 'container'),
      },
      timeoutMs: 120_000,
    }),
  );
}
