import { GATEWAY_DIMENSION, GATEWAY_NAMESPACE, GatewayMetric } from '../contract';
import type { GatewayEvent } from './gateway-event';

/** Time between two lines, in milliseconds: the resolution of CloudWatch's standard metrics. */
const PERIOD_MS = 60_000;

/**
 * A gateway's figures as lines of CloudWatch's embedded metric format: CloudWatch Logs makes metrics of such lines wherever they come
 * from, so that they need no agent and no permission beyond the one to write the log.
 *
 * Source: CloudWatch user guide, "Specification: Embedded metric format".
 */
export class EmbeddedMetrics implements Disposable {
  private open = 0;
  private peak = 0;
  private opened = 0;
  private failed = 0;
  private broken = 0;
  private readonly timer: NodeJS.Timeout;

  /**
   * @param name value of the dimension `Gateway`
   * @param write takes each line, without its line break
   * @param periodMs time between two lines, in milliseconds
   */
  constructor(
    private readonly name: string,
    private readonly write: (line: string) => void,
    periodMs = PERIOD_MS,
  ) {
    this.timer = setInterval(() => this.flush(), periodMs).unref();
  }

  /** Counts what happens; see `BidiGatewayOptions.observe`. */
  observe(event: GatewayEvent): void {
    if (event.type === 'session-opened') {
      this.open += 1;
      this.opened += 1;
      this.peak = Math.max(this.peak, this.open);
    } else if (event.type === 'session-ended') {
      this.open -= 1;
      if (event.error !== undefined) this.broken += 1;
    } else if (event.type === 'refused' && event.statusCode >= 500) {
      this.failed += 1;
    }
  }

  /** Writes the last line: what was counted since the one before. */
  [Symbol.dispose](): void {
    clearInterval(this.timer);
    this.flush();
  }

  private flush(): void {
    const figures = {
      [GatewayMetric.OPEN_SESSIONS]: this.peak,
      [GatewayMetric.OPENED_SESSIONS]: this.opened,
      [GatewayMetric.FAILED_OPENS]: this.failed,
      [GatewayMetric.BROKEN_SESSIONS]: this.broken,
    };
    const metrics = Object.keys(figures).map(name => ({ Name: name, Unit: 'Count' }));
    const directive = { Namespace: GATEWAY_NAMESPACE, Dimensions: [[GATEWAY_DIMENSION]], Metrics: metrics };
    const metadata = { Timestamp: Date.now(), CloudWatchMetrics: [directive] };
    this.write(JSON.stringify({ _aws: metadata, [GATEWAY_DIMENSION]: this.name, ...figures }));
    this.peak = this.open;
    this.opened = 0;
    this.failed = 0;
    this.broken = 0;
  }
}
