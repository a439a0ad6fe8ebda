import { setTimeout as delay } from 'node:timers/promises';
import { Source, STOP_GRACE_MS } from '../../../contract';
import { fail, pass, skip, warn } from '../../../report/finding';
import type { LiveCheck } from '../live-check';
import { ProbeError } from '../probe-error';

/** Exit code by which shells and virtual machines say that SIGTERM, signal 15, ended a program. */
const SIGTERM_EXIT_CODE = 128 + 15;

/** Ends the container, so it runs last. */
export const STOP_CHECK: LiveCheck = {
  name: 'sigterm',
  rule: `After SIGTERM the container closes its open streams and ends within ${STOP_GRACE_MS / 1_000} s; SIGKILL follows.`,
  source: Source.HOSTING_GUIDE,
  advice: 'On SIGTERM: take no new streams, let open ones finish for some seconds, close them with 1001, and exit.',
  requires: 'start',
  async run(context) {
    const { container } = context;
    if (!container) return skip('the container was not started here');
    const { stopMs, holdMs } = context.limits;
    const socket = await context.open().catch((error: unknown) => {
      // A container that accepts no stream fails another check; its end can be seen without one.
      if (error instanceof ProbeError) return undefined;
      throw error;
    });
    const startedAt = performance.now();
    container.kill('SIGTERM');
    const abort = new AbortController();
    const holding =
      socket &&
      delay(holdMs, undefined, { signal: abort.signal }).then(
        () => socket.sendClose(),
        () => undefined,
      );
    const exit = await Promise.race([
      container.exited,
      delay(stopMs, undefined, { signal: abort.signal }).catch(() => undefined),
    ]);
    abort.abort();
    await holding;
    const took = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
    if (!exit) {
      container.kill('SIGKILL');
      await container.exited;
      return fail(`it had not ended after ${took} and was killed`, this.advice);
    }
    const end = socket && (await socket.endWithin(1_000));
    const wasClosed = end !== undefined && end.code !== 1006;
    // Some servers, such as uvicorn, raise the signal again after they have handled it: without a stream the two look alike.
    const endedBySignal = exit.signal === 'SIGTERM' || exit.code === SIGTERM_EXIT_CODE;
    if (endedBySignal && !socket) {
      return skip(`ended after ${took} with SIGTERM; no stream was open, so a handler cannot be told from none`);
    }
    if (exit.signal === 'SIGTERM' && !wasClosed) {
      return warn(
        `it has no handler for SIGTERM: as a process it died at once, as process 1 of a container it would be killed after ${stopMs / 1_000} s`,
        this.advice,
      );
    }
    const stream = end
      ? wasClosed
        ? `its open stream was closed with ${end.code}`
        : 'its open stream was cut without a close frame'
      : 'no stream was open';
    const seen = `ended after ${took} with ${exit.signal ?? `exit code ${exit.code}`}; ${stream}`;
    // Some end by the same signal once all is closed (uvicorn), or with the exit code 128 + 15 (the JVM).
    const isOrderly = exit.code === 0 || (endedBySignal && wasClosed);
    return isOrderly && end?.code !== 1006 ? pass(seen) : warn(seen, this.advice);
  },
};
