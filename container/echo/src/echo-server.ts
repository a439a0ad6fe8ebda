import { setTimeout as delay } from 'node:timers/promises';
import type { Configuration } from './configuration';
import { EchoSession } from './echo-session';
import type { Log } from './log';
import { StreamingServer } from './streaming-server';

/** The echo container's server, not yet listening. */
export function echoServer(configuration: Configuration, log: Log): StreamingServer {
  return new StreamingServer(
    {
      ...configuration,
      // A container with a model would read it from `/opt/ml/model` here.
      load: async () => {
        if (configuration.loadingMs > 0) await delay(configuration.loadingMs, undefined, { ref: false });
      },
      admit: ({ path }) =>
        configuration.paths.has(path) ? { open: webSocket => new EchoSession(webSocket) } : undefined,
    },
    log,
  );
}
