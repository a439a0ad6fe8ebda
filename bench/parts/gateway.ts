import { setTimeout as delay } from 'node:timers/promises';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { ChildProgram } from '../child-program';
import { Latencies } from '../latency';
import type { Recorder } from '../measurement';
import { CHUNK, CHUNK_MS, type Echo, PacedSession, SdkEcho, WebSocketEcho } from '../paced-session';
import { processUsage, treeCpuSeconds } from '../process-usage';
import { addedMs, timeRoundTrips } from '../round-trips';
import type { GatewayReady } from '../servers/gateway';
import type { LocalSageMakerReady } from '../servers/local-sagemaker';

const GATEWAY = 'gateway';
const SDK = 'SDK straight';
const LAG_LIMIT_MS = 100;

/** What one path may lose of the sessions that the other holds: the gateway is one more process on the same processors. */
const SHARE_HELD = 0.8;

const SDK_SESSIONS = 500;

/** WebSocket client → gateway → local SageMaker → container and back, beside the same load by the SDK without the gateway. */
export async function measureGateway(recorder: Recorder, quick: boolean): Promise<void> {
  await using local = await ChildProgram.start<LocalSageMakerReady>('servers/local-sagemaker.ts');
  const environment = { BENCH_LOCAL_SAGEMAKER: JSON.stringify(local.ready) };
  await using gateway = await ChildProgram.start<GatewayReady>('servers/gateway.ts', environment);
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.ready.url,
    region: local.ready.region,
    credentials: local.ready.credentials,
    requestHandler: { nodeHttp2ConnectOptions: { ca: local.ready.certificateAuthority } },
  });
  const open: Record<string, () => Promise<Echo>> = {
    [SDK]: () => SdkEcho.open(client),
    [GATEWAY]: () => WebSocketEcho.open(gateway.ready.url),
  };
  try {
    await measureRoundTrip(recorder, open, gateway.pid, quick);
    const idle = quick ? 20 : 500;
    const kibibytes = await measureIdleSessions(recorder, GATEWAY, open[GATEWAY]!, gateway.pid, idle);
    recorder.goal('memory of an idle session in the gateway', 'KiB', 'lower', kibibytes, 100);
    await measureSharedConnections(recorder, environment, idle);
    await measureBurst(recorder, open[GATEWAY]!, quick ? 50 : 1_000);
    await measureHeldSessions(
      recorder,
      open,
      gateway.pid,
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
  open: Readonly<Record<string, () => Promise<Echo>>>,
  gatewayPid: number,
  quick: boolean,
): Promise<void> {
  const echoes = Object.fromEntries(
    await Promise.all(Object.entries(open).map(async ([path, start]) => [path, await start()] as const)),
  );
  const roundTrip = (echo: Echo) => async (): Promise<void> => {
    const echoed = new Promise<void>(resolve => {
      echo.onEcho = resolve;
    });
    await echo.send(CHUNK);
    await echoed;
  };
  const paths = Object.fromEntries(Object.entries(echoes).map(([path, echo]) => [path, roundTrip(echo)]));
  const times = await timeRoundTrips({ paths, pid: gatewayPid, subject: GATEWAY, quick });
  for (const [path, values] of times.p50) recorder.measure('gateway/round-trip/p50', path, 'ms', 'lower', values);
  if (times.cpu.length > 0) recorder.measure('gateway/cpu', GATEWAY, 'µs/message', 'lower', times.cpu);
  const value = recorder.measure('gateway/added/p50', GATEWAY, 'ms', 'lower', addedMs(times, GATEWAY, SDK));
  recorder.goal('added by the gateway to a round trip, p50', 'ms', 'lower', value, 1);
  for (const echo of Object.values(echoes)) echo.abort();
}

/** What a session that says nothing adds to the process, in KiB. A first batch has grown what is there once for all. */
async function measureIdleSessions(
  recorder: Recorder,
  subject: string,
  open: () => Promise<Echo>,
  pid: number,
  count: number,
): Promise<number> {
  const batch = () => openInTurns(open, count / 2);
  const echoes = await batch();
  await delay(1_000);
  const before = processUsage(pid)?.residentBytes ?? Number.NaN;
  echoes.push(...(await batch()));
  await delay(1_000);
  const after = processUsage(pid)?.residentBytes ?? Number.NaN;
  for (const echo of echoes) echo.abort();
  await delay(1_000);
  return recorder.measure('gateway/session-memory', subject, 'KiB', 'lower', [(after - before) / (count / 2) / 1024]);
}

/** The same where ten streams share a connection to the runtime, which a client of the caller's own can say. */
async function measureSharedConnections(
  recorder: Recorder,
  environment: Record<string, string>,
  count: number,
): Promise<void> {
  const shared = { ...environment, BENCH_STREAMS_PER_CONNECTION: '10' };
  await using gateway = await ChildProgram.start<GatewayReady>('servers/gateway.ts', shared);
  const open = () => WebSocketEcho.open(gateway.ready.url);
  await measureIdleSessions(recorder, 'gateway, 10 streams a connection', open, gateway.pid, count);
}

async function openInTurns(open: () => Promise<Echo>, count: number): Promise<Echo[]> {
  const echoes: Echo[] = [];
  while (echoes.length < count) {
    const more = Math.min(20, count - echoes.length);
    echoes.push(...(await Promise.all(Array.from({ length: more }, open))));
  }
  return echoes;
}

/** All at once, as after a reconnect of every client. */
async function measureBurst(recorder: Recorder, open: () => Promise<Echo>, count: number): Promise<void> {
  const startedAt = performance.now();
  const opens = await Promise.allSettled(Array.from({ length: count }, open));
  const seconds = (performance.now() - startedAt) / 1_000;
  const echoes = opens.flatMap(opened => (opened.status === 'fulfilled' ? [opened.value] : []));
  for (const opened of opens) {
    if (opened.status === 'rejected') {
      recorder.skip(`a session of the burst of ${count}`, (opened.reason as Error).message);
      break;
    }
  }
  recorder.measure(`gateway/burst/${count}/seconds`, GATEWAY, 's', 'lower', [seconds]);
  const served = recorder.measure(`gateway/burst/${count}/served`, GATEWAY, 'sessions', 'higher', [echoes.length]);
  recorder.goal(`sessions served of ${count} opened at once`, 'sessions', 'higher', served, count);
  for (const echo of echoes) echo.abort();
  await delay(2_000);
}

/**
 * Audio sessions at real-time pace, in growing number. The paths take turns at each number; a path that cannot hold one is left out of
 * the larger ones.
 */
async function measureHeldSessions(
  recorder: Recorder,
  open: Readonly<Record<string, () => Promise<Echo>>>,
  gatewayPid: number,
  steps: readonly number[],
  holdMs: number,
): Promise<void> {
  const paths = Object.entries(open).map(([path, start]) => new HeldPath(path, start));
  try {
    for (const step of steps) {
      for (const path of paths) {
        if (!path.isOver) await path.hold(recorder, gatewayPid, step, holdMs);
      }
    }
  } finally {
    for (const path of paths) path.abort();
  }
  for (const { path, held } of paths) recorder.measure('gateway/sessions-held', path, 'sessions', 'higher', [held]);
  if (steps.at(-1)! < SDK_SESSIONS) return;
  const text = 'real-time audio sessions through the gateway, lag p99 under 100 ms';
  const [withGateway, without] = [GATEWAY, SDK].map(name => paths.find(({ path }) => path === name)!.held);
  if (without! < SDK_SESSIONS) {
    const why = `without the gateway the machine held ${without} of ${SDK_SESSIONS} in this run, so the goal says nothing`;
    recorder.skip(text, why);
    return;
  }
  recorder.goal(text, 'sessions', 'higher', withGateway!, SDK_SESSIONS * SHARE_HELD);
}

/** Times that a number of sessions is tried: another program may be in the way of one. */
const TRIES = 3;

class HeldPath {
  /** Most sessions that were held. */
  held = 0;
  isOver = false;
  private readonly sessions: PacedSession[] = [];

  constructor(
    readonly path: string,
    private readonly open: () => Promise<Echo>,
  ) {}

  async hold(recorder: Recorder, gatewayPid: number, count: number, holdMs: number): Promise<void> {
    const more = await openInTurns(this.open, count - this.sessions.length);
    this.sessions.push(...more.map(echo => new PacedSession(echo)));
    await this.pace(1_000);
    const lags: number[] = [];
    while (lags.length < TRIES && !(lags.at(-1)! <= LAG_LIMIT_MS)) {
      const latencies = new Latencies();
      const ofGateway = treeCpuSeconds(gatewayPid);
      // This process is the parent of all others.
      const ofAll = treeCpuSeconds(process.pid);
      await this.pace(holdMs, latencies);
      lags.push(latencies.percentileMs(99));
      if (lags.length > 1 || ofGateway === undefined || ofAll === undefined) continue;
      // By message and not by time, so that a busy machine changes it little.
      const messages = (count * holdMs) / CHUNK_MS;
      const each = (seconds: number) => (seconds / messages) * 1_000_000;
      const all = each(treeCpuSeconds(process.pid)! - ofAll);
      recorder.measure(`gateway/cpu-of-all/${count}`, this.path, 'µs/message', 'lower', [all]);
      if (this.path !== GATEWAY) continue;
      const own = each(treeCpuSeconds(gatewayPid)! - ofGateway);
      recorder.measure(`gateway/cpu/${count}`, this.path, 'µs/message', 'lower', [own]);
    }
    const best = recorder.measure(`gateway/lag-p99/${count}`, this.path, 'ms', 'lower', [Math.min(...lags)]);
    if (best <= LAG_LIMIT_MS) this.held = count;
    else this.isOver = true;
  }

  abort(): void {
    for (const session of this.sessions) session.abort();
  }

  private async pace(durationMs: number, latencies?: Latencies): Promise<void> {
    const { sessions } = this;
    await Promise.all(
      sessions.map((session, index) => session.run((index / sessions.length) * CHUNK_MS, durationMs, latencies)),
    );
  }
}
