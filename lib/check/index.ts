export * from './live';
export * from './static/check-dockerfile';
export { checkStatically, type StaticCheck, StaticCheckError, type StaticCheckOptions } from './static/static-check';
