import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunOptions, run } from '../interop/processes';

const CDK = require.resolve('aws-cdk/bin/cdk');

/** How a command is run. */
export type CommandOptions = Pick<RunOptions, 'abortSignal' | 'exitCodes'>;

/** Where commands are run, and how. */
export interface CdkOptions {
  /** Root of the source tree to work in. */
  readonly root: string;
  /** Where outputs and cloud assemblies go. */
  readonly directory: string;
  /** What is added to this process's environment. */
  readonly environment: () => Readonly<Record<string, string>>;
  /** Longest time of a command, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether what the CDK CLI writes is shown as it comes. */
  readonly isShown: boolean;
}

/** The CDK CLI and `bidi`, as somebody runs them in a clone. */
export class Cdk {
  constructor(private readonly options: CdkOptions) {}

  /** The cloud assembly of the last command. */
  get assembly(): string {
    return join(this.options.directory, 'assembly');
  }

  async bootstrap(environment: string): Promise<void> {
    await this.run(['bootstrap', environment]);
  }

  /** @returns the stack's outputs */
  async deploy(
    stack: string,
    context: readonly string[],
    options: CommandOptions = {},
  ): Promise<Record<string, string>> {
    const outputs = join(this.options.directory, `${stack}-outputs.json`);
    const quietly = ['--require-approval', 'never', '--outputs-file', outputs];
    await this.run(['deploy', stack, ...quietly, ...contextWords(context)], options);
    return JSON.parse(readFileSync(outputs, 'utf8'))[stack];
  }

  async destroy(stacks: readonly string[], context: readonly string[], options: CommandOptions = {}): Promise<void> {
    await this.run(['destroy', ...stacks, '--force', ...contextWords(context)], options);
  }

  /** Runs a `bidi` command with `--json`; `exitCodes` are those that it may end with. */
  async bidi(words: readonly string[], options: CommandOptions = {}): Promise<unknown> {
    const { root } = this.options;
    const command = [join(root, 'bin', 'bidi.js'), ...words, '--json'];
    const { stdout } = await run(process.execPath, command, { ...this.place(), ...options });
    return JSON.parse(stdout);
  }

  private run(words: readonly string[], options: CommandOptions = {}): Promise<unknown> {
    const quiet = ['--ci', '--no-notices', '--no-version-reporting', '--output', this.assembly];
    const { isShown } = this.options;
    return run(process.execPath, [CDK, ...words, ...quiet], { ...this.place(), ...options, isShown });
  }

  private place(): RunOptions {
    const { root, environment, timeoutMs } = this.options;
    return { cwd: root, env: environment(), timeoutMs };
  }
}

/** Context as the words of a command. */
export function contextWords(context: readonly string[]): string[] {
  return context.flatMap(entry => ['--context', entry]);
}
