/**
 * Engines for open speech models, as AWS packs them: images, paths and settings.
 *
 * Sources: aws/deep-learning-containers (documentation, changelogs, `scripts/docker/vllm/sagemaker_args.py`), vLLM 0.32
 * (`vllm/entrypoints/speech_to_text/realtime`), vLLM-Omni 0.30 (`vllm_omni/entrypoints/openai`), aws-samples/sagemaker-genai-hosting-examples.
 */

/** Repository of the Deep Learning Containers for vLLM, in each region's registry. Source: aws/deep-learning-containers. */
export const VLLM_REPOSITORY = 'vllm';

/** Tag of the image that `VllmEndpoint` labels: vLLM 0.30. It lacks the streaming label (seen August 2026). */
export const VLLM_IMAGE_TAG = 'server-sagemaker-cuda-v2.5';

/** Tag of the vLLM-Omni image, which carries the streaming label since v1.5. */
export const VLLM_OMNI_IMAGE_TAG = 'omni-sagemaker-cuda-v1.7';

/** Path of vLLM's realtime transcription. */
export const VLLM_REALTIME_PATH = 'v1/realtime';

/** Path of vLLM-Omni's streaming speech. The image refuses the platform's default path. */
export const VLLM_OMNI_SPEECH_PATH = 'v1/audio/speech/stream';

/** Query of NIM's realtime transcription. Source: nvidia-riva/python-clients, `riva/client/realtime.py`. */
export const NIM_TRANSCRIPTION_QUERY = 'intent=transcription';

/** Host image that the CUDA 13 images need: without it a stream appears to hang (aws/deep-learning-containers). */
export const CUDA_13_INFERENCE_AMI = 'al2023-ami-sagemaker-inference-gpu-4-1';

/** Environment variable of a flag of vLLM's server: `--max-model-len` is `SM_VLLM_MAX_MODEL_LEN`. */
export function vllmVariable(flag: string): string {
  return `SM_VLLM_${flag.replaceAll('-', '_').toUpperCase()}`;
}

/** A flag of vLLM's server without its two hyphens. */
export const VLLM_FLAG_PATTERN = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Environment variable with a model's id on the Hugging Face hub, where no files lie in `/opt/ml/model`. */
export const HUB_MODEL_VARIABLE = 'HF_MODEL_ID';

/** Environment variable with the token of the Hugging Face hub. */
export const HUB_TOKEN_VARIABLE = 'HF_TOKEN';

/** Id of a model on the Hugging Face hub: owner and name. */
export const HUB_MODEL_PATTERN = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/** GPU memory that a model needs with its context, in GiB, by its id on the hub. Source: the model's card. */
export const MODEL_GPU_MEMORY_GIB: Readonly<Record<string, number>> = {
  'mistralai/Voxtral-Mini-4B-Realtime-2602': 16,
};

/** Memory of one GPU, in GiB, by instance family. Source: the EC2 instance type pages. */
export const GPU_MEMORY_GIB: Readonly<Record<string, number>> = {
  g4dn: 16,
  g5: 24,
  g6: 24,
  g6e: 48,
  g7e: 96,
  gr6: 24,
  p2: 12,
  p3: 16,
  p3dn: 32,
  p4d: 40,
  p4de: 80,
  p5: 80,
  p5e: 141,
  p5en: 141,
};

/** The protocols of speech models that this kit speaks. */
export const SPEECH_PROTOCOLS = ['deepgram', 'vllm', 'vllm-omni', 'nim'] as const;

/** A protocol of speech models that this kit speaks, as the output `Protocol` of a stack names it. */
export type SpeechProtocol = (typeof SPEECH_PROTOCOLS)[number];

/** Whether a text names one of the protocols. */
export function isSpeechProtocol(name: string | undefined): name is SpeechProtocol {
  return (SPEECH_PROTOCOLS as readonly (string | undefined)[]).includes(name);
}

/** The model that a container serves, as its clients need to know it. */
export interface ServedModel {
  /** The protocol that it speaks. */
  readonly protocol: SpeechProtocol;
  /**
   * Name by which clients ask for the model.
   *
   * @default - the protocol's own
   */
  readonly modelName?: string;
  /**
   * Tokens of context of one session, where a session has such a limit.
   *
   * @default - none is known
   */
  readonly maxModelLen?: number;
}
