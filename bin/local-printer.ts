import { styleText } from 'node:util';
import type { InstanceName, LocalEvent, SessionSummary } from '../lib/local';
import { printable } from '../lib/report/printable';
import type { Output } from './terminal';

type Style = Parameters<typeof styleText>[0];

/** Prints what happens in a local SageMaker: one line a session to one output, everything else to the other. */
export class LocalPrinter {
  /**
   * @param sessions takes one line a session, a refusal or an invocation.
   * @param progress takes containers' lines and what becomes of them.
   */
  constructor(
    private readonly sessions: Output,
    private readonly progress: Output,
  ) {}

  print(event: LocalEvent): void {
    switch (event.type) {
      case 'container-starting':
        this.tell(event, 'starting');
        break;
      case 'container-in-service':
        this.tell(event, `in service on port ${event.port} after ${duration(event.startedInMs)}`);
        break;
      case 'container-line':
        this.writeProgress(`${this.prefix(event, 'dim')} ${printable(event.line)}`);
        break;
      case 'build-line':
        this.writeProgress(`${this.styled('dim', `${event.model} build |`)} ${printable(event.line)}`);
        break;
      case 'container-replaced':
        this.tell(
          event,
          event.openSessions > 0 ? `replaced; ${sessionsOf(event.openSessions)} finish on the old one` : 'replaced',
        );
        break;
      case 'container-failed':
        this.failed(event.message, event);
        break;
      case 'container-crashed': {
        const { code, signal } = event.exit;
        const fate =
          event.openSessions > 0
            ? `${sessionsOf(event.openSessions)} ended with ModelStreamError (StreamBroken)`
            : 'no session was open';
        this.tell(
          event,
          `ended ${signal ? `by ${signal}` : `with exit code ${code}`}; ${fate}. Its last lines:`,
          'red',
        );
        for (const line of event.lastLines.slice(-10)) this.writeProgress(`    ${printable(line)}`);
        this.tell(event, 'starting it again');
        break;
      }
      case 'in-service':
      case 'session-opened':
        break;
      case 'session-ended':
        this.session(event.session);
        break;
      case 'warning':
        this.writeProgress(`${this.styled('yellow', 'warning:')} ${printable(event.message)}`);
        break;
      case 'invoked':
        this.line('green', 'invoked', event.name, `${event.statusCode} in ${duration(event.durationMs)}`);
        break;
      case 'refused':
        this.refused(event);
        break;
    }
  }

  private session(session: SessionSummary): void {
    const { received, sent, metering, droppedMeteringRecords } = session;
    const { outcome, message, isOrderly } = endOf(session);
    const parts = [
      `in ${received.events} events, ${bytes(received.bytes)}`,
      `out ${sent.events} events, ${bytes(sent.bytes)}`,
      session.firstResponseMs === undefined ? 'no answer' : `first answer after ${duration(session.firstResponseMs)}`,
      duration(session.durationMs),
      ...Object.entries(metering).map(([dimension, units]) => `${printable(dimension)} ${units}`),
      ...(droppedMeteringRecords > 0 ? [`${droppedMeteringRecords} metering records dropped`] : []),
      ...(message ? [printable(message)] : []),
    ];
    this.line(isOrderly ? 'green' : 'red', outcome, session, `${printable(session.path)}  ${parts.join(' · ')}`);
  }

  private refused(event: Extract<LocalEvent, { type: 'refused' }>): void {
    const { method, path, containerPath, containerAnswer, message } = event;
    const asked = containerPath === undefined ? '' : ` /${containerPath}`;
    const answer = containerAnswer === undefined ? '' : ` (the container: ${containerAnswer})`;
    this.sessions.write(
      `${clockTime()} ${this.styled('red', `${event.statusCode} ${event.error}`)} ${printable(`${method} ${path}${asked}: ${message}${answer}`)}\n`,
    );
  }

  private failed(message: string, event: InstanceName & { readonly isServing: boolean }): void {
    const fate = event.isServing ? 'the container before it goes on serving' : 'out of service';
    const [first = '', ...rest] = message.split('\n');
    this.tell(event, `${fate}, because the new one did not start: ${printable(first)}`, 'red');
    for (const line of rest) this.writeProgress(`    ${printable(line)}`);
  }

  private line(style: Style, word: string, name: InstanceName, text: string): void {
    this.sessions.write(`${clockTime()} ${this.styled(style, word)} ${label(name)}  ${text}\n`);
  }

  private tell(name: InstanceName, text: string, style: Style = 'cyan'): void {
    this.writeProgress(`${this.prefix(name, style)} ${text}`);
  }

  private writeProgress(line: string): void {
    this.progress.write(`${line}\n`);
  }

  private prefix(name: InstanceName, style: Style): string {
    return this.styled(style, `${label(name)} |`);
  }

  private styled(style: Style, text: string): string {
    return this.progress.isTTY ? styleText(style, text) : text;
  }
}

/** A model that closes with 1000, as Deepgram's do once they have said all, ended in order, though the platform reports an error. */
const NORMAL_CLOSE = /closed the WebSocket with code 1000(?:: (.*))?$/s;

function endOf({ outcome, message }: SessionSummary) {
  const close = outcome === 'ModelStreamError' ? NORMAL_CLOSE.exec(message ?? '') : null;
  if (close) return { outcome: 'ended by the model (1000)', message: close[1], isOrderly: true };
  return { outcome, message, isOrderly: outcome === 'ended' };
}

function label({ endpoint, variant, instance }: InstanceName): string {
  return `${endpoint}/${variant}/${instance}`;
}

function sessionsOf(count: number): string {
  return count === 1 ? '1 session' : `${count} sessions`;
}

function clockTime(): string {
  return new Date().toTimeString().slice(0, 8);
}

function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  return count < 1_048_576 ? `${(count / 1_024).toFixed(1)} KiB` : `${(count / 1_048_576).toFixed(1)} MiB`;
}
