/**
 * Deepgram's products over a SageMaker stream: which path each speaks on, what its query must and must not hold.
 *
 * Source: developers.deepgram.com, invoke-sagemaker-endpoint and troubleshooting-sagemaker; operators' notes.
 */

/** One product that a Deepgram model package may hold. */
export interface DeepgramProduct {
  /** Name for people. */
  readonly title: string;
  /** `X-Amzn-SageMaker-Model-Invocation-Path`. */
  readonly path: string;
  /** Pattern of the `model` parameter: the source of a regular expression. */
  readonly modelPattern: string;
  /** An example that works, for messages and defaults. */
  readonly exampleQuery: string;
  /** Parameters that must be present on every open. */
  readonly required: readonly string[];
  /** Parameters that must not be present, with the reason. */
  readonly forbidden: Readonly<Record<string, string>>;
  /** The only parameters that it takes, where it refuses those it does not know. */
  readonly only?: readonly string[];
  /** Whether `KeepAlive` messages are allowed. */
  readonly keepAlive: boolean;
  /** Whether it answers `Finalize`, which asks for what was heard so far without ending the stream. */
  readonly finalize: boolean;
  /** Control message that asks for the rest and the end. */
  readonly closeMessage: 'CloseStream' | 'Close';
  /** Instance families that cannot run it, with the reason. */
  readonly refusedInstanceFamilies: Readonly<Record<string, string>>;
  /** Whether it needs several GPUs on one instance. */
  readonly multiGpu: boolean;
  /** Instance types in the order in which Deepgram recommends them; the first is the default. */
  readonly instanceTypes: readonly string[];
}

const PRODUCTS = {
  /** Speech-to-text with utterances. */
  nova3: {
    title: 'Nova-3 speech-to-text',
    path: 'v1/listen',
    modelPattern: '^nova-3',
    exampleQuery: 'model=nova-3&language=en',
    // Without `language` the model takes `en` (developers.deepgram.com, reference "listen-streaming").
    required: ['model'],
    forbidden: {},
    keepAlive: true,
    finalize: true,
    closeMessage: 'CloseStream',
    refusedInstanceFamilies: {},
    multiGpu: false,
    instanceTypes: ['ml.g6.2xlarge', 'ml.g6e.2xlarge', 'ml.g5.2xlarge'],
  },
  /** Speech-to-text with turns, for conversations. */
  flux: {
    title: 'Flux conversational speech-to-text',
    path: 'v2/listen',
    modelPattern: '^flux-general-(en|multi)$',
    exampleQuery: 'model=flux-general-en&encoding=linear16&sample_rate=16000',
    required: ['model', 'encoding', 'sample_rate'],
    forbidden: { language: 'Flux takes its language from the model name; a language parameter is refused.' },
    keepAlive: true,
    finalize: false,
    closeMessage: 'CloseStream',
    refusedInstanceFamilies: { g4dn: 'Flux does not run on the T4 GPUs of g4dn.' },
    multiGpu: false,
    instanceTypes: ['ml.g6.2xlarge', 'ml.g6e.2xlarge', 'ml.g5.2xlarge'],
  },
  /** Text-to-speech. Needs several GPUs on one instance. */
  aura2: {
    title: 'Aura-2 text-to-speech',
    path: 'v1/speak',
    modelPattern: '^aura-2-[a-z]+-[a-z]{2}$',
    exampleQuery: 'model=aura-2-thalia-en',
    required: ['model'],
    forbidden: {},
    keepAlive: false,
    finalize: false,
    closeMessage: 'Close',
    refusedInstanceFamilies: {},
    multiGpu: true,
    instanceTypes: ['ml.g6.12xlarge', 'ml.g6e.12xlarge', 'ml.g5.12xlarge'],
  },
  /** Text-to-speech with turns. Refuses parameters that it does not know. */
  fluxTts: {
    title: 'Flux text-to-speech',
    path: 'v2/speak',
    modelPattern: '^flux-[a-z]+-[a-z]{2}$',
    exampleQuery: 'model=flux-thalia-en',
    required: ['model'],
    forbidden: {},
    // Source: developers.deepgram.com, "Flux TTS Feature Overview": the stream refuses unknown and batch-only parameters.
    only: ['model', 'encoding', 'sample_rate', 'speed', 'expressivity', 'mip_opt_out', 'tag'],
    keepAlive: false,
    finalize: false,
    closeMessage: 'Close',
    refusedInstanceFamilies: {
      g4dn: 'Flux text-to-speech needs g6 or newer.',
      g5: 'Flux text-to-speech needs g6 or newer.',
    },
    multiGpu: false,
    instanceTypes: ['ml.g6e.2xlarge', 'ml.g6.2xlarge', 'ml.g7e.2xlarge'],
  },
} as const satisfies Readonly<Record<string, DeepgramProduct>>;

/** Key of a product in {@link DeepgramProducts}. */
export type DeepgramProductName = keyof typeof PRODUCTS;

/** The four products. */
export const DeepgramProducts: Readonly<Record<DeepgramProductName, DeepgramProduct>> = PRODUCTS;

/**
 * Name of an environment variable that a Deepgram package reads: one setting of `api.toml` or `engine.toml` each, applied in
 * the order of their names. Source: developers.deepgram.com, configure-sagemaker-deployments.
 */
export const DEEPGRAM_ENVIRONMENT_NAME_PATTERN = /^DEEPGRAM_(API|ENGINE)_[A-Za-z0-9_]+$/;

/** Value of such a variable: `<dotted.key.path>=<value>`. */
export const DEEPGRAM_ENVIRONMENT_VALUE_PATTERN = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*=.+$/;

/** After the close message: how long the input stays open for the last results, in milliseconds. */
export const DEEPGRAM_DRAIN_MS = 15_000;

/** Silence after which a `KeepAlive` is due, in milliseconds: within the 3 to 5 s that Deepgram asks for. */
export const DEEPGRAM_KEEP_ALIVE_MS = 4_000;

/** Real-time pacing: this much audio, in milliseconds, in this much time. */
export const AUDIO_CHUNK_MS = 100;

/** Longest text of one `Speak` message, in characters (developers.deepgram.com, text-to-speech rate limits). */
export const DEEPGRAM_SPEAK_TEXT_LIMIT = 2_000;
