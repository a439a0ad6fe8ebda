// Generated from container/streaming/metrics.ts by "npm run containers:generate"; edit it there.
import type { LogFields } from './log';

/** Content type of the Prometheus text format (prometheus.io/docs/instrumenting/exposition_formats). */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The text of `/metrics`. The platform scrapes it on port 8080 when detailed observability is on (SageMaker AI API reference,
 * `MetricsConfig`). Counts only: no payload, no query string, no session identifier.
 */
export class Metrics {
  private opened = 0;
  private readonly closed = new Map<number, number>();
  private readonly refusals = new Map<number, number>();
  /** Sums of the sessions' own numbers, over the sessions that ended. */
  private readonly ended = new Map<string, number>();

  /** A session began. */
  open(): void {
    this.opened += 1;
  }

  /** A session ended with a close code and its own numbers. */
  close(code: number, statistics: LogFields): void {
    this.closed.set(code, (this.closed.get(code) ?? 0) + 1);
    addNumbers(this.ended, statistics);
  }

  /** An upgrade was answered with this HTTP status instead of a session. */
  refuse(status: number): void {
    this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1);
  }

  /**
   * The current values in the Prometheus text format.
   *
   * @param ready whether `/ping` answers 200
   * @param open the open sessions' own numbers
   */
  text(ready: boolean, open: readonly LogFields[]): string {
    const sums = new Map(this.ended);
    for (const statistics of open) addNumbers(sums, statistics);
    return [
      metric('bidi_ready', 'gauge', 'Whether the container accepts sessions.', Number(ready)),
      metric('bidi_sessions_open', 'gauge', 'Open sessions.', open.length),
      metric('bidi_sessions_total', 'counter', 'Sessions since the start.', this.opened),
      family('bidi_sessions_closed_total', 'Ended sessions by WebSocket close code.', 'code', this.closed),
      family('bidi_upgrades_refused_total', 'Refused upgrades by HTTP status.', 'status', this.refusals),
      ...[...sums].map(([name, value]) =>
        metric(`bidi_session_${snakeCase(name)}_total`, 'counter', `Sum of the sessions' ${name}.`, value),
      ),
      metric('process_cpu_seconds_total', 'counter', 'User and system CPU time.', cpuSeconds()),
      metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', process.memoryUsage.rss()),
      metric('process_start_time_seconds', 'gauge', 'Start of the process, in Unix time.', startedAtSeconds()),
    ].join('');
  }
}

function addNumbers(sums: Map<string, number>, statistics: LogFields): void {
  for (const [name, value] of Object.entries(statistics)) {
    if (typeof value === 'number') sums.set(name, (sums.get(name) ?? 0) + value);
  }
}

function metric(name: string, type: 'counter' | 'gauge', help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}

function family(name: string, help: string, label: string, values: ReadonlyMap<number, number>): string {
  const lines = [...values].map(([key, value]) => `${name}{${label}="${key}"} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${lines.join('')}`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`).replace(/\W/g, '_');
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function startedAtSeconds(): number {
  return Math.round(Date.now() / 1000 - process.uptime());
}
