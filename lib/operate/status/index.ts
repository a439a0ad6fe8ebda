export * from './diagnosis';
export * from './endpoint-log';
export * from './endpoint-state';
export * from './follow';
export * from './render';
export * from './status';
export * from './unavailable';
