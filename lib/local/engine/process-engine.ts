import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { localEnvironment } from '../../assembly/endpoint-definition';
import {
  BIND_TO_HOST_VARIABLE,
  BIND_TO_PORT_VARIABLE,
  type ContainerExit,
  type RunningContainer,
  SERVE_ARGUMENT,
  STOP_GRACE_MS,
} from '../../contract';
import { ContainerStartError } from '../local-errors';
import type { ContainerEngine, ContainerStart } from './container-engine';
import { ContainerOutput } from './container-output';
import { END_MARKED_PROCESSES, endMarkedProcesses } from './marked-processes';
import { watchdog } from './watchdog';

/** Variables of this machine that a process needs to run at all. Everything else comes from the template, as in a container. */
const INHERITED_VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'LC_ALL', 'SystemRoot', 'ComSpec'];

/** The address on which a container's process is asked to listen, which other machines of the network cannot reach. */
const LOOPBACK = '127.0.0.1';

/** Variable whose random value marks a container's process and whatever it starts. */
const MARK_VARIABLE = 'BIDI_LOCAL_CONTAINER';

/** Ends the process group of a container whose host is gone, and the processes that left the group. */
const END_GROUP = `kill -s TERM -- "-$1" 2>/dev/null; sleep 1; kill -s KILL -- "-$1" 2>/dev/null; ${END_MARKED_PROCESSES}`;

/** Milliseconds after the end of a container in which its last output is read, where another process holds the output open. */
const LAST_WORDS_MS = 1_000;

/** Runs a model's command as a process of this machine: no image, no container engine. */
export class ProcessEngine implements ContainerEngine {
  /** `process` */
  readonly name = 'process';

  async start({ model, name, host = LOOPBACK, onLine }: ContainerStart): Promise<RunningContainer> {
    const { command, directory } = model;
    if (!command?.[0] || !directory) {
      throw new ContainerStartError({
        what: `Model ${model.name} cannot run as a process: the template names no command for it.`,
        why: 'Only an image that this kit built from a directory carries the command that starts it without a container engine.',
        next: 'Run it with --engine docker, or name the command: bidi local --command, or `localCommand` of BidiImage.fromDirectory.',
      });
    }
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new ContainerStartError({
        what: `Model ${model.name} cannot start: there is no directory ${directory}.`,
        why: 'The cloud assembly was made on another machine, or the directory was moved since.',
        next: 'Synthesize again on this machine.',
      });
    }
    const port = await freePort();
    const mark = randomUUID();
    const child = spawn(command[0], [...command.slice(1), SERVE_ARGUMENT], {
      cwd: directory,
      env: {
        ...inherited(),
        ...localEnvironment(model),
        [BIND_TO_PORT_VARIABLE]: String(port),
        [BIND_TO_HOST_VARIABLE]: host,
        [MARK_VARIABLE]: mark,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own, so that what it starts ends with it, and Ctrl-C reaches us alone
    });
    const output = new ContainerOutput(onLine);
    output.read(child.stdout, 'stdout');
    output.read(child.stderr, 'stderr');
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new ContainerStartError(
        {
          what: `Model ${model.name} cannot start: ${command[0]} does not run (${(cause as NodeJS.ErrnoException).code}).`,
          why: `The command of container ${name} is not installed here, or not executable.`,
          next: `Try it by hand in ${directory}: ${[...command, SERVE_ARGUMENT].join(' ')}`,
        },
        { cause },
      );
    }
    return new ContainerProcess(child, host, port, `${MARK_VARIABLE}=${mark}`, output);
  }
}

class ContainerProcess implements RunningContainer {
  readonly exited: Promise<ContainerExit>;
  private hasExited = false;

  constructor(
    private readonly child: ChildProcess,
    readonly host: string,
    readonly port: number,
    private readonly mark: string,
    private readonly recorded: ContainerOutput,
  ) {
    const callOff = watchdog(END_GROUP, String(child.pid), mark);
    this.exited = new Promise(resolve => {
      // 'close' rather than 'exit': by then its last output is read.
      child.once('close', (code, signal) => {
        this.hasExited = true;
        callOff();
        resolve({ code, signal });
      });
      child.once('exit', () => {
        // Processes that it started and left behind.
        this.killGroup('SIGKILL');
        endMarkedProcesses(this.mark);
        // A process that was not found may hold the output open; the exit is reported all the same.
        const deadline = setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, LAST_WORDS_MS);
        child.once('close', () => clearTimeout(deadline));
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  output(): readonly string[] {
    return this.recorded.lines();
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.hasExited) this.killGroup(signal);
  }

  async stop(graceMs = STOP_GRACE_MS): Promise<ContainerExit> {
    this.kill('SIGTERM');
    const deadline = setTimeout(() => this.kill('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(deadline);
    }
  }

  private killGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.child.pid!, signal);
    } catch {
      // gone already
    }
  }
}

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    INHERITED_VARIABLES.flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}

/** A TCP port of the loopback interface that is free. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
