/**
 * Builds the constructs as a package of their own into build/constructs/dist/: `js/` for npm and `python/` for PyPI, from the sources
 * in lib/ by jsii. `--javascript` leaves Python out.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageContainers } from '../package-containers';
import { CONSTRUCTS_FOLDER, layOutConstructs } from './lay-out';

function run(program: string, words: readonly string[]): void {
  execFileSync(process.execPath, [program, ...words], { cwd: CONSTRUCTS_FOLDER, stdio: 'inherit' });
}

/** jsii-pacmak builds a wheel with Python's own tools, which it installs into a virtual environment. */
function hasPython(): boolean {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
}

layOutConstructs();
// The warnings are about names that other languages reserve; jsii-pacmak writes those with an underscore.
run(require.resolve('jsii/bin/jsii'), ['--silence-warnings=reserved-word']);
// Only now: jsii would compile the containers' sources too.
packageContainers(join(CONSTRUCTS_FOLDER, 'container'));
run(require.resolve('jsii-pacmak/bin/jsii-pacmak'), ['--target', 'js']);
if (process.argv.includes('--javascript')) process.exit();
if (hasPython()) run(require.resolve('jsii-pacmak/bin/jsii-pacmak'), ['--target', 'python']);
else console.log('skipped: the Python package (python3 with venv and pip is not installed)');
