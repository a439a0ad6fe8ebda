/** What the image runs: `bidi gateway`, and nothing else of the command line. */
import { gatewayCommand } from '../../../bin/commands/gateway';
import { runProgram } from '../../../bin/run-program';
import { UsageError } from '../../../bin/usage-error';

const command = gatewayCommand()
  .exitOverride()
  .hook('preAction', gateway => {
    const { stack, local } = gateway.opts<{ stack?: string; local?: string | true }>();
    if (stack === undefined && local === undefined) return;
    throw new UsageError({
      what: 'The image takes neither --stack nor --local.',
      why: 'It holds no client of CloudFormation, and no local SageMaker runs inside it.',
      next: 'Name the endpoint: --endpoint NAME --region REGION, or --routes LIST.',
    });
  });

void runProgram(command);
