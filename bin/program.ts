import { Command } from 'commander';
import { wrap } from '../lib/report/wrap';
import { capacityCommand } from './commands/capacity';
import { checkCommand } from './commands/check';
import { completionCommand } from './commands/completion';
import { demoCommand } from './commands/demo';
import { destroyCheckCommand } from './commands/destroy-check';
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
    .description('Bidirectional streaming on Amazon SageMaker AI: run it here, look before you deploy, stream to it.')
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
    .showHelpAfterError('(see --help)')
    .addCommand(demoCommand())
    .addCommand(localCommand())
    .addCommand(checkCommand())
    .addCommand(preflightCommand())
    .addCommand(statusCommand())
    .addCommand(destroyCheckCommand())
    .addCommand(invokeCommand())
    .addCommand(transcribeCommand())
    .addCommand(speakCommand())
    .addCommand(capacityCommand())
    .addCommand(completionCommand());
  // A command that was made elsewhere does not inherit by itself; without this its faults would end with 1.
  for (const command of bidi.commands) command.copyInheritedSettings(bidi);
  return bidi;
}
