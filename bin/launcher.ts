import { execFileSync } from 'node:child_process';

/** Milliseconds between two looks at whether the launcher is there. */
const INTERVAL_MS = 500;

/** Shells that npm puts between itself and a command. */
const SHELLS = /^(.*\/)?(-?)(sh|bash|dash|zsh|ash)$/;

/**
 * Calls back once when npm or npx, where it started this process, is gone: `kill` of a command that npx runs reaches npx alone. A process
 * that a shell started is left alone, because it may be meant to outlive it.
 *
 * @returns a function that stops watching.
 */
export function onLauncherGone(callback: () => void): () => void {
  const launcher = launcherOf(process.env, process.ppid);
  if (launcher === undefined) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && isRunning(launcher)) return;
    clearInterval(timer);
    callback();
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Process id of npm or npx, or undefined where neither started this process. */
function launcherOf({ npm_execpath }: NodeJS.ProcessEnv, parent: number): number | undefined {
  if (npm_execpath === undefined || process.platform === 'win32') return undefined;
  try {
    const line = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(parent)], { encoding: 'utf8' }).trim();
    const [, grandparent, command = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    return SHELLS.test(command) && grandparent !== undefined ? Number(grandparent) : parent;
  } catch {
    return parent; // no `ps`
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
