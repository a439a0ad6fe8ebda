import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, ExplainedError } from '../contract';
import type { GeneratorRequest, GeneratorResponse, GeneratorTask } from './generator-process';
import { decodeStatistics, type LoadStatistics, mergeStatistics } from './load-statistics';

/** A generator process ended before its time. */
class GeneratorError extends ExplainedError {
  override readonly code: ErrorCode = 'ERR_BIDI_GENERATOR';
}

/** A generator process could not start: the load cannot be made, or no session of it can ever open. */
class GeneratorStartError extends GeneratorError {
  override readonly code: ErrorCode = 'ERR_BIDI_GENERATOR_START';
}

/** A source of load: several processes, or one generator in this process for tests. */
export interface LoadSource {
  /** Sessions that are open and send. */
  readonly active: number;
  /** How many processes there are, and how many there may be. */
  readonly processes: number;
  readonly processLimit: number;
  setSessions(wanted: number): void;
  collect(): Promise<LoadStatistics>;
  /** Adds a process; the sessions are spread anew. */
  grow(): Promise<void>;
  stop(): Promise<void>;
}

/** How the processes are made. */
export interface GeneratorPoolOptions {
  readonly task: GeneratorTask;
  /** Processes at the start. */
  readonly processes: number;
  readonly processLimit: number;
  /** Environment of the processes: credentials, certificates. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Longest wait for an answer of a generator process, in milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;

/**
 * Room for new objects, so that the garbage collector does not pause during a measurement: hundreds of sessions keep more messages in
 * memory than the default 16 MiB hold, and each of them would be copied several times. docs/benchmarks.md has the figures.
 */
const YOUNG_GENERATION = '--max-semi-space-size=64';

/** Generator processes that share the sessions evenly. */
export class GeneratorPool implements LoadSource {
  private readonly members: Member[] = [];
  private wanted = 0;

  /** @throws GeneratorStartError when the load cannot be made, or no session of it can ever open. */
  static async start(options: GeneratorPoolOptions): Promise<GeneratorPool> {
    const pool = new GeneratorPool(options);
    try {
      for (let index = 0; index < options.processes; index++) await pool.grow();
    } catch (error) {
      await pool.stop();
      throw error;
    }
    return pool;
  }

  private constructor(private readonly options: GeneratorPoolOptions) {}

  get active(): number {
    return this.members.reduce((sum, member) => sum + member.active, 0);
  }

  get processes(): number {
    return this.members.length;
  }

  get processLimit(): number {
    return this.options.processLimit;
  }

  setSessions(wanted: number): void {
    this.wanted = wanted;
    const { length } = this.members;
    this.members.forEach((member, index) => {
      member.send({ type: 'sessions', wanted: Math.floor(wanted / length) + (index < wanted % length ? 1 : 0) });
    });
  }

  async collect(): Promise<LoadStatistics> {
    const collected = await Promise.all(this.members.map(member => member.ask({ type: 'collect' }, 'collected')));
    return mergeStatistics(collected.map(({ statistics }) => decodeStatistics(statistics)));
  }

  async grow(): Promise<void> {
    const member = new Member(this.options.environment);
    this.members.push(member);
    // Each opens its share of what may be opened in a second.
    const opensPerSecond = this.options.task.opensPerSecond / Math.max(this.options.processes, this.members.length);
    const trial = this.members.length === 1; // one is enough: the others would fail in the same way
    await member.ask({ type: 'start', task: { ...this.options.task, opensPerSecond, trial } }, 'ready');
    if (this.wanted > 0) this.setSessions(this.wanted);
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(member => member.stop()));
  }
}

type Response<Type extends GeneratorResponse['type']> = Extract<GeneratorResponse, { type: Type }>;

/** One generator process. */
class Member {
  active = 0;
  private readonly child: ChildProcess;
  private fault: GeneratorError | undefined;
  private pendingRequest:
    | { type: string; resolve(response: GeneratorResponse): void; reject(error: Error): void }
    | undefined;
  private readonly exited: Promise<void>;

  constructor(environment: NodeJS.ProcessEnv | undefined) {
    const file = require.resolve('./generator-process');
    this.child = fork(file, [], {
      env: { ...process.env, ...environment },
      execArgv: [YOUNG_GENERATION, ...(file.endsWith('.ts') ? ['--require', require.resolve('esbuild-register')] : [])],
      // The output of a script must not mix with the results.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (response: GeneratorResponse) => this.receive(response));
    this.exited = new Promise(resolve => this.child.once('exit', () => resolve()));
    this.child.once('exit', (code, signal) => {
      this.fail(
        new GeneratorError({
          what: `A load generator ended with ${signal ?? `exit code ${code}`}.`,
          why: 'Its own message, if it wrote one, is above.',
          next: 'Try fewer sessions, or another script.',
        }),
      );
    });
  }

  send(request: GeneratorRequest): void {
    if (this.fault) throw this.fault;
    // Its next report may be older than this request: sessions that are to end do not count any more.
    if (request.type === 'sessions') this.active = Math.min(this.active, request.wanted);
    this.child.send(request);
  }

  async ask<Type extends GeneratorResponse['type']>(request: GeneratorRequest, type: Type): Promise<Response<Type>> {
    if (this.fault) throw this.fault;
    const answered = new Promise<GeneratorResponse>((resolve, reject) => {
      this.pendingRequest = { type, resolve, reject };
    });
    this.child.send(request);
    const timeoutAbort = new AbortController();
    const timeout = sleep(ANSWER_TIMEOUT_MS, undefined, { signal: timeoutAbort.signal }).then(
      () => {
        throw new GeneratorError({
          what: `A load generator did not answer "${request.type}" within ${ANSWER_TIMEOUT_MS / 1_000} s.`,
          why: 'Its core is too busy.',
          next: 'Try fewer sessions, or more processes.',
        });
      },
      () => answered,
    );
    try {
      return (await Promise.race([answered, timeout])) as Response<Type>;
    } finally {
      timeoutAbort.abort();
    }
  }

  async stop(): Promise<void> {
    if (!this.fault) await this.ask({ type: 'stop' }, 'stopped').catch(() => {});
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 2_000);
    await this.exited;
    clearTimeout(timer);
  }

  private receive(response: GeneratorResponse): void {
    if (response.type === 'active') this.active = response.sessions;
    else if (response.type === 'failed') this.fail(new GeneratorStartError(response.explanation));
    else if (response.type === this.pendingRequest?.type) this.pendingRequest.resolve(response);
  }

  private fail(fault: GeneratorError): void {
    this.fault ??= fault;
    this.pendingRequest?.reject(this.fault);
  }
}
