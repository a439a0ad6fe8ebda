export * from './cause';
export * from './explain';
export * from './table';
