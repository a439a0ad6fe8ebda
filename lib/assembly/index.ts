export * from './endpoint-plan';
export * from './template';
