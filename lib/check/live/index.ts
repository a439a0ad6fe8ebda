export { type CheckContainerOptions, checkContainer } from './check-container';
export { ExchangeFileError, readExchange } from './exchange';
export { CHECK_PROTOCOLS, type CheckProtocol, protocolExchange } from './protocol-exchange';
export { PROBE_HOST } from './startup';
