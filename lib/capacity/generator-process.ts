import { BidiSession, SageMakerRuntimeHTTP2Client, type SessionError } from '../client';
import { type ErrorCode, ExplainedError, type ExplanationTemplate } from '../contract';
import { LoadGenerator } from './load-generator';
import { type LoadPlan, loadProtocol } from './load-plan';
import type { LoadSession } from './load-protocol';
import { type EncodedStatistics, encodeStatistics } from './load-statistics';

/** The task of a generator process. Credentials and certificates come with its environment. */
export interface GeneratorTask {
  readonly plan: LoadPlan;
  readonly endpointName: string;
  readonly region?: string;
  /** URL of the runtime where it is not the region's own. */
  readonly endpoint?: string;
  readonly targetVariant?: string;
  readonly modelInvocationPath?: string;
  readonly modelQueryString?: string;
  readonly openTimeoutMs: number;
  readonly opensPerSecond: number;
  readonly maxLagMs: number;
  /** Whether one session is opened before the load, to find failures that every session would meet. */
  readonly trial?: boolean;
}

/** Messages of the coordinator. */
export type GeneratorRequest =
  | { readonly type: 'start'; readonly task: GeneratorTask }
  | { readonly type: 'sessions'; readonly wanted: number }
  | { readonly type: 'collect' }
  | { readonly type: 'stop' };

/** Answers of a generator process. */
export type GeneratorResponse =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly explanation: ExplanationTemplate }
  | { readonly type: 'active'; readonly sessions: number }
  | { readonly type: 'collected'; readonly statistics: EncodedStatistics }
  | { readonly type: 'stopped' };

/** Longest wait for the trial session to open, and then to close, in milliseconds: the coordinator waits no longer than for both. */
const TRIAL_OPEN_TIMEOUT_MS = 15_000;
const TRIAL_CLOSE_TIMEOUT_MS = 2_000;

/** Errors by which a session can never open: this side's settings, its rights, or a name that does not exist. */
const LASTING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_BIDI_ACCESS_DENIED',
  'ERR_BIDI_CREDENTIALS_MISSING',
  'ERR_BIDI_INVALID_REQUEST',
  'ERR_BIDI_INVALID_TARGET',
  'ERR_BIDI_REGION_MISSING',
]);

/** Statuses by which a container says that path, query or rights are wrong, rather than that it is busy. */
const WRONG_REQUEST = [400, 401, 403, 404];

/** Whether every session will fail as this one did. */
export function isLastingFailure(error: unknown): error is ExplainedError {
  if (!(error instanceof ExplainedError)) return false;
  const { code, retryable, OriginalStatusCode } = error as ExplainedError & Partial<SessionError>;
  if (code === 'ERR_BIDI_MODEL_REFUSED') return WRONG_REQUEST.includes(OriginalStatusCode ?? 0);
  return LASTING.has(code) || (code === 'ERR_BIDI_CONNECT' && retryable === false);
}

/** Opens one session and closes it. A failure that may pass is left to the measurement, which counts it. */
async function tryOnce(open: (openTimeoutMs: number) => Promise<LoadSession>, openTimeoutMs: number): Promise<void> {
  let session: LoadSession;
  try {
    session = await open(Math.min(openTimeoutMs, TRIAL_OPEN_TIMEOUT_MS));
  } catch (error) {
    if (isLastingFailure(error)) throw error;
    return;
  }
  const late = setTimeout(() => session.abort(), TRIAL_CLOSE_TIMEOUT_MS);
  await session.close().catch(() => {});
  clearTimeout(late);
}

/** Time between two reports of the open sessions, in milliseconds. */
const REPORT_INTERVAL_MS = 250;

async function makeGenerator(task: GeneratorTask): Promise<LoadGenerator> {
  const { endpoint, region } = task;
  const client = new SageMakerRuntimeHTTP2Client({
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
  });
  const protocol = await loadProtocol(task.plan);
  const open = (openTimeoutMs: number) =>
    BidiSession.open({
      client,
      endpointName: task.endpointName,
      targetVariant: task.targetVariant,
      modelInvocationPath: task.modelInvocationPath ?? protocol.target?.modelInvocationPath,
      modelQueryString: task.modelQueryString ?? protocol.target?.modelQueryString,
      openTimeoutMs,
      // Refusals have to be counted, not retried.
      retry: false,
    });
  if (task.trial) await tryOnce(open, task.openTimeoutMs);
  return new LoadGenerator({
    protocol,
    opensPerSecond: task.opensPerSecond,
    maxLagMs: task.maxLagMs,
    open: async abortSignal => {
      const session = await open(task.openTimeoutMs);
      if (abortSignal.aborted) {
        session.abort(abortSignal.reason);
        throw abortSignal.reason;
      }
      return session;
    },
  });
}

function serve(): void {
  let generator: LoadGenerator | undefined;
  const send = (response: GeneratorResponse) => process.send?.(response);
  const reports = setInterval(
    () => generator && send({ type: 'active', sessions: generator.active }),
    REPORT_INTERVAL_MS,
  );
  const start = async (task: GeneratorTask) => {
    try {
      generator = await makeGenerator(task);
      send({ type: 'ready' });
    } catch (error) {
      const explanation =
        error instanceof ExplainedError
          ? error.template
          : {
              what: (error as Error).message,
              why: 'The load generator could not start.',
              next: 'Look at the message.',
            };
      send({ type: 'failed', explanation });
      process.disconnect();
    }
  };
  const stop = async () => {
    clearInterval(reports);
    await generator?.stop();
    send({ type: 'stopped' });
    process.disconnect();
  };
  process.on('message', (request: GeneratorRequest) => {
    if (request.type === 'start') void start(request.task);
    else if (request.type === 'sessions') generator?.setSessions(request.wanted);
    else if (request.type === 'collect' && generator) {
      send({ type: 'collected', statistics: encodeStatistics(generator.collect()) });
    } else if (request.type === 'stop') void stop();
  });
  // A generator ends with its coordinator.
  process.on('disconnect', () => process.exit());
  // The terminal sends Ctrl-C to every process; the coordinator decides about it.
  process.on('SIGINT', () => {});
}

if (require.main === module) serve();
