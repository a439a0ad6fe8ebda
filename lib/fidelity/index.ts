/**
 * Compares an endpoint with the contract: one probe for each row, played through the public API.
 */
export { EndpointUnderTest } from './endpoint-under-test';
export { playProbes } from './play-probes';
export { PROBES } from './probes';
export { differences, fidelityMarkdown, renderFidelity } from './render-fidelity';
