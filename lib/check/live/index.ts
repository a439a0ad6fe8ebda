export { type CheckContainerOptions, checkContainer } from './check-container';
export { type Exchange, ExchangeFileError, readExchange } from './exchange';
export { DEFAULT_CLOCK, type LiveLimits, type LiveLoad } from './limits';
