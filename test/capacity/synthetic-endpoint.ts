import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadSource } from '../../lib/capacity/generator-pool';
import { LoadGenerator } from '../../lib/capacity/load-generator';
import type { LoadProtocol, LoadSession } from '../../lib/capacity/load-protocol';

/** How a synthetic endpoint behaves. */
export interface SyntheticEndpointOptions {
  /** Sessions up to which it is fast. */
  readonly limit: number;
  /** Answer time up to the limit, in milliseconds. */
  readonly fastMs?: number;
  /** Answer time beyond it, in milliseconds. */
  readonly slowMs?: number;
  /** What happens beyond it instead. */
  readonly beyond?: 'slow' | 'refuse' | 'silence' | 'drop';
}

class Refused extends Error {
  override name = 'Refused';
}

/** An endpoint with a known limit, in this process: it echoes, and beyond its limit it slows, refuses, falls silent or drops. */
export class SyntheticEndpoint {
  open = 0;

  constructor(private readonly options: SyntheticEndpointOptions) {}

  async connect(): Promise<LoadSession> {
    const { limit, fastMs = 2, slowMs = 200, beyond = 'slow' } = this.options;
    if (beyond === 'refuse' && this.open >= limit) throw new Refused('full');
    this.open++;
    const inbox: { data: Uint8Array; at: number }[] = [];
    let wake = () => {};
    let ended = false;
    let fault: unknown;
    const endpoint = this;
    const finish = () => {
      if (!ended) endpoint.open--;
      ended = true;
      wake();
    };
    return {
      async send(message) {
        if (fault) throw fault;
        const over = endpoint.open > limit;
        if (over && beyond === 'silence') return;
        if (over && beyond === 'drop') {
          fault = new Refused('dropped');
          finish();
          throw fault;
        }
        inbox.push({ data: Buffer.from(message as Uint8Array), at: performance.now() + (over ? slowMs : fastMs) });
        wake();
      },
      async close() {
        finish();
      },
      abort() {
        finish();
      },
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const next = inbox.shift();
          if (next) {
            const waitMs = next.at - performance.now();
            if (waitMs > 0) await sleep(waitMs);
            yield next.data;
          } else if (ended) {
            if (fault) throw fault;
            return;
          } else {
            await new Promise<void>(resolve => {
              wake = resolve;
            });
          }
        }
      },
    };
  }
}

/** One generator in this process. */
export function inProcess(
  endpoint: SyntheticEndpoint,
  protocol: LoadProtocol,
  options: { maxLagMs: number; opensPerSecond?: number },
): LoadSource {
  const generator = new LoadGenerator({
    open: () => endpoint.connect(),
    protocol,
    opensPerSecond: options.opensPerSecond ?? 2_000,
    maxLagMs: options.maxLagMs,
  });
  return {
    processes: 1,
    processLimit: 1,
    get active() {
      return generator.active;
    },
    setSessions: wanted => generator.setSessions(wanted),
    collect: async () => generator.collect(),
    grow: async () => {},
    stop: () => generator.stop(),
  };
}
