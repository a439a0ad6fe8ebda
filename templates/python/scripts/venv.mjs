// Makes .venv with what container/requirements.txt names, when it is not there or older than that file.
import { execFileSync, spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';

const REQUIREMENTS = 'container/requirements.txt';
const STAMP = '.venv/installed';
const modified = file => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modified(STAMP) < modified(REQUIREMENTS)) {
  const python = ['python3', 'python', 'py'].find(command => spawnSync(command, ['--version']).status === 0);
  if (!python) {
    console.error('The container runs on this machine with Python 3.11 or newer, and none is on the PATH.');
    process.exit(1);
  }
  execFileSync(python, ['-m', 'venv', '.venv'], { stdio: 'inherit' });
  const pip = process.platform === 'win32' ? '.venv/Scripts/pip.exe' : '.venv/bin/pip';
  execFileSync(pip, ['install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS], { stdio: 'inherit' });
  writeFileSync(STAMP, '');
}
