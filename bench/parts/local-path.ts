import { join, resolve } from 'node:path';
import { WebSocket } from 'ws';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { BIDIRECTIONAL_STREAM_PATH } from '../../lib/contract';
import { ChildProgram } from '../child-program';
import { Latencies } from '../latency';
import type { Recorder } from '../measurement';
import { CHUNK, CHUNK_MS, PacedSession, SdkEcho } from '../paced-session';
import { processUsage } from '../process-usage';
import { addedMs, timeRoundTrips } from '../round-trips';
import { ServerProcess } from '../server-process';
import { ENDPOINT_NAME, type LocalSageMakerReady } from '../servers/local-sagemaker';

const LAG_LIMIT_MS = 100;

const KIT = 'local SageMaker';
const STRAIGHT = 'WebSocket straight';

/** client → HTTP/2 over TLS → local SageMaker → WebSocket → container and back, beside a WebSocket straight to the container. */
export async function measureLocalPath(recorder: Recorder, quick: boolean): Promise<void> {
  const root = resolve(__dirname, '../..');
  const echo = join(root, 'container/echo/src/server.ts');
  await using container = await ServerProcess.start({
    subject: 'echo container',
    command: [process.execPath, '--require', 'esbuild-register', echo, 'serve'],
  });
  await using local = await ChildProgram.start<LocalSageMakerReady>('servers/local-sagemaker.ts');
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.ready.url,
    region: local.ready.region,
    credentials: local.ready.credentials,
    requestHandler: { nodeHttp2ConnectOptions: { ca: local.ready.certificateAuthority } },
  });
  try {
    await measureRoundTrip(recorder, client, local.pid, container.port, quick);
    await measureHeldSessions(
      recorder,
      client,
      local.pid,
      quick ? [10] : [100, 200, 300, 400, 500],
      quick ? 500 : 4_000,
    );
  } finally {
    client.destroy();
  }
}

/** One session, one message at a time, the two paths in turn. */
async function measureRoundTrip(
  recorder: Recorder,
  client: SageMakerRuntimeHTTP2Client,
  localPid: number,
  port: number,
  quick: boolean,
): Promise<void> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/${BIDIRECTIONAL_STREAM_PATH}`, { perMessageDeflate: false });
  await new Promise((opened, failed) => webSocket.once('open', opened).once('error', failed));
  const session = await BidiSession.open({ client, endpointName: ENDPOINT_NAME });
  const answers = session[Symbol.asyncIterator]();
  const paths: Record<string, () => Promise<unknown>> = {
    [STRAIGHT]: () =>
      new Promise(echoed => {
        webSocket.once('message', echoed);
        webSocket.send(CHUNK);
      }),
    [KIT]: async () => {
      await session.send(CHUNK);
      await answers.next();
    },
  };
  const times = await timeRoundTrips({ paths, pid: localPid, subject: KIT, quick });
  for (const path of Object.keys(paths)) {
    recorder.measure('local/round-trip/p50', path, 'ms', 'lower', times.p50.get(path)!);
    recorder.measure('local/round-trip/p99', path, 'ms', 'lower', times.p99.get(path)!);
  }
  if (times.cpu.length > 0) recorder.measure('local/cpu', KIT, 'µs/message', 'lower', times.cpu);
  const value = recorder.measure('local/added/p50', KIT, 'ms', 'lower', addedMs(times, KIT, STRAIGHT));
  recorder.goal('added by the local path to a round trip, p50', 'ms', 'lower', value, 1);
  webSocket.terminate();
  await session.close();
}

/**
 * Audio sessions at real-time pace: each has a chunk to send every 100 ms, whether or not the last one came back, and the lag
 * counts from when it was due. So a stall shows in every chunk that it delays.
 */
async function measureHeldSessions(
  recorder: Recorder,
  client: SageMakerRuntimeHTTP2Client,
  localPid: number,
  steps: readonly number[],
  holdMs: number,
): Promise<void> {
  const sessions: PacedSession[] = [];
  const before = processUsage(localPid);
  let held = 0;
  try {
    for (const step of steps) {
      while (sessions.length < step) {
        const more = Math.min(20, step - sessions.length);
        sessions.push(
          ...(await Promise.all(
            Array.from({ length: more }, async () => new PacedSession(await SdkEcho.open(client))),
          )),
        );
      }
      const after = processUsage(localPid);
      if (before && after && step === steps[0]) {
        const kibibytes = (after.residentBytes - before.residentBytes) / step / 1024;
        recorder.measure('local/session-memory', KIT, 'KiB', 'lower', [kibibytes]);
      }
      await Promise.all(sessions.map((session, index) => session.run((index / sessions.length) * CHUNK_MS, 1_000)));
      const latencies = new Latencies();
      await Promise.all(
        sessions.map((session, index) => session.run((index / sessions.length) * CHUNK_MS, holdMs, latencies)),
      );
      const lag = recorder.measure(`local/lag-p99/${step}`, KIT, 'ms', 'lower', [latencies.percentileMs(99)]);
      if (lag > LAG_LIMIT_MS) break;
      held = step;
    }
  } finally {
    for (const session of sessions) session.abort();
  }
  recorder.measure('local/sessions-held', KIT, 'sessions', 'higher', [held]);
  if (steps.at(-1)! >= 500)
    recorder.goal('real-time audio sessions held, lag p99 under 100 ms', 'sessions', 'higher', held, 500);
}
