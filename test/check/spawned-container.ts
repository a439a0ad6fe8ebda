import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PROBE_HOST } from '../../lib/check/live';
import {
  BIND_TO_HOST_VARIABLE,
  BIND_TO_PORT_VARIABLE,
  type ContainerExit,
  type RunningContainer,
} from '../../lib/contract';
import { freePort } from '../../lib/local/engine/process-engine';

/** Starts a command as a container, with `serve` appended, on a free port of the loopback, as `bidi check` does. */
export async function spawnContainer(
  command: readonly string[],
  cwd: string,
  environment: Record<string, string> = {},
): Promise<RunningContainer> {
  const port = await freePort();
  const child = spawn(command[0]!, [...command.slice(1), 'serve'], {
    cwd,
    env: {
      ...process.env,
      ...environment,
      [BIND_TO_PORT_VARIABLE]: String(port),
      [BIND_TO_HOST_VARIABLE]: PROBE_HOST,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter(line => line !== ''));
      lines.splice(0, lines.length - 50);
    });
  }
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as ContainerExit);
  await once(child, 'spawn');
  return {
    host: PROBE_HOST,
    port,
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    exited,
    output: () => lines,
    kill: signal => void child.kill(signal),
    stop: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
}
