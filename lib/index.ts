export * from './contract';
export * from './infra';
