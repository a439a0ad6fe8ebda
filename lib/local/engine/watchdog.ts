import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A shell that runs a command when this process is gone, even where it was killed outright: it waits for the end of its standard
 * input, which the system closes with the process.
 *
 * @param script the script, with the arguments as `$1`, `$2` and so on.
 * @returns a function that calls it off.
 */
export function watchdog(script: string, ...words: string[]): () => void {
  if (process.platform === 'win32') return () => {};
  const shell: ChildProcess = spawn('/bin/sh', ['-c', `read -r _; ${script}`, 'sh', ...words], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => {}); // without a shell there is no watchdog
  shell.stdin?.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as { unref(): void } | null)?.unref();
  return () => shell.kill('SIGKILL');
}
