import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../interop/processes';

import { ACCOUNT, REGION } from './rehearsal-account';

const CDK = require.resolve('aws-cdk/bin/cdk');

/** The CDK CLI and `bidi`, as somebody runs them in a clone, with the emulator's account for AWS. */
export class Cdk {
  /**
   * @param root of the source tree to work in
   * @param environment what points at the emulator
   * @param directory where outputs and cloud assemblies go
   */
  constructor(
    private readonly root: string,
    private readonly environment: Readonly<Record<string, string>>,
    private readonly directory: string,
  ) {}

  async bootstrap(): Promise<void> {
    await this.run(['bootstrap', `aws://${ACCOUNT}/${REGION}`]);
  }

  /** @returns the stack's outputs */
  async deploy(stack: string, ...context: readonly string[]): Promise<Record<string, string>> {
    const outputs = join(this.directory, `${stack}-outputs.json`);
    await this.run([
      'deploy',
      stack,
      '--require-approval',
      'never',
      '--outputs-file',
      outputs,
      ...contextWords(context),
    ]);
    return JSON.parse(readFileSync(outputs, 'utf8'))[stack];
  }

  async destroy(stacks: readonly string[], ...context: readonly string[]): Promise<void> {
    await this.run(['destroy', ...stacks, '--force', ...contextWords(context)]);
  }

  /** Runs a `bidi` command with `--json`; `exitCodes` are those that it may end with. */
  async bidi(words: readonly string[], exitCodes: readonly number[] = [0]): Promise<unknown> {
    const { stdout } = await run(process.execPath, [join(this.root, 'bin', 'bidi.js'), ...words, '--json'], {
      cwd: this.root,
      env: this.environment,
      exitCodes,
    });
    return JSON.parse(stdout);
  }

  private run(words: readonly string[], output = join(this.directory, 'assembly')): Promise<unknown> {
    const quiet = ['--ci', '--no-notices', '--no-version-reporting', '--output', output];
    return run(process.execPath, [CDK, ...words, ...quiet], { cwd: this.root, env: this.environment });
  }
}

function contextWords(context: readonly string[]): string[] {
  return context.flatMap(entry => ['--context', entry]);
}
