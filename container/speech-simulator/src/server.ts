import { readConfiguration } from './configuration';
import { simulatorServer } from './simulator-server';
import { logToStdout } from './streaming/log';
import { serve } from './streaming/serve';

void serve(() => simulatorServer(readConfiguration(process.env, process.argv.slice(2)), logToStdout));
