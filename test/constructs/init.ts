import { match } from 'node:assert';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../interop/processes';
import type { Scorecard } from '../interop/scorecard';
import { builtPackage, FOLDER, NO_AWS } from './workplace';

const NAME = 'my-speech';

/** `bidi init` with an app in Python, from the packages as a user has them, and the two commands that it ends with. */
export async function checkInit(scorecard: Scorecard): Promise<void> {
  const folder = join(FOLDER, 'init');
  const project = join(folder, NAME);
  mkdirSync(folder);
  const inFolder = (cwd: string) => ({ cwd, env: NO_AWS });
  const isWritten = await scorecard.check('bidi init writes an app in Python', async () => {
    const kit = builtPackage(/^sagemaker-bidi-kit-.*\.tgz$/);
    const words = ['init', NAME, '--template', 'python', '--app-language', 'python', '--yes'];
    await run('npx', ['--yes', '--package', kit, 'bidi', ...words], inFolder(folder));
    return true;
  });
  if (!isWritten) return;
  await scorecard.check('its test streams through a local SageMaker', async () => {
    match((await run('npm', ['test'], inFolder(project))).stdout, /1 passed/);
  });
  await scorecard.check('cdk synth, with cdk-nag', () => run('npx', ['cdk', 'synth', '--quiet'], inFolder(project)));
  await scorecard.check('bidi check finds that its container keeps the contract', async () => {
    const words = ['bidi', 'check', '--stack', 'MySpeech', '--app', 'cdk.out'];
    match((await run('npx', words, inFolder(project))).stdout, / 0 failed/);
  });
}
