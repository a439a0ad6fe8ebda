/**
 * The platform's requirements of a model's container.
 *
 * Source, where none other is named: SageMaker AI developer guide, "Custom inference code with hosting services", section
 * "Container contract to support bidirectional streaming capabilities".
 */

/** Image label without which the platform refuses to route streams to a container. */
export const BIDIRECTIONAL_LABEL = 'com.amazonaws.sagemaker.capabilities.bidirectional-streaming';

/** The only value of {@link BIDIRECTIONAL_LABEL} that counts. */
export const BIDIRECTIONAL_LABEL_VALUE = 'true';

/** The line that a Dockerfile needs. */
export const BIDIRECTIONAL_LABEL_LINE = `LABEL ${BIDIRECTIONAL_LABEL}=${BIDIRECTIONAL_LABEL_VALUE}`;

/** TCP port on which the container listens, for HTTP and WebSocket alike. */
export const CONTAINER_PORT = 8080;

/** Path of the health check, `GET` and `POST`. 200 with an empty body when ready, 503 while loading. */
export const PING_PATH = '/ping';

/** Argument with which the platform starts the image: `docker run IMAGE serve`. It replaces CMD. */
export const SERVE_ARGUMENT = 'serve';

/** Directory of the model's files inside the container; read-only. */
export const MODEL_DIRECTORY = '/opt/ml/model';

/** Platform of the one image manifest that is accepted. */
export const IMAGE_PLATFORM = 'linux/amd64';

/** Environment variable that asks the image builder for one manifest instead of an index with attestations. */
export const NO_ATTESTATIONS_VARIABLE = 'BUILDX_NO_DEFAULT_ATTESTATIONS';

/**
 * The text frame `{"ModelStreamError":{"ErrorCode","Message"}}`, by which a container reports an error in a structured way
 * (measured by operators, not documented).
 */
export const MODEL_STREAM_ERROR_FRAME = 'ModelStreamError';

/**
 * Environment variable by which the platform names another port than {@link CONTAINER_PORT}, to images that carry
 * {@link BIND_TO_PORT_LABEL} (developer guide, "Using SageMaker AI multi-container endpoints"). The local SageMaker sets it,
 * so that several containers can run as processes of one machine.
 */
export const BIND_TO_PORT_VARIABLE = 'SAGEMAKER_BIND_TO_PORT';

/** Image label that promises to honour {@link BIND_TO_PORT_VARIABLE}. */
export const BIND_TO_PORT_LABEL = 'com.amazonaws.sagemaker.capabilities.accept-bind-to-port';

/**
 * The kit's own, not the platform's: environment variable by which the local SageMaker tells a container that it starts as a
 * plain process to listen on the loopback only. In an image the containers listen on every address, as the platform needs.
 */
export const BIND_TO_HOST_VARIABLE = 'BIDI_BIND_TO_HOST';

/** Path of the container's plain invocations, `POST`. */
export const INVOCATIONS_PATH = '/invocations';

/**
 * Path of the container's metrics, `GET`, which the platform scrapes where detailed observability is on (API reference,
 * `MetricsConfig`).
 */
export const METRICS_PATH = '/metrics';
