import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { ChildProgram } from '../child-program';
import { Latencies } from '../latency';
import { median, type Recorder, ratios } from '../measurement';
import { CHUNK_MS, PacedSession, SdkEcho } from '../paced-session';
import { processUsage } from '../process-usage';
import type { LocalSageMakerReady } from '../servers/local-sagemaker';

/** Sessions at once, and the pace of each: with the echoes 5,000 messages a second pass. */
const SESSIONS = 1_000;
const INTERVAL_MS = 400;
/** Sessions opened at a time. */
const OPENED_TOGETHER = 20;

/** Most that the streams may be slower, as a ratio, and the frames that a page draws a second at the least. */
const SLOWDOWN_LIMIT = 1.05;
const FRAMES_LIMIT = 30;

const WITHOUT = '--no-inspector';
const CLOSED = 'page closed';
const OPEN = 'page open';

/** 1,000 sessions through a local SageMaker without the inspector, and through one with it: no page open, and one open. */
export async function measureInspector(recorder: Recorder, quick: boolean): Promise<void> {
  const sessions = quick ? 50 : SESSIONS;
  await using plain = await Load.start(sessions, false);
  await using inspected = await Load.start(sessions, true);
  const url = inspected.inspectorUrl;
  const results = new Map([WITHOUT, CLOSED, OPEN].map(subject => [subject, { p50: [], p99: [], cpu: [] } as Figures]));
  const rounds = quick ? 1 : 5;
  const holdMs = quick ? 1_000 : 4_000;
  for (let round = -1; round < rounds; round += 1) {
    for (const subject of results.keys()) {
      const load = subject === WITHOUT ? plain : inspected;
      const closePage = subject === OPEN ? openReader(url) : undefined;
      await load.run(1_000);
      const figures = await load.run(holdMs);
      closePage?.();
      // The first round warms up.
      if (round < 0) continue;
      for (const [name, value] of Object.entries(figures)) results.get(subject)![name as keyof Figures].push(value);
    }
  }
  for (const [subject, { p50, p99, cpu }] of results) {
    recorder.measure('inspector/lag-p50', subject, 'ms', 'lower', p50);
    recorder.measure('inspector/lag-p99', subject, 'ms', 'lower', p99);
    recorder.measure('inspector/cpu', subject, 'µs/message', 'lower', cpu);
  }
  for (const subject of [CLOSED, OPEN]) {
    // Of the processor time, which says how many streams fit: the lag of a busy machine says more of its other programs.
    const ratio = median(ratios(results.get(subject)!.cpu, results.get(WITHOUT)!.cpu));
    recorder.goal(
      `streams with the inspector, ${subject}, beside ${WITHOUT}: processor time`,
      '×',
      'lower',
      ratio,
      SLOWDOWN_LIMIT,
    );
  }
  await measureFrames(recorder, inspected, url, holdMs);
}

interface Figures {
  readonly p50: number[];
  readonly p99: number[];
  readonly cpu: number[];
}

/** A local SageMaker of its own process with sessions open, which run when they are told to. */
class Load implements AsyncDisposable {
  static async start(count: number, inspector: boolean): Promise<Load> {
    const local = await ChildProgram.start<LocalSageMakerReady>('servers/local-sagemaker.ts', {
      BENCH_INSPECTOR: String(inspector),
    });
    const { url, region, credentials, certificateAuthority } = local.ready;
    const client = new SageMakerRuntimeHTTP2Client({
      endpoint: url,
      region,
      credentials,
      requestHandler: { nodeHttp2ConnectOptions: { ca: certificateAuthority } },
    });
    const sessions: PacedSession[] = [];
    while (sessions.length < count) {
      const more = Math.min(OPENED_TOGETHER, count - sessions.length);
      const opened = Array.from(
        { length: more },
        async () => new PacedSession(await SdkEcho.open(client), INTERVAL_MS),
      );
      sessions.push(...(await Promise.all(opened)));
    }
    return new Load(local, client, sessions);
  }

  private constructor(
    private readonly local: ChildProgram<LocalSageMakerReady>,
    private readonly client: SageMakerRuntimeHTTP2Client,
    private readonly sessions: readonly PacedSession[],
  ) {}

  get inspectorUrl(): string {
    return this.local.ready.inspectorUrl!;
  }

  /** Runs every session, and tells the lag, and the processor time of the local SageMaker for a message there and back. */
  async run(durationMs: number): Promise<{ p50: number; p99: number; cpu: number }> {
    const latencies = new Latencies();
    const before = processUsage(this.local.pid);
    await Promise.all(
      this.sessions.map((session, index) =>
        session.run((index / this.sessions.length) * INTERVAL_MS, durationMs, latencies),
      ),
    );
    const after = processUsage(this.local.pid);
    const cpuSeconds = before && after ? after.cpuSeconds - before.cpuSeconds : Number.NaN;
    return {
      p50: latencies.percentileMs(50),
      p99: latencies.percentileMs(99),
      cpu: (cpuSeconds / latencies.count) * 1_000_000,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.abort();
    this.client.destroy();
    await this.local[Symbol.asyncDispose]();
  }
}

/** Reads what a page reads, without the cost of drawing it, which is the browser's. @returns what closes it */
function openReader(inspectorUrl: string): () => void {
  const { host, origin, pathname } = new URL(inspectorUrl);
  const socket = new WebSocket(`ws://${host}${pathname}socket`, { headers: { origin } });
  socket.on('message', () => {});
  return () => socket.terminate();
}

/** Frames a second of the list of sessions, and of one session's time line, while the streams run. */
async function measureFrames(recorder: Recorder, load: Load, url: string, holdMs: number): Promise<void> {
  let browser: Browser;
  try {
    browser = await chromium.launch({ executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium' });
  } catch {
    recorder.skip('frames of the inspector', 'there is no Chromium');
    return;
  }
  try {
    const page = await browser.newPage({ viewport: { width: 1_200, height: 900 } });
    await page.goto(`${url}#/sessions`);
    await page.getByRole('option').first().waitFor();
    const list = await framesPerSecond(page, load, holdMs);
    await page.getByRole('option').first().click();
    await page.getByText('Time line').waitFor();
    const timeLine = await framesPerSecond(page, load, holdMs);
    recorder.measure('inspector/frames', 'list of sessions', 'frames/s', 'higher', [list]);
    recorder.measure('inspector/frames', 'time line', 'frames/s', 'higher', [timeLine]);
    recorder.goal(
      'frames a second of the page while the streams run',
      'frames/s',
      'higher',
      Math.min(list, timeLine),
      FRAMES_LIMIT,
    );
  } finally {
    await browser.close();
  }
}

async function framesPerSecond(page: Page, load: Load, holdMs: number): Promise<number> {
  const running = load.run(2 * holdMs);
  await delay(CHUNK_MS * 10);
  const frames = await page.evaluate(`new Promise(resolve => {
    const startedAt = performance.now();
    let frames = 0;
    const count = now => {
      frames += 1;
      if (now - startedAt < ${holdMs}) requestAnimationFrame(count);
      else resolve(frames / ((now - startedAt) / 1_000));
    };
    requestAnimationFrame(count);
  })`);
  await running;
  return frames as number;
}
