export * from './capacity';
export * from './estimate';
export * from './generator-pool';
export * from './load-plan';
export type { LoadContext, LoadProtocol, LoadSession, LoadTarget } from './load-protocol';
export * from './report/capacity-report';
export * from './report/png';
export type { CapacityLimits, CapacityStep } from './step';
