/**
 * WebSocket in, SageMaker stream out: every client that people already have.
 */

export { type Route, routeViolations } from '../contract';
export { BidiGateway } from './bidi-gateway';
export type { Close } from './close';
export { EmbeddedMetrics } from './embedded-metrics';
export type { GatewayEvent, GatewayObserver, GatewaySession, TrafficCount } from './gateway-event';
export { type BidiGatewayOptions, GatewayOptionsError } from './gateway-options';
export type { GatewayLimits } from './limits';
