export { type CheckContainerOptions, checkContainer } from './check-container';
export { ExchangeFileError, readExchange } from './exchange';
export { PROBE_HOST } from './startup';
