import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ACCEPT_TIMEOUT_MS, BIDIRECTIONAL_STREAM_PATH, Source } from '../../../contract';
import { fail, type Observation, pass, warn } from '../../../report/finding';
import { EchoConversation } from '../conversation';
import type { LiveCheck } from '../live-check';
import type { LiveContext } from '../live-context';
import { ProbeError } from '../probe-error';

/** A query as an application might send it, with a percent-encoded character. The platform refuses empty values. */
const EXAMPLE_QUERY = 'language=en&name=caf%C3%A9';

/** A path that only this check uses. */
const OTHER_PATH = 'v1/bidi-check';

/** Opening a stream. */
export const OPEN_CHECKS: readonly LiveCheck[] = [
  {
    name: 'open-default-path',
    rule: `The container accepts a WebSocket on /${BIDIRECTIONAL_STREAM_PATH}, or on another path that callers name.`,
    source: Source.DEVELOPER_GUIDE,
    advice: `Accept WebSocket upgrades on /${BIDIRECTIONAL_STREAM_PATH}; if callers always name another path, check it with --path.`,
    async run(context) {
      const { path } = context.target;
      await context.withSocket(async () => undefined);
      if (path === undefined || path === BIDIRECTIONAL_STREAM_PATH) return pass('accepted');
      try {
        await context.withSocket(async () => undefined, { url: context.url(BIDIRECTIONAL_STREAM_PATH) });
        return pass(`accepted on /${path} and on the default path`);
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error;
        return warn(
          `accepted on /${path}, not on the default path: ${error.message}`,
          `Every caller has to name the path; the client's option is modelInvocationPath: '${path}'.`,
        );
      }
    },
  },
  {
    name: 'unknown-message',
    rule: 'A message that the container does not know ends no other stream.',
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Catch the errors of one message, and answer or close that stream only.',
    needs: ['open-default-path'],
    // It also finds out whether the container echoes: to an echo no message is unknown.
    async run(context) {
      const echo = new EchoConversation();
      const fault = await context.withSocket(socket => echo.run(socket, { timeoutMs: context.limits.replyMs }));
      if (!fault) context.conversation ??= echo;
      return pass(fault ? `it does not echo: ${fault}` : 'it echoes what it is sent');
    },
  },
  {
    name: 'open-other-path',
    rule: 'A path that the caller names is accepted, or refused at once.',
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Answer an upgrade on an unknown path with 404 instead of leaving it open.',
    needs: ['open-default-path'],
    async run(context) {
      try {
        await context.withSocket(async () => undefined, { url: context.url(OTHER_PATH) });
        return pass(`accepted on /${OTHER_PATH}`);
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error;
        const { status } = error;
        return status !== undefined && status >= 400 && status < 500
          ? pass(`/${OTHER_PATH} was refused with ${status}`)
          : fail(`/${OTHER_PATH}: ${error.message}`, this.advice);
      }
    },
  },
  {
    name: 'open-with-query',
    rule: 'The container accepts a query string after the path, as callers may send one.',
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Compare the path without the query string, and ignore parameters that you do not know.',
    needs: ['open-default-path'],
    async run(context) {
      if (context.target.query) return pass('accepted with the query string of all checks');
      try {
        await context.withSocket(async () => undefined, { url: context.url(undefined, EXAMPLE_QUERY) });
        return pass(`accepted with ?${EXAMPLE_QUERY}`);
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error;
        if (context.conversation?.isEcho) return fail(`with ?${EXAMPLE_QUERY}: ${error.message}`, this.advice);
        return warn(
          `with ?${EXAMPLE_QUERY}: ${error.message}`,
          'Fine if it takes known parameters only; name some with --query.',
        );
      }
    },
  },
  {
    name: 'open-negotiation',
    rule: 'The upgrade response names no extension or subprotocol that was not offered.',
    source: 'RFC 6455, section 4.2.2',
    advice: 'Turn compression off, or use a WebSocket library that accepts only what the client offers.',
    needs: ['open-default-path'],
    run: context =>
      context.withSocket(async ({ responseHeaders }) => {
        const unasked = ['sec-websocket-extensions', 'sec-websocket-protocol'].filter(name => responseHeaders[name]);
        return unasked.length === 0
          ? pass('none')
          : { verdict: 'fail', seen: unasked.map(name => `${name}: ${responseHeaders[name]}`).join(', ') };
      }),
  },
  {
    name: 'accept-time',
    rule: `A stream is accepted within ${ACCEPT_TIMEOUT_MS} ms.`,
    source: Source.DEVELOPER_GUIDE,
    advice: 'Accept first. Load, authenticate or warm up after the upgrade.',
    needs: ['open-default-path'],
    async run(context) {
      const { acceptMs } = context.limits;
      let observation = acceptObservation(await acceptTimes(context), acceptMs);
      // A busy machine is slow for a while, a slow container is slow each time.
      if (observation.verdict === 'fail') observation = acceptObservation(await acceptTimes(context), acceptMs);
      return { ...observation, ...(observation.verdict !== 'pass' && { next: this.advice }) };
    },
  },
  {
    name: 'sessions-at-once',
    rule: 'Several sessions are open at once: the number of --sessions, else at least two. The platform sends more than one to an instance.',
    source: Source.ADVICE,
    advice:
      'Serve each session beside the others; where one at a time is meant, say --sessions 1 and scale on a target of 1.',
    needs: ['accept-time'],
    run: sessionsAtOnce,
  },
  {
    name: 'accept-burst',
    rule: `Streams that open at the same moment are each accepted within ${ACCEPT_TIMEOUT_MS} ms.`,
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Raise the connection limit and the listen backlog, and keep the accepting thread free.',
    needs: ['accept-time'],
    sessions: 2,
    run: acceptBurst,
  },
];

/** The times of five streams, one after the other, in milliseconds and in order of size. */
async function acceptTimes(context: LiveContext): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < 5; count++) {
    await context.withSocket(async socket => times.push(socket.openMs));
  }
  return times.sort((a, b) => a - b);
}

/** The first stream may be slow because its code runs for the first time, so the median decides. */
function acceptObservation(times: readonly number[], acceptMs: number): Observation {
  const medianMs = times[2]!;
  const slowestMs = times[4]!;
  const seen = `half of 5 within ${medianMs.toFixed(1)} ms, the slowest in ${slowestMs.toFixed(1)} ms`;
  if (slowestMs <= acceptMs) return pass(seen);
  return { verdict: medianMs > acceptMs ? 'fail' : 'warn', seen: `${seen}; ${acceptMs} ms are allowed` };
}

/** Opens as many sessions as are meant, finds out how many of them work, and keeps the checks that follow to that number. */
async function sessionsAtOnce(this: LiveCheck, context: LiveContext): Promise<Observation> {
  const { sessions } = context.load;
  const opened = await Promise.allSettled(Array.from({ length: sessions }, () => context.open()));
  const sockets = opened.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  const refusals = opened.flatMap(result => (result.status === 'rejected' ? [result.reason as Error] : []));
  const unexpected = refusals.find(error => !(error instanceof ProbeError));
  if (unexpected) throw unexpected;
  const faults = (await Promise.all(sockets.map(socket => context.faultOf(socket)))).filter(
    fault => fault !== undefined,
  );
  // An answer on the wrong session is an answer; the check of concurrent sessions judges it.
  const received = sockets.reduce((sum, socket) => sum + socket.received, 0);
  const silent = received < sockets.length ? faults : [];
  await context.leave(sockets);
  const held = sockets.length - silent.length;
  if (context.declaredSessions !== undefined) context.sessionLimit = sessions;
  if (held === sessions) return pass(`${sessions} at once, each of them answered`);
  context.sessionLimit = Math.max(1, held);
  const seen = `${held} of ${sessions} at once: ${refusals[0]?.message ?? silent[0]}`;
  if (context.declaredSessions !== undefined) return fail(`${seen}; --sessions says ${sessions}`, this.advice);
  return held < 2
    ? warn(`${seen}; no other session works while one is open`, this.advice)
    : pass(`${seen}; a limit of its own, to be the most of a scaling target`);
}

async function acceptBurst(this: LiveCheck, context: LiveContext): Promise<Observation> {
  const { acceptMs } = context.limits;
  const burst = Math.min(context.load.burst, context.sessionLimit);
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const opened = await Promise.allSettled(Array.from({ length: burst }, () => context.open()));
  delays.disable();
  const sockets = opened.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  const refusals = opened.flatMap(result => (result.status === 'rejected' ? [result.reason as Error] : []));
  await context.leave(sockets);
  const unexpected = refusals.find(error => !(error instanceof ProbeError));
  if (unexpected) throw unexpected;
  const silent = refusals.filter(error => (error as ProbeError).status === undefined);
  if (silent.length > 0) {
    return fail(`${silent.length} of ${burst} were neither accepted nor refused: ${silent[0]!.message}`, this.advice);
  }
  if (sockets.length === 0) return fail(`all of ${burst} were refused: ${refusals[0]?.message}`, this.advice);
  const times = sockets.map(socket => socket.openMs).sort((a, b) => a - b);
  const medianMs = times[times.length >> 1]!;
  const slowestMs = times[times.length - 1]!;
  const seen =
    `${burst} at once, half within ${medianMs.toFixed(0)} ms, the slowest in ${slowestMs.toFixed(0)} ms` +
    (refusals.length > 0 ? `; ${refusals.length} were refused, as a limit may do` : '');
  if (slowestMs <= acceptMs) return pass(seen);
  const ownMs = delays.max / 1e6;
  // The probe and the container share this machine, and perhaps others share it too: only a clear case is the container's.
  return medianMs - ownMs > 2 * acceptMs
    ? fail(`${seen}; ${acceptMs} ms are allowed to one`, this.advice)
    : pass(`${seen}, up to ${ownMs.toFixed(0)} ms of it this program's own`);
}
