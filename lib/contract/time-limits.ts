/**
 * The times in which the platform wants a container to answer, start and end.
 *
 * Source: SageMaker AI developer guide, "Custom inference code with hosting services", section "Container contract to support
 * bidirectional streaming capabilities".
 */

/** Longest time a `/ping` may take, in milliseconds. */
export const PING_TIMEOUT_MS = 2_000;

/**
 * Time from start to the first passing `/ping`, in seconds, unless `ContainerStartupHealthCheckTimeoutInSeconds` says otherwise.
 */
export const STARTUP_HEALTH_CHECK_DEFAULT_SECONDS = 8 * 60;

/** Time in which the container must accept a socket, in milliseconds. */
export const ACCEPT_TIMEOUT_MS = 250;

/** Time between SIGTERM and SIGKILL, in milliseconds. */
export const STOP_GRACE_MS = 30_000;

/** Longest life of one stream, in milliseconds. Hold no state that a reconnect needs. */
export const SESSION_LIMIT_MS = 30 * 60_000;

/** Interval of the platform's WebSocket pings, in milliseconds. */
export const WEBSOCKET_PING_INTERVAL_MS = 60_000;

/** Pings in a row that may stay unanswered; at this count the platform closes the connection. */
export const WEBSOCKET_PING_TOLERANCE = 5;
