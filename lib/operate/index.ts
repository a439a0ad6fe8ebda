export * from './aws';
export * from './destroy-check';
export * from './failures';
export * from './finding';
export * from './preflight';
export * from './report';
export * from './stack';
export * from './status';
