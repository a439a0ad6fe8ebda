// Generated from container/streaming/platform.ts by "npm run containers:generate"; edit it there.
/**
 * SageMaker AI's requirements of a container that streams in both directions.
 *
 * Source: SageMaker AI developer guide, "Custom inference code with hosting services", section "Container contract to
 * support bidirectional streaming capabilities", where none other is named.
 */

/** TCP port for HTTP and WebSocket alike. */
export const CONTAINER_PORT = 8080;

/** Environment variable that names another port ("Using SageMaker AI multi-container endpoints"). */
export const BIND_TO_PORT_VARIABLE = 'SAGEMAKER_BIND_TO_PORT';

/** Environment variable by which sagemaker-bidi-kit keeps a container that it runs as a plain process on the loopback. */
export const BIND_TO_HOST_VARIABLE = 'BIDI_BIND_TO_HOST';

/** Argument that the platform appends: `docker run IMAGE serve`. */
export const SERVE_ARGUMENT = 'serve';

/** Path of the health check, `GET` and `POST`. */
export const PING_PATH = '/ping';

/** Path of a plain invocation (`InvokeEndpoint`), `POST`. */
export const INVOCATIONS_PATH = '/invocations';

/** Path that the platform scrapes when detailed observability is on (API reference, `MetricsConfig`). */
export const METRICS_PATH = '/metrics';

/** Path of the WebSocket unless the caller names another, without the leading slash. */
export const BIDIRECTIONAL_STREAM_PATH = 'invocations-bidirectional-stream';

/** Pattern of the WebSocket's path that a caller may name (API model `sagemaker-runtime-http2`, 2025-10-01). */
export const INVOCATION_PATH_PATTERN = /^[A-Za-z0-9\-._]+(?:\/[A-Za-z0-9\-._]+)*$/;

/** Longest path that a caller may name, in characters (API model). */
export const INVOCATION_PATH_LIMIT = 100;

/** Time between SIGTERM and SIGKILL, in milliseconds. */
export const STOP_GRACE_MS = 30_000;

/** Request header with the session's identifier: the same on its WebSocket and on that of its metering. */
export const REQUEST_ID_HEADER = 'X-Amzn-SageMaker-Request-Id';

/** Response header whose `true` asks the platform to open a second WebSocket, for metering. */
export const STREAM_SUPPORTED_HEADER = 'X-Amzn-SageMaker-Metadata-Stream-Supported';

/** Path of that second WebSocket, without the leading slash. */
export const METADATA_STREAM_PATH = 'invocations-bidirectional-stream-metadata';

/** Shortest time between two metering records of one session, in milliseconds. */
export const METERING_RECORD_INTERVAL_MS = 1_000;
