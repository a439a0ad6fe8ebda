import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BIND_TO_HOST_VARIABLE, BIND_TO_PORT_VARIABLE, PING_PATH } from '../lib/contract';
import { type ProcessUsage, processUsage } from './process-usage';

/** How to start a server that answers `/ping`. */
export interface ServerCommand {
  readonly subject: string;
  readonly command: readonly string[];
}

/** A server as a process of its own. */
export class ServerProcess implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly subject: string,
    readonly port: number,
    /** From the start of the process to the first `/ping` that is answered with 200, in milliseconds. */
    readonly startMs: number,
  ) {}

  /** Starts it and waits until it answers. */
  static async start({ subject, command }: ServerCommand): Promise<ServerProcess> {
    const port = await freePort();
    const startedAt = performance.now();
    const child = spawn(command[0]!, command.slice(1), {
      cwd: resolve(__dirname, '..'),
      env: { ...process.env, [BIND_TO_PORT_VARIABLE]: String(port), [BIND_TO_HOST_VARIABLE]: '127.0.0.1' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    while ((await ping(port)) !== 200) {
      if (child.exitCode !== null) throw new Error(`${subject} ended with ${child.exitCode} at its start.`);
      if (performance.now() - startedAt > 30_000) {
        child.kill('SIGKILL');
        throw new Error(`${subject} did not answer within 30 s.`);
      }
      await delay(2);
    }
    return new ServerProcess(child, subject, port, performance.now() - startedAt);
  }

  usage(): ProcessUsage | undefined {
    return processUsage(this.child.pid!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function ping(port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    request({ port, host: '127.0.0.1', path: PING_PATH, agent: false }, response => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', () => resolve(undefined))
      .end();
  });
}
