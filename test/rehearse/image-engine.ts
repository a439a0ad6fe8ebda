import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BIND_TO_PORT_VARIABLE,
  type ContainerExit,
  type RunningContainer,
  SERVE_ARGUMENT,
  STOP_GRACE_MS,
} from '../../lib/contract';
import type { ContainerEngine, ContainerStart } from '../../lib/local';
import { freePort, run, start } from '../interop/processes';
import type { ImageBuilder } from './image-builder';
import type { PushedImage } from './pushed-image';

/** Runs a built image with buildah's chroot isolation: its own files, this machine's network, no daemon. */
export class ImageEngine implements ContainerEngine {
  readonly name = 'buildah';
  /** Files to which the containers write. */
  readonly logs: string[] = [];

  constructor(
    private readonly builder: ImageBuilder,
    private readonly localTag: string,
    private readonly image: PushedImage,
    private readonly directory: string,
  ) {}

  async start({ model }: ContainerStart): Promise<RunningContainer> {
    const { buildah } = this.builder;
    const container = (await run(buildah, ['from', '--pull-never', this.localTag])).stdout.trim();
    const port = await freePort();
    const variables = { ...model.environment, [BIND_TO_PORT_VARIABLE]: String(port) };
    const words = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const command = [...this.image.entrypoint, SERVE_ARGUMENT];
    const log = join(this.directory, `${container}.log`);
    this.logs.push(log);
    const child = start(buildah, ['run', '--isolation', 'chroot', ...words, container, '--', ...command], log);
    const exited = once(child, 'exit').then(([code, signal]): ContainerExit => ({ code, signal }));
    const kill = (signal: NodeJS.Signals) => {
      try {
        process.kill(containerProcess(child.pid!), signal);
      } catch {
        // it has ended
      }
    };
    return {
      host: '127.0.0.1',
      port,
      exited,
      output: () => [`see ${log}`],
      kill,
      stop: async (graceMs = STOP_GRACE_MS) => {
        kill('SIGTERM');
        const killed = setTimeout(() => kill('SIGKILL'), graceMs);
        const exit = await exited;
        clearTimeout(killed);
        await run(buildah, ['rm', container], { isPrinted: false });
        return exit;
      },
    };
  }
}

/** The program at the end of buildah's chain of processes: it is what an engine would signal. Any thread may have started the next. */
export function containerProcess(id: number): number {
  const threads = readdirSync(`/proc/${id}/task`);
  const [child] = threads
    .flatMap(thread => readFileSync(`/proc/${id}/task/${thread}/children`, 'utf8').split(' '))
    .filter(Boolean);
  return child === undefined ? id : containerProcess(Number(child));
}
