/**
 * Holds an endpoint against the contract: one probe a row, played through the public API.
 */
export { EndpointUnderTest } from './endpoint-under-test';
export { playProbes } from './play-probes';
export { PROBES } from './probes';
export { differences, fidelityMarkdown, renderFidelity } from './render-fidelity';
