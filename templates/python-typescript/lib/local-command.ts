import { join } from 'node:path';

const virtualEnvironment = join(__dirname, '..', '.venv');
const python = process.platform === 'win32' ? join('Scripts', 'python.exe') : join('bin', 'python');

/** Starts the container as a process of this machine, where no Docker is needed. It never goes to AWS. */
export const LOCAL_COMMAND = [join(virtualEnvironment, python), 'app.py'];
