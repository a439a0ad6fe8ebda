export * from './image';
export * from './live';
export { checkStatically, type StaticCheck, StaticCheckError, type StaticCheckOptions } from './static-check';
