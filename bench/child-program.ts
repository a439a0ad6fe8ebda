import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** A TypeScript program of this folder as a process of its own. It prints one line of JSON when it is ready. */
export class ChildProgram<Ready> implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly ready: Ready,
  ) {}

  static async start<Ready>(file: string, environment?: Record<string, string>): Promise<ChildProgram<Ready>> {
    const child = spawn(process.execPath, ['--require', 'esbuild-register', resolve(__dirname, file)], {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout! });
    const line = await Promise.race([
      once(lines, 'line').then(([text]) => text as string),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${file} ended with ${code} before it was ready.`);
      }),
    ]);
    return new ChildProgram(child, JSON.parse(line) as Ready);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Ends its input, upon which it stops what it has started. */
  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.stdin!.end();
    await exited;
  }
}
