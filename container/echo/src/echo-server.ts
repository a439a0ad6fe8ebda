import { pipeline } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Configuration } from './configuration';
import { EchoSession } from './echo-session';
import { MeteringSession } from './metering-session';
import { ProbeAdmission } from './probe/probe-admission';
import { ProcessReport } from './probe/process-report';
import type { Log } from './streaming/log';
import { METADATA_STREAM_PATH, STREAM_SUPPORTED_HEADER } from './streaming/platform';
import { type Admission, StreamingServer } from './streaming/streaming-server';

/** Path on which the container reports the frames that it receives, without the leading slash. */
const PROBE_PATH = 'probe';

/** The echo container's server, not yet listening. */
export function echoServer(configuration: Configuration, log: Log, process = new ProcessReport()): StreamingServer {
  const { paths, loadingMs, meteringDimension } = configuration;
  const probe = configuration.probe ? new ProbeAdmission(process) : undefined;
  /** Open sessions by identifier, for their metering. */
  const metered = new Map<string, EchoSession>();

  const echo: Admission = { open: webSocket => new EchoSession(webSocket) };

  const meteredEcho = (id: string): Admission => ({
    headers: { [STREAM_SUPPORTED_HEADER]: 'true' },
    open: webSocket => {
      const session = new EchoSession(webSocket);
      metered.set(id, session);
      webSocket.on('close', () => metered.delete(id));
      return session;
    },
  });

  const metering = (id: string, dimension: string): Admission | undefined => {
    const session = metered.get(id);
    if (session === undefined) return undefined;
    return { open: webSocket => new MeteringSession(webSocket, dimension, () => session.statistics.messages) };
  };

  return new StreamingServer(
    {
      ...configuration,
      load: async () => {
        // A container with a model would read it from `/opt/ml/model` here.
        if (loadingMs > 0) await delay(loadingMs, undefined, { ref: false });
      },
      // An echo of a plain invocation, as it arrives.
      invoke: (request, response) => {
        response.setHeader('Content-Type', request.headers['content-type'] ?? 'application/octet-stream');
        pipeline(request, response, () => {});
      },
      admit: upgrade => {
        const { path, id } = upgrade;
        if (path === `/${PROBE_PATH}` && probe) return probe.admit(upgrade);
        if (paths.has(path)) return meteringDimension === undefined ? echo : meteredEcho(id);
        if (path === `/${METADATA_STREAM_PATH}` && meteringDimension !== undefined)
          return metering(id, meteringDimension);
        return undefined;
      },
    },
    log,
  );
}
