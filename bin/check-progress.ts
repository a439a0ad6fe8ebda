import { LiveLine, type Output } from './terminal';

/** Waits of this length are reported where stderr is no terminal; each further report comes after twice the time. In seconds. */
const FIRST_REPORT_SECONDS = 10;

/**
 * The progress of a check: on a terminal one line that is rewritten each second, elsewhere a line for each wait that becomes long, so that
 * a container that loads for minutes is not silent.
 */
export class CheckProgressLine {
  private readonly live: LiveLine;
  private readonly timer: NodeJS.Timeout;
  private label = '';
  private detail = '';
  private startedAt = 0;
  private nextReportSeconds = FIRST_REPORT_SECONDS;

  constructor(private readonly output: Output) {
    this.live = new LiveLine(output);
    this.timer = setInterval(() => this.tick(), 1_000).unref();
  }

  /** Shows a new wait, or more about the present one. */
  show(label: string, detail = ''): void {
    if (label !== this.label) {
      this.label = label;
      this.startedAt = performance.now();
      this.nextReportSeconds = FIRST_REPORT_SECONDS;
    }
    this.detail = detail;
    this.live.show(this.text());
  }

  /** Takes the line away for good. */
  end(): void {
    clearInterval(this.timer);
    this.live.clear();
  }

  private tick(): void {
    if (this.label === '') return;
    if (this.output.isTTY) this.live.show(this.text());
    else if (this.seconds() >= this.nextReportSeconds) {
      this.nextReportSeconds *= 2;
      this.output.write(`${this.text()}\n`);
    }
  }

  private seconds(): number {
    return Math.floor((performance.now() - this.startedAt) / 1_000);
  }

  private text(): string {
    const seconds = this.seconds();
    return `${this.label} …${seconds > 0 ? ` ${seconds} s` : ''}${this.detail && `, ${this.detail}`}`;
  }
}
