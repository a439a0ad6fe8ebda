import { createHash } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import type { Session, Upgrade } from '../streaming/streaming-server';
import { closeReason } from './close-reason';
import { FrameLog } from './frame-log';
import { type ProbeCommand, readProbeCommand } from './probe-command';
import { ProbeRecord } from './probe-report';
import type { ProcessReport } from './process-report';

/** Ended sessions that can still be reported. */
const REMEMBERED_SESSIONS = 32;

/** Records of probe sessions by identifier, the oldest first. */
export class ProbeRecords {
  private readonly records = new Map<string, ProbeRecord>();

  add(record: ProbeRecord): void {
    this.records.set(record.id, record);
    if (this.records.size > REMEMBERED_SESSIONS) this.records.delete(this.records.keys().next().value!);
  }

  find(id: string): ProbeRecord | undefined {
    return this.records.get(id);
  }
}

/** A session that records what it receives and follows the caller's commands; container/echo/README.md has its wire format. */
export class ProbeSession implements Session {
  readonly statistics = { probes: 1, messages: 0, bytes: 0 };
  private readonly startedAtMs = performance.now();
  private readonly record: ProbeRecord;
  private pingedAtMs = 0;

  constructor(
    private readonly webSocket: WebSocket,
    { id, query, request, stream }: Upgrade,
    private readonly records: ProbeRecords,
    private readonly process: ProcessReport,
  ) {
    const log = new FrameLog(() => this.elapsedMs());
    this.record = new ProbeRecord(query.get('session') ?? id, request, log);
    records.add(this.record);
    // Before the WebSocket library's own listener, so that a message's frames are in the report that it asks for.
    stream.prependListener('data', (bytes: Buffer) => log.receive(bytes));
    const calm = process.onSignal(signal => this.send({ probe: 'signal', signal, at: this.elapsedMs() }));
    webSocket.on('message', (data, isBinary) => this.receive(data, isBinary));
    webSocket.on('pong', () => {
      const roundTripMs = performance.now() - this.pingedAtMs;
      this.record.pongs.push({ at: this.elapsedMs(), roundTripMs: Math.round(roundTripMs * 10) / 10 });
    });
    webSocket.on('close', (code, reason) => {
      calm();
      this.record.closed = { at: this.elapsedMs(), code, reason: reason.toString() };
    });
  }

  private elapsedMs(): number {
    return Math.round((performance.now() - this.startedAtMs) * 10) / 10;
  }

  private receive(data: RawData, isBinary: boolean): void {
    const bytes = data as Buffer;
    this.statistics.messages += 1;
    this.statistics.bytes += bytes.length;
    this.record.message({
      at: this.elapsedMs(),
      type: isBinary ? 'binary' : 'text',
      length: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    const command = isBinary ? undefined : readProbeCommand(bytes.toString());
    if (command === undefined) return;
    if ('fault' in command) this.send({ probe: 'error', message: command.fault });
    else this.obey(command);
  }

  private obey(command: ProbeCommand): void {
    switch (command.probe) {
      case 'report':
        this.report(command.session);
        break;
      case 'send':
        for (const { opcode, fin, payload } of command.frames) {
          this.webSocket.send(payload, { binary: opcode === 'binary', fin });
        }
        break;
      case 'ping':
        this.pingedAtMs = performance.now();
        this.webSocket.ping(command.payload);
        break;
      case 'pongs':
        // `ws` answers pings by itself unless this private setting is off; there is no public way to change it later.
        (this.webSocket as unknown as { _autoPong: boolean })._autoPong = command.answer;
        break;
      case 'close':
        if (command.code === undefined) this.webSocket.close();
        else this.webSocket.close(command.code, closeReason(command.reason));
        break;
      case 'linger':
        this.linger(command.ms, command.text);
        break;
      case 'cut':
        this.webSocket.terminate();
    }
  }

  /** Answers the caller's close frame late, and sends one more message before: what a model does that still has words to say. */
  private linger(ms: number, text: string): void {
    const close = this.webSocket.close.bind(this.webSocket);
    // `ws` answers a close frame by calling its own `close`.
    this.webSocket.close = (...frame) => {
      this.webSocket.close = close;
      setTimeout(() => {
        if (this.webSocket.readyState === this.webSocket.OPEN) this.webSocket.send(text);
        close(...frame);
      }, ms);
    };
  }

  private report(session: string | undefined): void {
    const record = session === undefined ? this.record : this.records.find(session);
    if (record === undefined) {
      this.send({ probe: 'error', message: `There is no session "${session}".` });
    } else {
      this.send({ probe: 'report', session: record, process: this.process });
    }
  }

  private send(message: object): void {
    this.webSocket.send(JSON.stringify(message));
  }
}
