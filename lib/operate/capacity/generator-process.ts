import { ExplainedError } from '../../contract';
import { LoadGenerator } from './load-generator';
import { type LoadPlan, loadProtocol } from './load-plan';
import { type EncodedStatistics, encodeStatistics } from './load-statistics';

/** What a generator process is told at its start. Credentials and certificates come with its environment. */
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
}

/** What the coordinator says. */
export type GeneratorRequest =
  | { readonly type: 'start'; readonly task: GeneratorTask }
  | { readonly type: 'sessions'; readonly wanted: number }
  | { readonly type: 'collect' }
  | { readonly type: 'stop' };

/** What a generator process answers. */
export type GeneratorResponse =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly what: string; readonly why: string; readonly next: string }
  | { readonly type: 'active'; readonly sessions: number }
  | { readonly type: 'collected'; readonly statistics: EncodedStatistics }
  | { readonly type: 'stopped' };

/** Time between two reports of the open sessions, in milliseconds. */
const REPORT_INTERVAL_MS = 250;

async function makeGenerator(task: GeneratorTask): Promise<LoadGenerator> {
  const { BidiSession, SageMakerRuntimeHTTP2Client } = require('../../client') as typeof import('../../client');
  const { endpoint, region } = task;
  const client = new SageMakerRuntimeHTTP2Client({
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
  });
  const protocol = await loadProtocol(task.plan);
  return new LoadGenerator({
    protocol,
    opensPerSecond: task.opensPerSecond,
    maxLagMs: task.maxLagMs,
    open: async abortSignal => {
      const session = await BidiSession.open({
        client,
        endpointName: task.endpointName,
        targetVariant: task.targetVariant,
        modelInvocationPath: task.modelInvocationPath ?? protocol.target?.modelInvocationPath,
        modelQueryString: task.modelQueryString ?? protocol.target?.modelQueryString,
        openTimeoutMs: task.openTimeoutMs,
        // What the endpoint refuses has to be counted, not smoothed over.
        retry: false,
      });
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
      const { what, why, next } =
        error instanceof ExplainedError
          ? error
          : {
              what: (error as Error).message,
              why: 'The load generator could not start.',
              next: 'Look at the message.',
            };
      send({ type: 'failed', what, why, next });
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
  // Without its coordinator a generator must not go on.
  process.on('disconnect', () => process.exit());
  // The coordinator decides on Ctrl-C; the terminal sends it to every process.
  process.on('SIGINT', () => {});
}

if (require.main === module) serve();
