import { Command } from 'commander';
import { wrap } from '../lib/report/wrap';
import { capacityCommand } from './commands/capacity';
import { checkCommand } from './commands/check';
import { completionCommand } from './commands/completion';
import { demoCommand } from './commands/demo';
import { deployCommand, destroyCommand, synthCommand } from './commands/deploy';
import { destroyCheckCommand } from './commands/destroy-check';
import { fidelityCommand } from './commands/fidelity';
import { gatewayCommand } from './commands/gateway';
import { initCommand } from './commands/init';
import { invokeCommand } from './commands/invoke';
import { localCommand } from './commands/local';
import { preflightCommand } from './commands/preflight';
import { speakCommand } from './commands/speak';
import { statusCommand } from './commands/status';
import { transcribeCommand } from './commands/transcribe';
import { columnsOf } from './terminal';

/** The whole command line, without running it: the documentation and the completion are generated from it. */
export function program(): Command {
  const { version } = require('sagemaker-bidi-kit/package.json') as { version: string };
  const bidi = new Command('bidi')
    .description(
      'Bidirectional streaming on Amazon SageMaker AI: run a model locally, check it, deploy it and stream to it.',
    )
    .version(version)
    .configureHelp({
      subcommandTerm: command => `${command.name()} ${command.usage().replace(/\[options\] ?/, '')}`.trim(),
    })
    .configureOutput({
      outputError: (text, write) => {
        const columns = columnsOf(process.stderr);
        write(text.replace(/[^\n]+/g, line => (line.length <= columns ? line : wrap(line, columns).join('\n'))));
      },
    })
    .exitOverride()
    .showHelpAfterError('  next: npx bidi --help')
    .commandsGroup('Try here:')
    .addCommand(demoCommand())
    .addCommand(localCommand())
    .addCommand(checkCommand())
    .commandsGroup('Deploy:')
    .addCommand(initCommand())
    .addCommand(synthCommand())
    .addCommand(preflightCommand())
    .addCommand(deployCommand())
    .addCommand(destroyCommand())
    .commandsGroup('Stream:')
    .addCommand(invokeCommand())
    .addCommand(transcribeCommand())
    .addCommand(speakCommand())
    .addCommand(gatewayCommand())
    .commandsGroup('Operate:')
    .addCommand(statusCommand())
    .addCommand(capacityCommand())
    .addCommand(fidelityCommand())
    .addCommand(destroyCheckCommand())
    .commandsGroup('More:')
    .helpCommand(true)
    .addCommand(completionCommand())
    .addHelpText('after', '\nThe common path: bidi local STACK, then bidi invoke "hello" --local.');
  for (const command of bidi.commands) {
    // A command that was made elsewhere does not inherit by itself; without this its faults would end with 1.
    command.copyInheritedSettings(bidi).showHelpAfterError(`  next: npx bidi ${command.name()} --help`);
  }
  return bidi;
}
