import { readdirSync, readFileSync } from 'node:fs';

/** Rounds in which processes are looked for: one that is ended may have started another in the meantime. */
const ROUNDS = 5;

/**
 * Ends the processes with an entry in their environment, such as `NAME=value`, whatever process group or session they made for themselves:
 * they inherit it from the process that started them. Only Linux tells the environment of a process; elsewhere nothing happens.
 */
export function endMarkedProcesses(entry: string): void {
  if (process.platform !== 'linux') return;
  for (let round = 0; round < ROUNDS; round += 1) {
    const found = readdirSync('/proc').filter(name => /^\d+$/.test(name) && isMarked(name, entry));
    if (found.length === 0) return;
    for (const pid of found) end(Number(pid));
  }
}

/** The same as a shell script, with the entry as `$2`, for the watchdog to run when this process is gone. */
export const END_MARKED_PROCESSES =
  'grep -lsF -- "$2" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do kill -s KILL "$pid"; done 2>/dev/null';

function isMarked(pid: string, entry: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry);
  } catch {
    return false; // of another user, or gone
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
