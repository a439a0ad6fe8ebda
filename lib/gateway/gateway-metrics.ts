import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { GatewayEvent } from './gateway-event';

/** Upper ends of the lag's buckets, in seconds. */
const LAG_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Upper ends of the opens' buckets, in seconds. */
const OPEN_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The gateway's figures as Prometheus scrapes them. Names follow its conventions: base units, `_total` for counters. */
export class GatewayMetrics {
  private readonly registry = new Registry();
  private readonly registers = [this.registry];
  private readonly sessions = new Gauge({
    name: 'bidi_gateway_sessions',
    help: 'Sessions that are open.',
    labelNames: ['endpoint'],
    registers: this.registers,
  });
  private readonly opens = new Counter({
    name: 'bidi_gateway_opens_total',
    help: 'WebSockets that were asked for, by HTTP status of the answer; 101 is an open session.',
    labelNames: ['status'],
    registers: this.registers,
  });
  private readonly openSeconds = new Histogram({
    name: 'bidi_gateway_open_seconds',
    help: 'Time that a stream to the endpoint took to open.',
    buckets: OPEN_BUCKETS,
    registers: this.registers,
  });
  private readonly ends = new Counter({
    name: 'bidi_gateway_ends_total',
    help: 'Sessions that have ended, by the side that ended them and the close code.',
    labelNames: ['by', 'code'],
    registers: this.registers,
  });
  private readonly frames = new Counter({
    name: 'bidi_gateway_frames_total',
    help: 'Frames of ended sessions, by direction.',
    labelNames: ['direction'],
    registers: this.registers,
  });
  private readonly bytes = new Counter({
    name: 'bidi_gateway_payload_bytes_total',
    help: 'Payload of ended sessions, by direction.',
    labelNames: ['direction'],
    registers: this.registers,
  });
  private readonly handOvers = new Counter({
    name: 'bidi_gateway_hand_overs_total',
    help: 'Changes to another stream within a session, of ended sessions.',
    registers: this.registers,
  });
  private readonly lag = new Histogram({
    name: 'bidi_gateway_lag_seconds',
    help: 'Time that a frame of a client waited until the stream took it.',
    buckets: LAG_BUCKETS,
    registers: this.registers,
  });

  observeLag(milliseconds: number): void {
    this.lag.observe(milliseconds / 1_000);
  }

  observe(event: GatewayEvent): void {
    if (event.type === 'session-opened') {
      this.sessions.inc({ endpoint: event.endpointName });
      this.opens.inc({ status: 101 });
      this.openSeconds.observe(event.openMs / 1_000);
    } else if (event.type === 'session-ended') {
      this.sessions.dec({ endpoint: event.endpointName });
      this.ends.inc({ by: event.endedBy, code: event.close.code });
      this.handOvers.inc(event.handOvers);
      for (const [direction, count] of [
        ['received', event.received],
        ['sent', event.sent],
      ] as const) {
        this.frames.inc({ direction }, count.frames);
        this.bytes.inc({ direction }, count.bytes);
      }
    } else if (event.type === 'refused') {
      this.opens.inc({ status: event.statusCode });
    }
  }

  /** The figures in Prometheus' text format, and its content type. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }
}
