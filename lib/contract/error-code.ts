/** The meaning of an error code. */
export interface ErrorCodeDefinition {
  /**
   * `input`: the operation could not run with its input, and would fail again with the same input. `failure`: it ran and failed.
   * A command exits with 2 for the first and with 1 for the second.
   */
  readonly kind: 'input' | 'failure';
  /** When the error happens. One sentence, for docs/errors.md. */
  readonly meaning: string;
}

const CODES = {
  // Opening a stream.
  ERR_BIDI_ACCESS_DENIED: {
    kind: 'input',
    meaning: 'HTTP 401 or 403: signature, credentials, account, region or policy are wrong.',
  },
  ERR_BIDI_CONNECT: { kind: 'failure', meaning: 'No connection to the streaming runtime: refused, unknown host, TLS.' },
  ERR_BIDI_CREDENTIALS_MISSING: {
    kind: 'input',
    meaning: 'The credentials or the endpoint setting for a request are missing or cannot be used.',
  },
  ERR_BIDI_ENDPOINT_UNAVAILABLE: { kind: 'failure', meaning: 'HTTP 503: the endpoint cannot take a stream now.' },
  ERR_BIDI_INVALID_REQUEST: {
    kind: 'failure',
    meaning:
      'The platform refused the request with HTTP 400 or another 4xx, such as for an endpoint that does not exist.',
  },
  ERR_BIDI_INVALID_TARGET: {
    kind: 'input',
    meaning: 'A name, path or query string breaks its pattern. Nothing was sent.',
  },
  ERR_BIDI_MODEL_REFUSED: { kind: 'failure', meaning: 'HTTP 424: the container refused or failed the WebSocket.' },
  ERR_BIDI_OPEN_TIMEOUT: { kind: 'failure', meaning: 'The stream did not open in time, retries included.' },
  ERR_BIDI_PLATFORM: { kind: 'failure', meaning: 'HTTP 5xx or `InternalStreamFailure`: a fault of the platform.' },
  ERR_BIDI_REGION_MISSING: { kind: 'input', meaning: 'No setting names a region.' },
  ERR_BIDI_THROTTLED: {
    kind: 'failure',
    meaning: 'The platform throttles: too many streams are opened at the same time.',
  },
  // An open stream.
  ERR_BIDI_DRAIN_TIMEOUT: { kind: 'failure', meaning: 'The response did not end in time after the end of the input.' },
  ERR_BIDI_MESSAGE: {
    kind: 'failure',
    meaning: 'A message is over a limit, is not text or bytes, is text and not UTF-8, or mixes its types.',
  },
  ERR_BIDI_MODEL_STREAM: {
    kind: 'failure',
    meaning: '`ModelStreamError`: the container reported an error or closed its WebSocket.',
  },
  ERR_BIDI_RECEIVE_TIMEOUT: { kind: 'failure', meaning: 'No message came within the timeout of `receive()`.' },
  ERR_BIDI_SESSION_ABORTED: { kind: 'failure', meaning: 'The application aborted the session.' },
  ERR_BIDI_SESSION_CLOSED: {
    kind: 'failure',
    meaning: 'The application sent after it had closed the session or its input.',
  },
  ERR_BIDI_SESSION_LIMIT: { kind: 'failure', meaning: 'The stream reached the platform limit of 30 minutes.' },
  ERR_BIDI_STREAM_ENDED: { kind: 'failure', meaning: 'The application sent after the model had ended the stream.' },
  ERR_BIDI_STREAM_INTERRUPTED: { kind: 'failure', meaning: 'The connection or the stream broke, or an event was cut.' },
  // Speech.
  ERR_BIDI_AUDIO_FORMAT: { kind: 'input', meaning: 'The audio has a format that cannot be used, or is damaged.' },
  ERR_BIDI_DEEPGRAM_DRAIN: {
    kind: 'failure',
    meaning: 'The Deepgram model did not end the stream after its close message.',
  },
  ERR_BIDI_DEEPGRAM_ENDED: {
    kind: 'failure',
    meaning: 'The Deepgram model ended the stream before its close message.',
  },
  ERR_BIDI_DEEPGRAM_INCOMPLETE: {
    kind: 'failure',
    meaning: 'The stream ended after the close message before the Deepgram model had said that everything was sent.',
  },
  ERR_BIDI_DEEPGRAM_MODEL: {
    kind: 'failure',
    meaning: 'The Deepgram model reported an error; `modelCode` is its own code.',
  },
  ERR_BIDI_DEEPGRAM_PARAMETERS: { kind: 'input', meaning: 'The Deepgram product would refuse these parameters.' },
  ERR_BIDI_SPEECH_INCOMPLETE: {
    kind: 'failure',
    meaning: 'A stream of speech ended before the model had said that everything was sent.',
  },
  ERR_BIDI_SPEECH_MODEL: { kind: 'failure', meaning: 'A speech model reported an error; `modelCode` is its own code.' },
  ERR_BIDI_UNSUPPORTED_MESSAGE: { kind: 'input', meaning: 'The Deepgram product has no such control message.' },
  // Gateway.
  ERR_BIDI_GATEWAY: {
    kind: 'failure',
    meaning: 'The gateway refused a WebSocket by its own rules: token, origin, host, route or limit.',
  },
  ERR_BIDI_GATEWAY_OPTIONS: {
    kind: 'input',
    meaning: 'The options of a gateway do not fit together, or its port is in use.',
  },
  // Constructs.
  ERR_BIDI_DOCKERFILE: { kind: 'input', meaning: 'A Dockerfile cannot be parsed.' },
  ERR_BIDI_DOCKERFILE_LABEL: { kind: 'input', meaning: 'An image would not have the streaming label.' },
  ERR_BIDI_INVALID_CONTEXT: { kind: 'input', meaning: "Keys or values of the app's context are not valid." },
  ERR_BIDI_INVALID_PROPS: { kind: 'input', meaning: 'SageMaker or CloudFormation would refuse these properties.' },
  // This machine: synthesis, containers, images, the local SageMaker.
  ERR_BIDI_CLOUD_ASSEMBLY: { kind: 'input', meaning: 'A cloud assembly cannot be read, or has no endpoint to run.' },
  ERR_BIDI_CONTAINER_START: { kind: 'failure', meaning: 'A container cannot be started on this machine.' },
  ERR_BIDI_HEALTH_CHECK: { kind: 'failure', meaning: 'A container started but did not come into service.' },
  ERR_BIDI_IMAGE: {
    kind: 'failure',
    meaning: 'An image does not exist, may not be read, is damaged or has an unknown format.',
  },
  ERR_BIDI_LOCAL_OPTIONS: { kind: 'failure', meaning: 'The options of the local SageMaker do not fit together.' },
  ERR_BIDI_PORT_IN_USE: { kind: 'failure', meaning: 'A port is in use.' },
  ERR_BIDI_PROJECT_FOLDER: { kind: 'input', meaning: 'A new project cannot be written to the folder.' },
  ERR_BIDI_SYNTHESIS: { kind: 'input', meaning: 'A CDK app could not be run, or ended with an error.' },
  ERR_BIDI_UNKNOWN_STACK: { kind: 'input', meaning: 'A cloud assembly has no stack of this name.' },
  // Commands.
  ERR_BIDI_CHECK_TARGET: { kind: 'failure', meaning: 'The target of `bidi check` cannot be checked.' },
  ERR_BIDI_ECHO_MISMATCH: {
    kind: 'failure',
    meaning: 'The demo received a message that differs from the message that it sent.',
  },
  ERR_BIDI_EXCHANGE_FILE: { kind: 'failure', meaning: 'The file of an exchange cannot be used.' },
  ERR_BIDI_GENERATOR: { kind: 'failure', meaning: 'A load generator ended too early.' },
  ERR_BIDI_GENERATOR_START: { kind: 'input', meaning: 'A load generator could not start with its load.' },
  ERR_BIDI_LOAD_PLAN: { kind: 'failure', meaning: 'The recording or module cannot be used as a load.' },
  ERR_BIDI_ENDED_EARLY: {
    kind: 'failure',
    meaning: '`bidi invoke`: the model ended the stream with messages unanswered or input unread.',
  },
  ERR_BIDI_NO_ANSWER: { kind: 'failure', meaning: '`bidi invoke` sent messages and none came back.' },
  ERR_BIDI_STATUS_UNAVAILABLE: { kind: 'failure', meaning: 'AWS did not answer requests about an endpoint.' },
  ERR_BIDI_USAGE: {
    kind: 'input',
    meaning: 'An argument of the command line is wrong, or a file that it names is missing.',
  },
} as const satisfies Readonly<Record<string, ErrorCodeDefinition>>;

/** Code of an error of this kit. */
export type ErrorCode = keyof typeof CODES;

/**
 * The code of every error of this kit. A code never changes its meaning and is never used again; class names and messages may
 * change. `npm run docs:errors` writes docs/errors.md from this table.
 */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeDefinition>> = CODES;
