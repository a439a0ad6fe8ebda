import type { Command } from 'commander';

/** What a command left behind that ran in this process. */
export interface CommandRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: typeof process.exitCode;
}

/**
 * Runs a command in this process, and puts the process's exit code back.
 *
 * @throws what the command throws, a refusal of commander's included
 */
export async function runCommand(command: Command, words: readonly string[]): Promise<CommandRun> {
  let stdout = '';
  let stderr = '';
  const out = jest.spyOn(process.stdout, 'write').mockImplementation(text => {
    stdout += text;
    return true;
  });
  const err = jest.spyOn(process.stderr, 'write').mockImplementation(text => {
    stderr += text;
    return true;
  });
  try {
    await command.exitOverride().parseAsync(words, { from: 'user' });
    return { stdout, stderr, exitCode: process.exitCode };
  } finally {
    process.exitCode = undefined;
    out.mockRestore();
    err.mockRestore();
  }
}
