/**
 * Compares an endpoint with the contract: one probe for each row, played through the public API.
 */
export { DEPLOYMENT_ROWS } from './deployment-rows';
export { EndpointUnderTest } from './endpoint-under-test';
export { playProbes } from './play-probes';
export type { ProbeSession } from './probe-session';
export { PROBES } from './probes';
export { differences, fidelityMarkdown, renderFidelity } from './render-fidelity';
