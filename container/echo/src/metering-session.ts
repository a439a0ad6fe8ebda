import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { METERING_RECORD_INTERVAL_MS } from './streaming/platform';
import type { Session } from './streaming/streaming-server';

/**
 * The second WebSocket of a session, on which the container reports what the session consumed: here its messages. One record
 * a second at most, and none when there is nothing to report.
 */
export class MeteringSession implements Session {
  readonly statistics = { records: 0, units: 0 };

  /**
   * @param dimension name of what is metered, as the model's listing has it
   * @param consumed the usage of the session since it began
   */
  constructor(webSocket: WebSocket, dimension: string, consumed: () => number) {
    const report = (): void => {
      const units = consumed() - this.statistics.units;
      if (units === 0) return;
      this.statistics.units += units;
      this.statistics.records += 1;
      const record = { Dimension: dimension, ConsumedUnits: units, ClientToken: randomUUID() };
      webSocket.send(JSON.stringify({ Metering: record }));
    };
    const timer = setInterval(report, METERING_RECORD_INTERVAL_MS);
    webSocket.on('close', () => clearInterval(timer));
  }
}
