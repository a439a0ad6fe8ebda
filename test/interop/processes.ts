import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Lines of a failed command's output that are worth showing. */
const TAIL_LINES = 40;

/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;

export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * Milliseconds after which the command is ended.
   *
   * @default 300000
   */
  readonly timeoutMs?: number;
  /**
   * Exit codes that are no failure.
   *
   * @default [0]
   */
  readonly exitCodes?: readonly number[];
  /**
   * Whether the command is printed.
   *
   * @default true
   */
  readonly isPrinted?: boolean;
  /**
   * The standard input: none, or one that stays open and empty.
   *
   * @default none
   */
  readonly input?: 'none' | 'open';
  /**
   * Ends the command, and what it started.
   *
   * @default - none
   */
  readonly abortSignal?: AbortSignal;
  /**
   * Whether the command's output is shown as it comes, on stderr.
   *
   * @default false
   */
  readonly isShown?: boolean;
}

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();

/**
 * Runs a command to its end and says so.
 *
 * @throws Error with the end of its output when its exit code is none of those expected; the signal's reason when that ended it
 */
export async function run(command: string, words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { abortSignal } = options;
  abortSignal?.throwIfAborted();
  if (options.isPrinted ?? true) console.log(`$ ${[command, ...words].join(' ')}`);
  const child = begin(command, words, options);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout!.on('data', chunk => stdout.push(chunk));
  child.stderr!.on('data', chunk => stderr.push(chunk));
  if (options.isShown) for (const output of [child.stdout!, child.stderr!]) output.pipe(process.stderr, { end: false });
  const onAbort = () => void end(child);
  abortSignal?.addEventListener('abort', onAbort, { once: true });
  let timedOut = false;
  const timeoutMs = options.timeoutMs ?? 300_000;
  const deadline = setTimeout(() => {
    timedOut = true;
    void end(child);
  }, timeoutMs);
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null];
    abortSignal?.throwIfAborted();
    const finished = { exitCode: exitCode ?? -1, stdout: text(stdout), stderr: text(stderr) };
    if (!timedOut && (options.exitCodes ?? [0]).includes(finished.exitCode)) return finished;
    const outcome = timedOut ? `was ended after ${timeoutMs / 1000} s` : `ended with exit code ${exitCode}`;
    const tail = `${finished.stdout}\n${finished.stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');
    throw new Error(`${command} ${words[0] ?? ''} ${outcome}\n${tail}`);
  } finally {
    clearTimeout(deadline);
    abortSignal?.removeEventListener('abort', onAbort);
  }
}

/** Starts a command that goes on in the background; its output goes to a file. */
export function start(
  command: string,
  words: readonly string[],
  logFile: string,
  options: RunOptions = {},
): ChildProcess {
  console.log(`$ ${[command, ...words].join(' ')} > ${logFile} &`);
  const child = begin(command, words, options);
  const log = createWriteStream(logFile);
  child.stdout!.pipe(log, { end: false });
  child.stderr!.pipe(log, { end: false });
  return child;
}

/** Ends a process and what it started: SIGTERM, then SIGKILL. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  signalGroup(child, 'SIGTERM');
  const killed = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS);
  await exited;
  clearTimeout(killed);
}

/** Ends everything that was started here and still runs. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map(end));
}

/** Resolves when a TCP port of this machine answers HTTP. @throws Error when the process ends first, or after the time given. */
export async function answers(url: string, child: ChildProcess, logFile: string, timeoutMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await delay(200)) {
    if (child.exitCode !== null) throw new Error(`It ended with exit code ${child.exitCode}; see ${logFile}`);
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return;
  }
  throw new Error(`${url} did not answer within ${timeoutMs / 1000} s; see ${logFile}`);
}

/** A TCP port of the loopback interface that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** The first of these commands that PATH holds. */
export function onPath(...commands: readonly string[]): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return commands
    .flatMap(command => directories.map(directory => join(directory, command)))
    .find(file => existsSync(file));
}

function begin(command: string, words: readonly string[], { cwd, env, input }: RunOptions): ChildProcess {
  const child = spawn(command, words, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [input === 'open' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true, // a process group, so that what it starts ends with it
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString();
}

/** Makes a signal end this process, and first everything that was started here. For a program that has nothing else to put in order. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void endAll().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)));
  }
}
