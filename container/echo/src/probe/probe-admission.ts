import { setTimeout as delay } from 'node:timers/promises';
import type { Admission, Upgrade } from '../streaming/streaming-server';
import { ProbeRecords, ProbeSession } from './probe-session';
import type { ProcessReport } from './process-report';

/** Longest time that an upgrade can be told to wait, in milliseconds. */
const ACCEPT_DELAY_LIMIT_MS = 60_000;

/** Answers upgrades on the probe's path. */
export class ProbeAdmission {
  private readonly records = new ProbeRecords();

  /** @param process how the container was started and is being stopped */
  constructor(private readonly process: ProcessReport) {}

  /** Waits or refuses where the query asks for it: `accept_delay_ms`, `status`. */
  async admit(upgrade: Upgrade): Promise<Admission> {
    const waitMs = Number(upgrade.query.get('accept_delay_ms') ?? 0);
    if (waitMs > 0) await delay(Math.min(waitMs, ACCEPT_DELAY_LIMIT_MS));
    const status = Number(upgrade.query.get('status') ?? 101);
    if (status !== 101) {
      return Number.isInteger(status) && status >= 300 && status <= 599
        ? { status, body: `The probe was told to answer ${status}.`, reason: 'The query asks for it.' }
        : { status: 400, body: 'status must be 101 or from 300 to 599.', reason: 'The query has a wrong status.' };
    }
    return { open: webSocket => new ProbeSession(webSocket, upgrade, this.records, this.process) };
  }
}
