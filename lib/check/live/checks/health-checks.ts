import { PING_TIMEOUT_MS, Source } from '../../../contract';
import { fail, type Observation, pass, skip, warn } from '../../../report/finding';
import type { LiveCheck } from '../live-check';
import type { LiveContext } from '../live-context';
import { ProbeError } from '../probe-error';

const PINGS = 20;

/** `/ping` once the container is ready. */
export const HEALTH_CHECKS: readonly LiveCheck[] = [
  {
    name: 'ready-at-first-ping',
    rule: 'A container that answers /ping with 200 accepts streams at once.',
    source: Source.HOSTING_GUIDE,
    advice: 'Answer 503 until the model is loaded and the server accepts WebSockets.',
    requires: 'start',
    async run(context) {
      const startedAt = performance.now();
      let refusal: string | undefined;
      while (performance.now() - startedAt < context.limits.replyMs) {
        try {
          (await context.open()).leave();
          if (refusal === undefined) return pass('the first stream after the first 200 was accepted');
          return fail(
            `${refusal}; accepted ${Math.round(performance.now() - startedAt)} ms after the first 200`,
            this.advice,
          );
        } catch (error) {
          if (!(error instanceof ProbeError)) throw error;
          refusal ??= error.message;
          await new Promise(resolve => setTimeout(resolve, 100));
        }
      }
      // A container that never accepts fails another check.
      return skip(`no stream was accepted at all: ${refusal}`);
    },
  },
  {
    name: 'ping-get',
    rule: 'GET /ping answers 200 with an empty body.',
    source: Source.DEVELOPER_GUIDE,
    advice: 'Answer GET /ping with 200 and Content-Length: 0.',
    run: context => pingOnce(context, 'GET'),
  },
  {
    name: 'ping-post',
    rule: 'POST /ping answers like GET /ping. The platform uses GET; other callers use POST.',
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Answer POST /ping like GET /ping.',
    run: context => pingOnce(context, 'POST'),
  },
  {
    name: 'ping-latency',
    rule: `/ping answers within ${PING_TIMEOUT_MS / 1_000} s.`,
    source: Source.DEVELOPER_GUIDE,
    advice: 'Answer /ping from a flag in memory; do not touch the model.',
    needs: ['ping-get'],
    run: context => pingLatency(context, ''),
  },
];

/** `/ping` while streams are busy: runs once a conversation with the container is known. */
export const PING_UNDER_LOAD_CHECK: LiveCheck = {
  name: 'ping-under-load',
  rule: `/ping answers 200 within ${PING_TIMEOUT_MS / 1_000} s while streams are busy.`,
  source: Source.DEVELOPER_GUIDE,
  advice: 'Keep inference off the thread or event loop that answers /ping.',
  needs: ['ping-latency', 'open-default-path'],
  requires: 'conversation',
  run: context => context.whileBusy(() => pingLatency(context, ` with ${context.busySessions} busy sessions`)),
};

async function pingOnce(context: LiveContext, method: 'GET' | 'POST'): Promise<Observation> {
  const { status, bodyBytes } = await context.ping(method);
  if (status !== 200) return { verdict: 'fail', seen: `${method} /ping answered ${status}` };
  return bodyBytes === 0
    ? pass('200, empty body')
    : warn(
        `200 with a body of ${bodyBytes} bytes; the guide asks for an empty one, and health is judged by the status`,
        'Leave the body empty: Content-Length: 0.',
      );
}

async function pingLatency(context: LiveContext, how: string): Promise<Observation> {
  const { pingMs } = context.limits;
  let slowestMs = 0;
  for (let count = 0; count < PINGS; count++) {
    const { status, elapsedMs } = await context.ping();
    if (status !== 200) return { verdict: 'fail', seen: `ping ${count + 1} of ${PINGS}${how} answered ${status}` };
    slowestMs = Math.max(slowestMs, elapsedMs);
    // One late answer fails the check, and each may take seconds.
    if (slowestMs > pingMs) break;
  }
  const seen = `the slowest of ${PINGS}${how} took ${slowestMs.toFixed(1)} ms`;
  if (slowestMs > pingMs) return { verdict: 'fail', seen: `${seen}; ${pingMs} ms are allowed` };
  return slowestMs > pingMs / 2 ? warn(`${seen}, more than half of what is allowed`) : pass(seen);
}
