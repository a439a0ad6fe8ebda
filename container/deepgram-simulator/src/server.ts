import { ConfigurationError, readConfiguration } from './configuration';
import { logToStdout } from './log';
import { STOP_GRACE_MS } from './platform';
import { simulatorServer } from './simulator-server';

/** Open sessions get this much of the platform's 30 s between SIGTERM and SIGKILL; the rest is for closing them. */
const DRAIN_MS = STOP_GRACE_MS - 5_000;

async function main(): Promise<void> {
  const server = simulatorServer(readConfiguration(process.env, process.argv.slice(2)), logToStdout);
  // SIGTERM is the platform's scale-in or update. SIGINT is a person's Ctrl-C, who does not want to wait.
  process.on('SIGTERM', () => void server.drain(DRAIN_MS));
  process.on('SIGINT', () => void server.drain(0));
  await server.start();
}

main().catch((error: NodeJS.ErrnoException) => {
  // A fault of the surroundings needs no stack: the configuration's, or the system's such as a port in use.
  const explained = error instanceof ConfigurationError || error.code !== undefined;
  process.stderr.write(`${explained ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
