export type { ContainerExit, RunningContainer } from '../contract';
export { AutomaticEngine } from './automatic-engine';
export { defaultCertificateDirectory } from './certificate';
export { Clock } from './clock';
export {
  type ReadCloudAssemblyOptions,
  readCloudAssembly,
  readStacks,
  type Stack as CloudAssemblyStack,
} from './cloud-assembly';
export type { ContainerEngine, ContainerLine, ContainerStart } from './container-engine';
export { DOCKER_COMMANDS, type DockerCommand, DockerEngine } from './docker-engine';
export { FAULT_KINDS, FAULT_PHASES, type Fault, type FaultKind, type FaultPhase, parseFault } from './faults';
export type { LocalEndpoint, LocalModel, LocalVariant } from './local-endpoint';
export * from './local-errors';
export type { InstanceName, LocalEvent, LocalObserver, SessionSummary, StreamCount } from './local-event';
export { LOCAL_CREDENTIALS, LOCAL_REGION, LocalSageMaker, type LocalSageMakerOptions } from './local-sagemaker';
export { ProcessEngine } from './process-engine';
export type { LocalCredentials } from './signature-verification';
export { type Simulation, simulateModelPackages } from './simulation';
