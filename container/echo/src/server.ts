import { readConfiguration } from './configuration';
import { echoServer } from './echo-server';
import { ProcessReport } from './probe/process-report';
import { logToStdout } from './streaming/log';
import { serve } from './streaming/serve';

void serve(() =>
  echoServer(readConfiguration(process.env, process.argv.slice(2)), logToStdout, new ProcessReport().watchSignals()),
);
