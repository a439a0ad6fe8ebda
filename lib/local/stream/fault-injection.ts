import { LOCAL_ACCOUNT } from '../../assembly/local-account';
import type { RunningContainer } from '../../contract';
import type { ServiceRequest } from '../service/loopback-server';
import {
  internalServerError,
  internalStreamFailure,
  serviceUnavailableError,
  throttlingError,
} from '../service/service-error';
import type { InjectedFault, InjectedFaultKind, InjectedFaultPhase } from './injected-fault';
import type { StreamSession } from './stream-session';

/** The fault of a kind that is to be injected in a phase, or undefined. */
export function faultOf(
  faults: readonly InjectedFault[],
  kind: InjectedFaultKind,
  phase: InjectedFaultPhase,
): InjectedFault | undefined {
  return faults.find(fault => fault.kind === kind && fault.phase === phase);
}

/** @throws ServiceError that is to be injected before the container is asked. */
export function throwOpeningFault(faults: readonly InjectedFault[], endpointName: string): void {
  if (faultOf(faults, 'throttling', 'opening')) throw throttlingError();
  if (faultOf(faults, 'internal-failure', 'opening')) throw internalServerError('An injected fault.');
  if (faultOf(faults, 'unavailable', 'opening')) {
    throw serviceUnavailableError(`Endpoint ${endpointName} of account ${LOCAL_ACCOUNT} is not in service.`);
  }
}

/** The session that faults are injected into. */
export interface OpenStream {
  readonly session: StreamSession;
  readonly request: ServiceRequest;
  readonly container: RunningContainer | undefined;
}

/** Injects the faults of a phase into an open stream. */
export function injectFaults(
  faults: readonly InjectedFault[],
  phase: InjectedFaultPhase,
  { session, request, container }: OpenStream,
): void {
  for (const { kind, value, phase: faultPhase } of faults) {
    if (faultPhase !== phase) continue;
    if (kind === 'internal-failure') session.fail(internalStreamFailure('An injected fault.'));
    else if (kind === 'crash') {
      container?.kill('SIGKILL');
      session.onEnd({ code: 1006, reason: '' }); // at once, and not when the system reports the container's end
    } else if (kind === 'close') session.onEnd({ code: value, reason: 'An injected fault.' });
    else if (kind === 'bad-frame') session.onFrame({ opcode: 0x3, fin: true, payload: new Uint8Array(0) });
    else if (kind === 'reset') session.reset();
    else if (kind === 'connection-reset') {
      session.abandon();
      request.cutConnection();
    } else if (kind === 'ping-silence') session.ignorePongs();
    else if (kind === 'slow-reader') session.readSlowly(value);
  }
}
