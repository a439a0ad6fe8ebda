export { type CheckContainerOptions, checkContainer } from './check-container';
export { ExchangeFileError, readExchange } from './exchange';
