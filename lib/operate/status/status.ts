import type { EndpointStatus } from '@aws-sdk/client-sagemaker';
import { type ControlPlane, findStackFailure, type NoAnswer, type StackFailure, sayNoAnswer } from '../aws';
import { diagnose, type FailureDiagnosis } from './diagnosis';
import { type EndpointLog, readEndpointLog } from './endpoint-log';
import { type EndpointState, readEndpointState } from './endpoint-state';
import { resolveTarget } from './target';
import { expectAnswer } from './unavailable';

/** One endpoint's status. */
export interface EndpointReport {
  readonly endpointName: string;
  /** Absent when there is no such endpoint. */
  readonly state?: EndpointState;
  /** Present when it failed, its last deployment failed, or an explanation was asked for. */
  readonly diagnosis?: FailureDiagnosis;
  readonly log?: EndpointLog;
}

/** The status of the stack or endpoint of a name. */
export interface StatusReport {
  readonly subject: string;
  readonly stackName?: string;
  readonly endpoints: readonly EndpointReport[];
  /** The first failure in the stack's last deployment, where there was one. */
  readonly stackFailure?: StackFailure;
  /** The explanation of the stack's failure, when no endpoint is left to explain. */
  readonly diagnosis?: FailureDiagnosis;
}

/** Options of {@link readStatus}. */
export interface StatusOptions {
  /**
   * Read log and causes even when the endpoint has not failed.
   *
   * @default false
   */
  readonly explain?: boolean;
}

/** States in which an endpoint takes streams. */
const SERVING: readonly EndpointStatus[] = ['InService', 'Updating', 'SystemUpdating', 'RollingBack'];

/** Whether every endpoint of the report takes streams, and there is one. */
export function isServing(report: StatusReport): boolean {
  return (
    report.endpoints.length > 0 &&
    report.endpoints.every(endpoint => endpoint.state && SERVING.includes(endpoint.state.status))
  );
}

/**
 * Describes the endpoints of a stack, or one endpoint by name, and explains what failed.
 *
 * @throws StatusUnavailableError when AWS cannot be asked
 */
export async function readStatus(
  plane: ControlPlane,
  subject: string,
  options: StatusOptions = {},
): Promise<StatusReport> {
  const region = await plane.region();
  const target = expectAnswer(await resolveTarget(plane, subject));
  const failure = target.stackName === undefined ? undefined : await findStackFailure(plane, target.stackName);
  const stackFailure = failure?.kind === 'answered' ? failure.value : undefined;
  const endpoints = await Promise.all(
    target.endpointNames.map(endpointName =>
      readEndpoint(plane, endpointName, target.stackName, region, stackFailure, options),
    ),
  );
  // CloudFormation deletes a new endpoint that failed; the reason is then only in the stack's events.
  const gone = stackFailure !== undefined && endpoints.every(endpoint => !endpoint.state);
  const endpointName = gone ? nameOfEndpoint(stackFailure) : undefined;
  return {
    subject,
    stackName: target.stackName,
    endpoints,
    stackFailure,
    diagnosis: gone
      ? await diagnose(
          plane,
          { endpointName, stack: target.stackName, region },
          { reason: stackFailure.reason, rolledBack: true },
        )
      : undefined,
  };
}

async function readEndpoint(
  plane: ControlPlane,
  endpointName: string,
  stack: string | undefined,
  region: string | undefined,
  stackFailure: StackFailure | undefined,
  options: StatusOptions,
): Promise<EndpointReport> {
  const answer = await readEndpointState(plane, endpointName);
  if (answer.kind === 'absent') return { endpointName };
  const state = expectAnswer(answer);
  const failed = state.status === 'Failed' || state.status === 'UpdateRollbackFailed';
  const reason = state.failureReason ?? (failed || options.explain ? stackFailure?.reason : undefined);
  if (!failed && reason === undefined && !options.explain) return { endpointName, state };
  const names = { endpointName, stack, region, instanceType: state.variants[0]?.instanceTypes[0]?.type };
  const since = state.createdAt === undefined ? undefined : new Date(state.createdAt);
  if (!failed && reason === undefined) {
    const log = await readEndpointLog(plane, endpointName, since);
    return log.kind === 'answered'
      ? { endpointName, state, log: log.value }
      : { endpointName, state: noted(state, log) };
  }
  const elapsedSeconds =
    state.createdAt && state.changedAt
      ? (Date.parse(state.changedAt) - Date.parse(state.createdAt)) / 1_000
      : undefined;
  const diagnosis = await diagnose(plane, names, {
    reason,
    elapsedSeconds,
    downloadTimeoutSeconds: state.variants[0]?.downloadTimeoutSeconds,
    since,
  });
  return { endpointName, state, diagnosis };
}

function noted(state: EndpointState, answer: NoAnswer): EndpointState {
  return { ...state, unknown: [...state.unknown, sayNoAnswer(answer)] };
}

/** The endpoint that a failed event is about, where it is about one. */
function nameOfEndpoint(failure: StackFailure): string | undefined {
  return failure.resourceType === 'AWS::SageMaker::Endpoint' ? failure.physicalId?.split('/').at(-1) : undefined;
}
