import { LOCAL_ACCOUNT } from '../../assembly/local-account';
import { type Behaviours, endpointLogGroup, endpointNameViolation } from '../../contract';
import type { Clock } from '../clock';
import type { HostedEndpoint } from '../hosting/hosted-endpoint';
import type { InstanceName, LocalObserver } from '../local-event';
import { inputValidationError } from '../service/service-error';
import type { SignatureVerifier } from '../service/signature-verification';
import type { InjectedFaultPlan } from '../stream/injected-fault';
import type { StreamObserver } from '../stream-event';

/** State that the operations of one local SageMaker share. */
export interface OperationContext {
  readonly endpoints: ReadonlyMap<string, HostedEndpoint>;
  readonly region: string;
  /** Undefined where signatures are not verified. */
  readonly verifier: SignatureVerifier | undefined;
  /** Of the waits that begin from now on: a page of the inspector may change it. */
  clock: Clock;
  /** The behaviour chosen where no public source settles it. */
  readonly behaviours: Required<Behaviours>;
  readonly faults: InjectedFaultPlan;
  readonly observe: LocalObserver;
  /** Undefined where the steps of a stream are not recorded. */
  readonly observeStream: StreamObserver | undefined;
}

/** @throws ServiceError 400 when there is no such endpoint. */
export function hostedEndpoint({ endpoints }: OperationContext, name: string): HostedEndpoint {
  const endpoint = endpoints.get(name);
  if (!endpoint) throw inputValidationError(`Endpoint ${name} of account ${LOCAL_ACCOUNT} not found.`);
  return endpoint;
}

/** @throws ServiceError 400 with all faults together. */
export function checkInput(endpointName: string, ...more: (string | undefined)[]): void {
  const faults = [endpointNameViolation(endpointName), ...more].filter(fault => fault !== undefined);
  if (faults.length > 0) throw inputValidationError(faults.join(' '));
}

/** ARN under which the platform would have the container's log. */
export function logStreamArn(region: string, { endpoint, variant, instance }: InstanceName): string {
  return `arn:aws:logs:${region}:${LOCAL_ACCOUNT}:log-group:${endpointLogGroup(endpoint)}:log-stream:${variant}/local-${instance}`;
}
