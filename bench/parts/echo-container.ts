import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { EchoConnection, type EchoFrame, echoFrame } from '../echo-connection';
import { Latencies } from '../latency';
import { type Recorder, ratios } from '../measurement';
import { type ServerCommand, ServerProcess } from '../server-process';

const ROOT = resolve(__dirname, '../..');
const ECHO = 'echo container';
const BARE = 'bare ws';
const PYTHON = 'FastAPI server';

/** 10 ms and 100 ms of speech (16 kHz, 16 bit), and a large message, in bytes. */
const SIZES = [320, 3_200, 65_536];
const CONNECTIONS = [1, 50, 500];

interface Plan {
  /** Time for compilers and socket buffers to settle, per server and load. */
  readonly warmMs: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly starts: number;
  readonly waves: number;
}

const FULL: Plan = { warmMs: 1_000, rounds: 5, roundMs: 500, starts: 5, waves: 5 };
const QUICK: Plan = { warmMs: 50, rounds: 1, roundMs: 100, starts: 1, waves: 1 };

/** The echo container beside a bare `ws` server and the announcement's Python server, all loaded by the same client. */
export async function measureEchoContainer(recorder: Recorder, quick: boolean): Promise<void> {
  const plan = quick ? QUICK : FULL;
  const directory = mkdtempSync(join(tmpdir(), 'bidi-bench-'));
  try {
    // The container as its image has it, and `ws` as it is when nothing else is installed.
    const echo = bundle(directory, 'container/echo/src/server.ts', ['bufferutil', 'node-gyp-build']);
    const bare = bundle(directory, 'bench/servers/bare-ws.ts', []);
    const commands: ServerCommand[] = [
      { subject: ECHO, command: [process.execPath, echo, 'serve'] },
      { subject: BARE, command: [process.execPath, bare] },
    ];
    const python = quick ? 'quick mode' : installPython(directory);
    if (typeof python === 'string') recorder.skip(PYTHON, python);
    else commands.push(python);
    await measureStart(recorder, plan, commands);
    await measureThroughput(recorder, plan, commands);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Bundles a server into a directory of its own, with native packages beside it. */
function bundle(directory: string, source: string, native: readonly string[]): string {
  const own = mkdtempSync(join(directory, 'server-'));
  const outfile = join(own, 'server.js');
  const external = ['bufferutil', 'utf-8-validate'];
  buildSync({ entryPoints: [join(ROOT, source)], bundle: true, platform: 'node', target: 'node20', external, outfile });
  mkdirSync(join(own, 'node_modules'));
  for (const name of native) symlinkSync(join(ROOT, 'node_modules', name), join(own, 'node_modules', name));
  return outfile;
}

/** Installs the announcement's versions into a throw-away folder, or says why not. */
function installPython(directory: string): ServerCommand | string {
  const environment = join(directory, 'python');
  const python = join(environment, 'bin', 'python');
  const run = (file: string, ...words: string[]) => execFileSync(file, words, { stdio: 'pipe', timeout: 120_000 });
  try {
    run('python3', '-m', 'venv', environment);
  } catch {
    return 'no Python with venv';
  }
  try {
    run(python, '-m', 'pip', 'install', '-q', 'fastapi==0.104.*', 'uvicorn==0.24.*', 'websockets==12.*');
  } catch {
    return 'its packages could not be installed';
  }
  return { subject: PYTHON, command: [python, join(ROOT, 'bench/servers/announcement.py')] };
}

/** From nothing to the first `/ping`; 200 sockets at once; what an open session holds. */
async function measureStart(recorder: Recorder, plan: Plan, commands: readonly ServerCommand[]): Promise<void> {
  const frame = echoFrame(320);
  for (const command of commands) {
    const startMs: number[] = [];
    const acceptP99Ms: number[] = [];
    const sessionKiB: number[] = [];
    for (let start = 0; start < plan.starts; start += 1) {
      await using server = await ServerProcess.start(command);
      startMs.push(server.startMs);
      if (start < plan.starts - 1) continue;
      for (let wave = 0; wave < plan.waves; wave += 1) acceptP99Ms.push(await acceptWave(server, frame, 200));
      const before = server.usage();
      const connections = await openAll(server, frame, 500);
      await echoOnce(connections);
      const after = server.usage();
      if (before && after) sessionKiB.push((after.residentBytes - before.residentBytes) / 500 / 1024);
      for (const connection of connections) connection.close();
    }
    recorder.measure('echo/start', command.subject, 'ms', 'lower', startMs);
    const accept = recorder.measure('echo/accept-200-p99', command.subject, 'ms', 'lower', acceptP99Ms);
    if (sessionKiB.length > 0) recorder.measure('echo/session-memory', command.subject, 'KiB', 'lower', sessionKiB);
    if (command.subject === ECHO) recorder.goal('200 sockets at once accepted, p99', 'ms', 'lower', accept, 50);
  }
}

async function acceptWave(server: ServerProcess, frame: EchoFrame, count: number): Promise<number> {
  const latencies = new Latencies();
  const connections = await Promise.all(
    Array.from({ length: count }, async () => {
      const startedAt = performance.now();
      const connection = await EchoConnection.open(server.port, frame);
      latencies.recordMs(performance.now() - startedAt);
      return connection;
    }),
  );
  for (const connection of connections) connection.close();
  return latencies.percentileMs(99);
}

/** Each connection sends a message, waits for its echo and sends the next. The servers take turns, round by round. */
async function measureThroughput(recorder: Recorder, plan: Plan, commands: readonly ServerCommand[]): Promise<void> {
  const servers: ServerProcess[] = [];
  try {
    for (const command of commands) servers.push(await ServerProcess.start(command));
    for (const size of SIZES) {
      for (const count of CONNECTIONS) await measureLoad(recorder, plan, servers, count, size);
    }
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
}

async function measureLoad(
  recorder: Recorder,
  plan: Plan,
  servers: readonly ServerProcess[],
  count: number,
  size: number,
): Promise<void> {
  const id = `echo/${count}x${size}`;
  const frame = echoFrame(size);
  const subjects = new Map<ServerProcess, Load>();
  for (const server of servers) subjects.set(server, new Load(server, await openAll(server, frame, count)));
  for (const load of subjects.values()) await load.run(plan.warmMs);
  for (const load of subjects.values()) load.reset();
  for (let round = 0; round < plan.rounds; round += 1) {
    const turn = round % 2 === 0 ? [...subjects.values()] : [...subjects.values()].reverse();
    for (const load of turn) await load.run(plan.roundMs);
  }
  for (const [{ subject }, load] of subjects) {
    recorder.measure(`${id}/messages`, subject, 'messages/s', 'higher', load.perSecond);
    recorder.measure(`${id}/p50`, subject, 'ms', 'lower', [load.latencies.percentileMs(50)]);
    recorder.measure(`${id}/p99`, subject, 'ms', 'lower', [load.latencies.percentileMs(99)]);
    if (load.cpuMicros.length > 0) recorder.measure(`${id}/cpu`, subject, 'µs/message', 'lower', load.cpuMicros);
    load.close();
  }
  const rate = (subject: string) => [...subjects.values()].find(load => load.server.subject === subject)?.perSecond;
  for (const [subject, limit] of [
    [BARE, 0.95],
    [PYTHON, 4],
  ] as const) {
    const other = rate(subject);
    if (other === undefined) continue;
    const ratio = recorder.measure(`${id}/ratio`, `${ECHO} to ${subject}`, '×', 'higher', ratios(rate(ECHO)!, other));
    if (count === 50 && size === 3_200)
      recorder.goal(`echoes a second at 50 × 3.2 kB, to ${subject}`, '×', 'higher', ratio, limit);
  }
}

/** Keeps every connection to one server busy. */
class Load {
  readonly perSecond: number[] = [];
  readonly cpuMicros: number[] = [];
  latencies = new Latencies();

  constructor(
    readonly server: ServerProcess,
    private readonly connections: readonly EchoConnection[],
  ) {}

  async run(durationMs: number): Promise<void> {
    const startedAt = performance.now();
    const cpuBefore = this.server.usage()?.cpuSeconds;
    const until = startedAt + durationMs;
    let messages = 0;
    await Promise.all(
      this.connections.map(
        connection =>
          new Promise<void>(resolve => {
            let sentAt = performance.now();
            connection.echoed = () => {
              this.latencies.recordMs(performance.now() - sentAt);
              messages += 1;
              sentAt = performance.now();
              if (sentAt < until) connection.send();
              else resolve();
            };
            connection.send();
          }),
      ),
    );
    this.perSecond.push((messages / (performance.now() - startedAt)) * 1000);
    const cpuAfter = this.server.usage()?.cpuSeconds;
    if (cpuBefore !== undefined && cpuAfter !== undefined) {
      this.cpuMicros.push(((cpuAfter - cpuBefore) / messages) * 1_000_000);
    }
  }

  reset(): void {
    this.perSecond.length = 0;
    this.cpuMicros.length = 0;
    this.latencies = new Latencies();
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }
}

function openAll(server: ServerProcess, frame: EchoFrame, count: number): Promise<EchoConnection[]> {
  return Promise.all(Array.from({ length: count }, () => EchoConnection.open(server.port, frame)));
}

function echoOnce(connections: readonly EchoConnection[]): Promise<unknown> {
  return Promise.all(
    connections.map(
      connection =>
        new Promise<void>(resolve => {
          connection.echoed = resolve;
          connection.send();
        }),
    ),
  );
}
