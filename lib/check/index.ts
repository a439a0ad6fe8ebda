export * from './live';
export * from './static/check-dockerfile';
export { checkStatically } from './static/static-check';
