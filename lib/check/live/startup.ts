import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CONTAINER_PORT, type RunningContainer, Source, STARTUP_HEALTH_CHECK_DEFAULT_SECONDS } from '../../contract';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip } from '../../report/finding';
import type { LiveContext } from './live-context';
import { ProbeError } from './probe-error';

/** Pause between two health checks of a container that starts, in milliseconds. */
const POLL_MS = 50;

/** Pause between two reports of the progress, in milliseconds. */
const PROGRESS_MS = 1_000;

/**
 * Loopback address on which a process is asked to listen. Linux answers on all of 127.0.0.0/8, so a server that takes no notice and
 * listens on 127.0.0.1 alone is told from one that listens on every address.
 */
export const PROBE_HOST = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1';

/** Options of a container's start. */
export const STARTUP_RULES = {
  START: {
    name: 'start',
    rule: `The container starts with "serve" and answers /ping with 200 within ${STARTUP_HEALTH_CHECK_DEFAULT_SECONDS / 60} minutes.`,
    source: Source.HOSTING_GUIDE,
  },
  LISTEN_ADDRESS: {
    name: 'listen-address',
    rule: 'The container listens on all addresses, not only on 127.0.0.1: the platform connects from outside of the container.',
    source: 'Docker documentation, "Port publishing and mapping"',
  },
  LOADING: {
    name: 'ping-while-loading',
    rule: 'Until it is ready, the container refuses the connection or answers /ping with 503.',
    source: Source.ADVICE,
    isAdvice: true,
  },
} as const satisfies Record<string, Rule>;

/** How a container came up. */
export interface Startup {
  readonly findings: readonly Finding[];
  readonly isReady: boolean;
}

/** Where a container is looked for. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** Whether a program listens on port 8080 of this machine. Asked before a container starts: later it is the container. */
export function isContainerPortTaken(): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ host: '127.0.0.1', port: CONTAINER_PORT });
    const settle = (isTaken: boolean) => {
      socket.destroy();
      resolve(isTaken);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}

/**
 * Asks a container that was just started for `/ping` until it is ready, has ended, or its time is up. A process may listen elsewhere than
 * it was asked to: on 127.0.0.1 alone, or on port 8080, which the contract names. It is then used there.
 */
export async function followStartup(
  context: LiveContext,
  container: RunningContainer,
  options: StartupOptions,
): Promise<Startup> {
  const startedAt = performance.now();
  const { isReady, exited, address, answers } = await pollUntilReady(context, container, options);
  const elapsedMs = performance.now() - startedAt;
  const seconds = `${(elapsedMs / 1_000).toFixed(1)} s`;
  const heard = [...answers].map(([answer, count]) => `${answer} (${count} times)`).join(', ');
  const failure =
    exited === undefined
      ? fail(
          `not ready after ${seconds}; /ping gave ${heard || 'nothing'}${lastLineOf(container)}`,
          `Listen on 0.0.0.0, port ${CONTAINER_PORT}, and answer /ping with 200 once the model is loaded.`,
        )
      : fail(
          `it ended with ${exited} after ${seconds}${lastLineOf(container)}`,
          'Read its output; start it by hand with "serve".',
        );
  return {
    isReady,
    findings: [
      finding(STARTUP_RULES.START, isReady ? pass(`ready after ${seconds}`) : failure, elapsedMs),
      finding(STARTUP_RULES.LISTEN_ADDRESS, addressObservation(container, address)),
      finding(STARTUP_RULES.LOADING, loadingObservation(answers, heard, isReady)),
    ],
  };
}

interface StartupOptions {
  readonly isContainerPortTaken: boolean;
  readonly abortSignal?: AbortSignal | undefined;
  readonly onProgress: (detail: string) => void;
}

/** The observations until the container was ready, ended or ran out of time. */
interface Polled {
  readonly isReady: boolean;
  /** How it ended, where it did. */
  readonly exited: string | undefined;
  /** Where it answered, where it did. */
  readonly address: Address | undefined;
  /** Statuses of `/ping`, or the system's codes, with how often each came. */
  readonly answers: ReadonlyMap<string, number>;
}

async function pollUntilReady(
  context: LiveContext,
  container: RunningContainer,
  { isContainerPortTaken, abortSignal, onProgress }: StartupOptions,
): Promise<Polled> {
  const deadline = performance.now() + context.limits.startMs;
  const addresses = addressesOf(container, isContainerPortTaken);
  const answers = new Map<string, number>();
  let address: Address | undefined;
  let exited: string | undefined;
  void container.exited.then(({ code, signal }) => {
    exited = signal ?? `exit code ${code}`;
  });
  let reportedAt = performance.now();
  while (exited === undefined && performance.now() < deadline && !abortSignal?.aborted) {
    const answer = await firstAnswer(context, address ? [address] : addresses);
    address ??= answer.address;
    if (answer.status === '200') return { isReady: true, exited, address, answers };
    answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
    if (performance.now() - reportedAt > PROGRESS_MS) {
      reportedAt = performance.now();
      onProgress(`/ping gives ${answer.status}`);
    }
    await delay(POLL_MS);
  }
  return { isReady: false, exited, address, answers };
}

/** An answer of `/ping`, or the reason why there is none. */
interface Answer {
  readonly status: string;
  readonly address?: Address;
}

/**
 * The answer of the first address that has one, else what came of the address on which the container was asked to listen. The addresses
 * before an answer are asked once more: a container may begin to listen between two questions.
 */
async function firstAnswer(context: LiveContext, addresses: readonly Address[]): Promise<Answer> {
  const first = await askInTurn(context, addresses);
  const index = first.address ? addresses.indexOf(first.address) : 0;
  if (index === 0) return first;
  const second = await askInTurn(context, addresses.slice(0, index + 1));
  return second.address ? second : first;
}

async function askInTurn(context: LiveContext, addresses: readonly Address[]): Promise<Answer> {
  let refusal: string | undefined;
  for (const address of addresses) {
    context.target = { ...context.target, origin: originOf(address) };
    const status = await pingOnce(context);
    if (/^\d+$/.test(status)) return { status, address };
    refusal ??= status;
  }
  return { status: refusal ?? 'no answer' };
}

/** The status of `/ping`, or the system's code where there was no answer. */
async function pingOnce(context: LiveContext): Promise<string> {
  try {
    return String((await context.ping()).status);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    return (error.cause as NodeJS.ErrnoException | undefined)?.code ?? 'no answer';
  }
}

/** Where it was asked to listen comes first. An image has its own network, and one published port. */
function addressesOf(container: RunningContainer, isPortTaken: boolean): Address[] {
  const { host, port, pid } = container;
  if (pid === undefined) return [{ host, port }];
  const hosts = [...new Set([host, '127.0.0.1', '::1'])];
  const ports = isPortTaken ? [port] : [port, CONTAINER_PORT];
  return ports.flatMap(port => hosts.map(host => ({ host, port })));
}

function originOf({ host, port }: Address): string {
  return `ws://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function addressObservation(container: RunningContainer, address: Address | undefined): Observation {
  if (!address) return skip('it never answered');
  if (container.pid === undefined) return pass('its published port answers');
  const fixed =
    address.port === CONTAINER_PORT && container.port !== CONTAINER_PORT
      ? `; it listens on port ${CONTAINER_PORT}, as the contract has it, whatever port it is given, so one of it runs on this machine at a time`
      : '';
  if (address.host !== container.host) {
    return fail(
      `it listens on ${address.host} alone, where nothing outside of its container reaches it${fixed}`,
      'Listen on 0.0.0.0.',
    );
  }
  return container.host === '127.0.0.1'
    ? skip(`this system has one loopback address${fixed}`)
    : pass(`it answers on ${address.host}${fixed}`);
}

function loadingObservation(answers: ReadonlyMap<string, number>, heard: string, isReady: boolean): Observation {
  const wrong = [...answers.keys()].filter(answer => /^\d+$/.test(answer) && answer !== '503');
  if (wrong.length > 0) {
    return fail(`/ping answered ${wrong.join(', ')} while loading`, 'Answer 503 until the model is loaded.');
  }
  if (answers.has('503')) return pass(`${heard} before it was ready`);
  return isReady ? pass('ready as soon as it answered') : skip('it never answered');
}

/** Words that stand in the line of an error in the output of Python, Node.js, Java, Go and Rust. */
const ERROR_WORDS = /error|exception|panic|fatal/i;

/** The line among the last ones of a container's output that most likely says why it ended, as part of a sentence. */
export function lastLineOf(container: RunningContainer): string {
  const lines = container.output().filter(text => text.trim() !== '');
  const line = lines.findLast(text => ERROR_WORDS.test(text)) ?? lines.at(-1);
  return line ? `; it said: ${line.trim().slice(0, 200)}` : '';
}
