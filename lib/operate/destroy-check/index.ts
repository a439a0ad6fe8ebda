export * from './cost';
export * from './destroy-check';
