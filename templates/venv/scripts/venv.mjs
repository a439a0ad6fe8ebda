// Makes .venv with what the requirements files name, when it is not there or older than they are; then runs its Python with the
// words of the command line: node scripts/venv.mjs app.py
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';

const REQUIREMENTS = ['container/requirements.txt', 'requirements.txt', 'requirements-dev.txt'].filter(existsSync);
const STAMP = '.venv/installed';
const PYTHON = process.platform === 'win32' ? '.venv/Scripts/python.exe' : '.venv/bin/python';
const modified = file => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modified(STAMP) < Math.max(...REQUIREMENTS.map(modified))) {
  const python = ['python3', 'python', 'py'].find(command => spawnSync(command, ['--version']).status === 0);
  if (!python) {
    console.error('This needs Python 3.11 or newer, and none is on the PATH.');
    process.exit(1);
  }
  // What they print goes to stderr: stdout is that of the program below.
  const stdio = ['ignore', 2, 2];
  execFileSync(python, ['-m', 'venv', '.venv'], { stdio });
  const files = REQUIREMENTS.flatMap(file => ['-r', file]);
  execFileSync(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...files], { stdio });
  writeFileSync(STAMP, '');
}

const words = process.argv.slice(2);
if (words.length > 0) process.exitCode = spawnSync(PYTHON, words, { stdio: 'inherit' }).status ?? 1;
