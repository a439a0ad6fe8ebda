import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalSageMaker } from '../../../lib/local';
import type { LoadOrder, LoadReport } from './load';

/** Most memory that one idle session may take, in bytes. */
const IDLE_SESSION_LIMIT_BYTES = 150 * 1024;

/** What the heap may have grown by after every session has ended, in bytes. */
const HEAP_REMAINDER_LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * What resident memory may grow by in a round of sessions that follows one of as many, in bytes. The allocator keeps what the busiest
 * moment needed; a leak outside the heap would show again in every round.
 */
const RESIDENT_REMAINDER_LIMIT_BYTES = 48 * 1024 * 1024;

/** A few sessions of many messages, after many sessions of a few: what counts, wraps or grows by message shows there. */
const LONG = { sessions: 10, seconds: 13, messagesPerSecond: 100 };

/** Messages that each of them carries at least. */
const LONG_SESSION_MESSAGES = 1_000;

/**
 * `npm run test:soak -- [SESSIONS] [SECONDS] [MESSAGES PER SECOND]`: 1,000 concurrent sessions for a minute, a message a second each,
 * unless told otherwise. A short first round measures what idle sessions take, and a last one
 * has ten sessions of more than a thousand messages. The load runs in a process of its own, the container in another; what is measured is this one.
 */
async function main(): Promise<void> {
  const [sessions = 1_000, seconds = 60, messagesPerSecond = 1] = process.argv.slice(2).map(Number);
  const directory = mkdtempSync(join(tmpdir(), 'bidi-soak-'));
  const model = {
    name: 'echo',
    directory: __dirname,
    command: [process.execPath, 'echo-container.js'],
    environment: {},
  };
  const local = await LocalSageMaker.start({
    endpoints: [{ name: 'echo', variants: [{ name: 'AllTraffic', model }] }],
    port: 0,
    certificateDirectory: directory,
  });
  const faults: string[] = [];
  try {
    await run(local, { sessions: 20, seconds: 1, messagesPerSecond }); // what is made once is made
    const cold = (await settledMemory()).resident;
    let idle = 0;
    await run(local, { sessions, seconds: 1, messagesPerSecond }, async () => {
      idle = ((await settledMemory()).resident - cold) / sessions;
    });
    const before = await settledMemory();
    const handlesBefore = process.getActiveResourcesInfo().length;
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    const report = await run(local, { sessions, seconds, messagesPerSecond });
    const cpu = process.cpuUsage(cpuBefore);
    const took = (performance.now() - began) / 1_000;
    const after = await settledMemory();
    const handlesAfter = process.getActiveResourcesInfo().length;
    await run(local, { sessions, seconds: 1, messagesPerSecond });
    const last = await settledMemory();
    const long = await run(local, LONG);
    const heapGrowth = after.heap - before.heap;
    const residentGrowth = last.resident - after.resident;
    process.stdout.write(
      [
        `${report.opened} concurrent sessions, ${report.received} of ${report.sent} messages back, ${mebibytes(report.bytes)} each way, in ${took.toFixed(1)} s`,
        `round trip p50 ${report.p50.toFixed(2)} ms, p99 ${report.p99.toFixed(2)} ms; processor ${((cpu.user + cpu.system) / 10_000 / took).toFixed(0)} % of one core`,
        `memory per idle session ${(idle / 1_024).toFixed(1)} KiB; after all had ended, heap ${mebibytes(heapGrowth)} more; resident memory ${mebibytes(residentGrowth)} more after one more round`,
        `${long.opened} sessions of ${long.fewest} messages and more, ${long.received} of ${long.sent} back`,
        `resources before ${handlesBefore}, after ${handlesAfter}; open sessions ${local.openSessions}`,
        '',
      ].join('\n'),
    );
    if (report.opened !== sessions) faults.push(`Only ${report.opened} of ${sessions} sessions opened.`);
    if (report.wrong > 0 || report.sent !== report.received) faults.push(`${report.wrong} messages came back wrong.`);
    if (report.failures.length > 0) faults.push(...report.failures);
    if (long.wrong > 0 || long.sent !== long.received || long.fewest < LONG_SESSION_MESSAGES) {
      faults.push(
        `Of ${LONG.sessions} long sessions ${long.wrong} messages were wrong, and one carried ${long.fewest}.`,
      );
    }
    if (idle > IDLE_SESSION_LIMIT_BYTES) faults.push(`An idle session takes ${(idle / 1_024).toFixed(0)} KiB.`);
    if (heapGrowth > HEAP_REMAINDER_LIMIT_BYTES) faults.push(`The heap kept ${mebibytes(heapGrowth)}.`);
    if (residentGrowth > RESIDENT_REMAINDER_LIMIT_BYTES) faults.push(`${mebibytes(residentGrowth)} were not let go.`);
    if (local.openSessions > 0) faults.push(`${local.openSessions} sessions are still open.`);
    if (handlesAfter > handlesBefore + 2) faults.push(`${handlesAfter - handlesBefore} resources were not let go.`);
  } finally {
    await local.close();
    rmSync(directory, { recursive: true, force: true });
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

async function run(
  local: LocalSageMaker,
  shape: Pick<LoadOrder, 'sessions' | 'seconds' | 'messagesPerSecond'>,
  whileIdle?: () => Promise<void>,
): Promise<LoadReport> {
  const child = fork(join(__dirname, 'load.ts'), { execArgv: ['--require', 'esbuild-register'] });
  const answers = messages(child);
  const order: LoadOrder = {
    url: local.url,
    certificateAuthority: local.certificateAuthority,
    region: local.region,
    credentials: local.credentials,
    connections: shape.sessions, // one each, the dearest way: SDK clients of one process share one
    payloadBytes: 3_200, // 100 ms of 16 kHz PCM
    ...shape,
  };
  child.send(order);
  await answers.next();
  await whileIdle?.();
  child.send('go');
  const { value } = await answers.next();
  if (child.exitCode === null) await once(child, 'exit');
  return (value as { report: LoadReport }).report;
}

async function* messages(child: import('node:child_process').ChildProcess): AsyncGenerator<unknown> {
  const waiting: unknown[] = [];
  let wake = (): void => {};
  child.on('message', message => {
    waiting.push(message);
    wake();
  });
  child.on('exit', code => {
    if (code !== 0) throw new Error(`The load ended with exit code ${code}.`);
  });
  for (;;) {
    while (waiting.length > 0) yield waiting.shift();
    await new Promise<void>(resolve => {
      wake = resolve;
    });
  }
}

/** Memory in bytes, once sockets have closed and the collector has run: what is resident, and what the heap and its buffers hold. */
async function settledMemory(): Promise<{ readonly resident: number; readonly heap: number }> {
  let resident = Number.POSITIVE_INFINITY;
  let heap = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 8; round += 1) {
    await new Promise(resolve => setTimeout(resolve, 400));
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    resident = Math.min(resident, rss);
    heap = Math.min(heap, heapUsed + external);
  }
  return { resident, heap };
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
