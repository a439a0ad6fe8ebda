import { setTimeout as delay } from 'node:timers/promises';
import { type RunningContainer, Source, STARTUP_HEALTH_CHECK_DEFAULT_SECONDS } from '../../contract';
import { type Finding, fail, finding, pass, type Rule, skip } from '../../report/finding';
import type { LiveContext } from './live-context';
import { ProbeError } from './probe-error';

const POLL_MS = 50;

/** How a container comes up. */
export const Startup = {
  RULES: {
    START: {
      name: 'start',
      rule: `The container starts with "serve" and answers /ping with 200 within ${STARTUP_HEALTH_CHECK_DEFAULT_SECONDS / 60} minutes.`,
      source: Source.HOSTING_GUIDE,
    },
    LOADING: {
      name: 'ping-while-loading',
      rule: 'Until it is ready, the container refuses the connection or answers /ping with 503.',
      source: Source.HOSTING_GUIDE,
    },
  } as const satisfies Record<string, Rule>,

  /** Asks a container that was just started for `/ping` until it is ready, has ended, or its time is up. */
  async follow(
    context: LiveContext,
    container: RunningContainer,
    abortSignal?: AbortSignal,
  ): Promise<{ start: Finding; loading: Finding; isReady: boolean }> {
    const startedAt = performance.now();
    const elapsedMs = () => performance.now() - startedAt;
    const seconds = () => `${(elapsedMs() / 1_000).toFixed(1)} s`;
    let exited = '';
    void container.exited.then(({ code, signal }) => {
      exited = signal ?? `exit code ${code}`;
    });
    const statuses = new Map<string, number>();
    let isReady = false;
    while (!isReady && exited === '' && elapsedMs() < context.limits.startMs && !abortSignal?.aborted) {
      try {
        const { status } = await context.ping();
        isReady = status === 200;
        if (!isReady) statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error;
        const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? 'fault';
        statuses.set(code, (statuses.get(code) ?? 0) + 1);
      }
      if (!isReady) await delay(POLL_MS);
    }

    const answers = [...statuses].map(([status, count]) => `${status} (${count} times)`).join(', ');
    const start = isReady
      ? pass(`ready after ${seconds()}`)
      : exited !== ''
        ? fail(
            `it ended with ${exited} after ${seconds()}${lastWords(container)}`,
            'Read its output; start it by hand with "serve".',
          )
        : fail(
            `not ready after ${seconds()}; /ping gave ${answers || 'nothing'}${lastWords(container)}`,
            'Listen on the port from SAGEMAKER_BIND_TO_PORT, else 8080, and answer /ping with 200 once the model is loaded.',
          );

    const wrong = [...statuses.keys()].filter(status => /^\d+$/.test(status) && status !== '503');
    const loading =
      wrong.length > 0
        ? fail(`/ping answered ${wrong.join(', ')} while loading`, 'Answer 503 until the model is loaded.')
        : statuses.has('503')
          ? pass(`${answers} before it was ready`)
          : isReady
            ? pass('ready as soon as it answered')
            : skip('it never answered');
    return {
      start: finding(Startup.RULES.START, start, elapsedMs()),
      loading: finding(Startup.RULES.LOADING, loading),
      isReady,
    };
  },
};

/** What names a fault in the output of Python, Node.js, Java, Go and Rust. */
const FAULT_WORDS = /error|exception|panic|fatal/i;

/** The line of the container's last ones that says most likely why it ended. */
export function lastWords(container: RunningContainer): string {
  const lines = container.output().filter(text => text.trim() !== '');
  const line = lines.findLast(text => FAULT_WORDS.test(text)) ?? lines.at(-1);
  return line ? `; it said: ${line.trim().slice(0, 200)}` : '';
}
