import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion-script';
import { wrappedHelp } from '../help-text';

/** `bidi completion SHELL`: prints the script with which a shell completes commands and options of `bidi`. */
export function completionCommand(): Command {
  return new Command('completion')
    .summary('print the completion script for your shell')
    .description('Prints a script for your shell, made from the commands and options of this version.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      wrappedHelp(`
Examples:
  bash   bidi completion bash > ~/.local/share/bash-completion/completions/bidi
  zsh    bidi completion zsh > "\${fpath[1]}/_bidi"
  fish   bidi completion fish > ~/.config/fish/completions/bidi.fish`),
    )
    .action((shell: Shell, _, command: Command) => {
      process.stdout.write(completionScript(shell, command.parent!));
    });
}
