import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { BIND_TO_HOST_VARIABLE, BIND_TO_PORT_VARIABLE, type ContainerExit, SERVE_ARGUMENT } from '../../lib/contract';
import { TYPESCRIPT } from '../typescript-process';

/** One line of a container's log. */
export interface LogLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** The command by which the kit starts its containers as plain processes. */
const START_COMMAND = [process.execPath, ...TYPESCRIPT, 'src/server.ts', SERVE_ARGUMENT];

/** A container of this repository as a process of its own. */
export class ContainerProcess implements AsyncDisposable {
  readonly exited: Promise<ContainerExit>;
  readonly lines: LogLine[] = [];
  stderr = '';
  private readonly watchers = new Set<() => void>();

  private constructor(readonly process: ChildProcess) {
    // 'close' comes after the last line, 'exit' may come before it.
    this.exited = once(process, 'close').then(([code, signal]) => ({ code, signal }));
    createInterface({ input: process.stdout! }).on('line', line => {
      this.lines.push(JSON.parse(line) as LogLine);
      for (const look of this.watchers) look();
    });
    process.stderr!.on('data', data => {
      this.stderr += data;
    });
  }

  /** Starts it without waiting for it. */
  static spawn(container: string, environment: NodeJS.ProcessEnv = {}, command = START_COMMAND): ContainerProcess {
    const [file, ...words] = command;
    return new ContainerProcess(
      spawn(file!, words, {
        cwd: join(resolve(__dirname, '../..'), 'container', container),
        env: {
          PATH: process.env.PATH,
          [BIND_TO_PORT_VARIABLE]: '0',
          [BIND_TO_HOST_VARIABLE]: '127.0.0.1',
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** Starts it and waits until it listens. */
  static async start(container: string, environment: NodeJS.ProcessEnv = {}, command = START_COMMAND) {
    const started = ContainerProcess.spawn(container, environment, command);
    const { port } = await started.line('listening');
    return Object.assign(started, { port: port as number });
  }

  /** The first line of an event, now or later. Rejects when the process ends without it. */
  async line(event: string): Promise<LogLine> {
    let look = (): void => {};
    try {
      return await new Promise<LogLine>((resolve, reject) => {
        look = () => {
          const line = this.lines.find(candidate => candidate.event === event);
          if (line !== undefined) resolve(line);
        };
        this.watchers.add(look);
        void this.exited.then(() => reject(new Error(`It ended without the line "${event}": ${this.stderr}`)));
        look();
      });
    } finally {
      this.watchers.delete(look);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}
