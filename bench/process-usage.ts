import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used, from the kernel. Undefined where there is no `/proc`. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

let ticksPerSecond: number | undefined;
let pageBytes: number | undefined;

export function processUsage(pid: number): ProcessUsage | undefined {
  if (process.platform !== 'linux') return undefined;
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  pageBytes ??= Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));
  // The name in parentheses may hold spaces; the fields after it are those of proc(5) from the third on.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const residentPages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    residentBytes: residentPages * pageBytes,
  };
}

/** Processor time of processes and of what they have started, in seconds. Undefined where there is no `/proc`. */
export function treeCpuSeconds(...pids: readonly number[]): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const seconds = (pid: number): number =>
    childrenOf(pid).reduce((sum, child) => sum + seconds(child), processUsage(pid)!.cpuSeconds);
  return pids.reduce((sum, pid) => sum + seconds(pid), 0);
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}
