export {
  AfterDeployment,
  CloudAssemblyError,
  type EndpointDefinition,
  type ExecutionRoleDefinition,
  type ImageBuild,
  type ModelDefinition,
  type ReadCloudAssemblyOptions,
  readCloudAssembly,
  StandIn,
  UnknownStackError,
  type Value,
  type VariantDefinition,
} from '../assembly';
export type { BehaviourName, Behaviours, ContainerExit, RunningContainer } from '../contract';
export { parseBehaviour, readBehaviours } from './behaviours';
export { Clock } from './clock';
export { AutomaticEngine } from './engine/automatic-engine';
export type { ContainerEngine, ContainerLine, ContainerStart } from './engine/container-engine';
export { DOCKER_COMMANDS, type DockerCommand, DockerEngine } from './engine/docker-engine';
export { ProcessEngine } from './engine/process-engine';
export type { OpenTrial, Trial, TrialEvent, TrialKind, TrialRequest, TrialTarget } from './inspector/trial';
export * from './local-errors';
export type { InstanceName, LocalEvent, LocalObserver, SessionSummary, StreamCount } from './local-event';
export { LOCAL_REGION, LocalSageMaker, type LocalSageMakerOptions } from './local-sagemaker';
export { defaultCertificateDirectory } from './service/certificate';
export type { LocalCredentials } from './service/local-credentials';
export { type Simulation, simulateModelPackages, standInBehaviours } from './simulation';
export {
  INJECTED_FAULT_KINDS,
  INJECTED_FAULT_PHASES,
  type InjectedFault,
  type InjectedFaultDefinition,
  type InjectedFaultKind,
  type InjectedFaultPhase,
  parseInjectedFault,
} from './stream/injected-fault';
