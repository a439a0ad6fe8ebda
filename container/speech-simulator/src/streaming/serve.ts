// Generated from container/streaming/serve.ts by "npm run containers:generate"; edit it there.
import { STOP_GRACE_MS } from './platform';
import { ConfigurationError } from './settings';
import type { StreamingServer } from './streaming-server';

/** Open sessions get this much of the platform's 30 s between SIGTERM and SIGKILL; the rest is for closing them. */
const DRAIN_MS = STOP_GRACE_MS - 5_000;

/**
 * Runs a container's server until a signal stops it. An error ends the process with exit code 1.
 *
 * @param create reads the configuration and creates the server
 */
export async function serve(create: () => StreamingServer): Promise<void> {
  try {
    const server = create();
    // SIGTERM is the platform's scale-in or update. SIGINT is a person's Ctrl-C, who does not want to wait.
    process.on('SIGTERM', () => void server.drain(DRAIN_MS));
    process.on('SIGINT', () => void server.drain(0));
    await server.start();
  } catch (error) {
    // A wrong configuration and an error of the system, such as a port in use, need no stack trace.
    const explained = error instanceof ConfigurationError || (error as NodeJS.ErrnoException).code !== undefined;
    process.stderr.write(`${explained ? (error as Error).message : (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
