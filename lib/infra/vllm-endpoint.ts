import * as path from 'node:path';
import { Duration, Stack, Token } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Fact, FactName } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import {
  CUDA_13_INFERENCE_AMI,
  GPU_MEMORY_GIB,
  HUB_MODEL_PATTERN,
  HUB_MODEL_VARIABLE,
  HUB_TOKEN_VARIABLE,
  instanceFamily,
  MODEL_DOWNLOAD_TIMEOUT_SECONDS,
  MODEL_GPU_MEMORY_GIB,
  mayHaveGpu,
  type SpeechProtocol,
  STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
  VLLM_FLAG_PATTERN,
  VLLM_IMAGE_TAG,
  VLLM_OMNI_IMAGE_TAG,
  VLLM_OMNI_SPEECH_PATH,
  VLLM_REALTIME_PATH,
  VLLM_REPOSITORY,
  vllmVariable,
} from '../contract';
import { BidiEndpoint } from './bidi-endpoint';
import type { BidiEndpointProps } from './bidi-endpoint-props';
import { BidiImage } from './bidi-image';
import { BidiModel } from './bidi-model';
import { endpointViolations } from './endpoint-violations';
import { instanceTypesOf } from './hosting-capacity';
import { speechSimulator } from './kit-container';
import type { ModelData } from './model-data';
import { numberViolation, throwIfInvalid, type Violation } from './violations';

/** A model on the Hugging Face hub, which the container downloads when it starts. */
export interface HubModel {
  /** Its id: owner and name, such as `mistralai/Voxtral-Mini-4B-Realtime-2602`. */
  readonly id: string;
  /**
   * Secret whose value is the token of the hub, for models that need one. The template holds a reference to the secret. CloudFormation
   * writes the value into the environment of the SageMaker model, where `sagemaker:DescribeModel` shows it: prefer `modelData`.
   *
   * @default - none; the model is public
   */
  readonly token?: ISecret;
}

/** The model that vLLM serves, and the instances that it runs on. */
export interface VllmEndpointProps extends Omit<BidiEndpointProps, 'model' | 'variants'> {
  /**
   * The model's files, not compressed, as `ModelData.fromPrefix` has them. Not together with `hubModel`; one of the two is needed.
   * Files in S3 of the endpoint's region arrive sooner and more surely than a hub's.
   *
   * @default - `hubModel`
   */
  readonly modelData?: ModelData;
  /**
   * A model of the Hugging Face hub. The containers need a way to the internet.
   *
   * @default - `modelData`
   */
  readonly hubModel?: HubModel;
  /**
   * Name by which clients ask for the model. vLLM answers every other with `model_not_found`.
   *
   * @default - the id of `hubModel`, else `model`
   */
  readonly servedModelName?: string;
  /**
   * Tokens of context of one session. In a Voxtral realtime model a token is 80 ms of audio: 45,000 tokens are an hour. vLLM ends a longer
   * session without an error.
   *
   * @default 45000
   */
  readonly maxModelLen?: number;
  /**
   * Sessions that one instance works on at a time. vLLM lets further ones wait without an answer: scale before that.
   *
   * @default 4
   */
  readonly maxSequences?: number;
  /**
   * Share of the GPU's memory that vLLM takes: more than 0, at most 1.
   *
   * @default - vLLM's own
   */
  readonly gpuMemoryUtilization?: number;
  /**
   * Any other flag of vLLM's server by its name without hyphens in front, such as `{ 'enforce-eager': true }`. `false` leaves one out.
   *
   * @default - none but `compilation-config`, for CUDA graphs that a streaming model can use
   */
  readonly flags?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Environment variables of the container that are no flag of vLLM.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Tag of AWS's Deep Learning Container.
   *
   * @default - the one that this kit was made for: `server-sagemaker-cuda-v2.5`, of vLLM-Omni `omni-sagemaker-cuda-v1.7`
   */
  readonly imageTag?: string;
  /**
   * Instance type. Not together with `instanceTypes`.
   *
   * @default 'ml.g6.4xlarge', on which AWS's sample serves Voxtral-Mini-4B-Realtime
   */
  readonly instanceType?: string;
  /**
   * Image of the hosts, with its GPU driver.
   *
   * @default 'al2023-ami-sagemaker-inference-gpu-4-1', which the CUDA 13 images need
   */
  readonly inferenceAmi?: string;
  /**
   * How long the container may take to answer `/ping` after its start: whole seconds, 60 s to 1 h.
   *
   * @default Duration.seconds(3600)
   */
  readonly startupHealthCheckTimeout?: Duration;
  /**
   * How long image and model data may take to arrive: whole seconds, 60 s to 1 h.
   *
   * @default Duration.seconds(3600)
   */
  readonly modelDownloadTimeout?: Duration;
}

/** CUDA graphs in pieces: whole ones do not fit a model that gets its audio as it comes (model card of Voxtral realtime). */
const COMPILATION_CONFIG = '{"cudagraph_mode":"PIECEWISE"}';

/** An hour of audio at 80 ms a token, as AWS's sample has it. */
const DEFAULT_MAX_MODEL_LEN = 45_000;

const DEFAULT_MAX_SEQUENCES = 4;

const DEFAULT_INSTANCE = 'ml.g6.4xlarge';

/** Name of a model whose files say none; vLLM's own is the path of the files. */
const DEFAULT_SERVED_NAME = 'model';

/** Flags that a property of its own stands for. */
const OWN_PROPERTIES: Readonly<Record<string, keyof VllmEndpointProps>> = {
  'served-model-name': 'servedModelName',
  'max-model-len': 'maxModelLen',
  'max-num-seqs': 'maxSequences',
  'gpu-memory-utilization': 'gpuMemoryUtilization',
};

/** Flags that the image sets from the platform's own places. */
const RESERVED_FLAGS: Readonly<Record<string, string>> = {
  model: 'modelData or hubModel',
  port: 'the platform: it is 8080',
  host: 'the platform',
};

/** The differences between the two endpoints for vLLM. */
interface Engine {
  readonly path: string;
  readonly protocol: SpeechProtocol;
  readonly flags: Readonly<Record<string, string | number | boolean>>;
  image(scope: Construct, id: string, tag: string | undefined): BidiImage;
}

const REALTIME: Engine = {
  path: VLLM_REALTIME_PATH,
  protocol: 'vllm',
  flags: { 'compilation-config': COMPILATION_CONFIG },
  image: (_scope, _id, tag = VLLM_IMAGE_TAG) =>
    BidiImage.fromDirectory(path.join(__dirname, '..', '..', 'container', 'vllm'), { buildArgs: { TAG: tag } }),
};

const OMNI: Engine = {
  path: VLLM_OMNI_SPEECH_PATH,
  protocol: 'vllm-omni',
  flags: {},
  image: (scope, id, tag = VLLM_OMNI_IMAGE_TAG) => {
    const stack = Stack.of(scope);
    const repository = Repository.fromRepositoryAttributes(scope, `${id}Image`, {
      repositoryName: VLLM_REPOSITORY,
      repositoryArn: stack.formatArn({
        service: 'ecr',
        resource: 'repository',
        resourceName: VLLM_REPOSITORY,
        account: stack.regionalFact(FactName.DLC_REPOSITORY_ACCOUNT),
      }),
    });
    return BidiImage.fromRepository(repository, tag);
  },
};

/** The base of {@link VllmEndpoint} and {@link VllmOmniEndpoint}. */
abstract class VllmEngineEndpoint extends BidiEndpoint {
  /** `X-Amzn-SageMaker-Model-Invocation-Path` of the engine, such as `v1/realtime`. */
  readonly invocationPath: string;
  /** Name by which clients ask for the model. */
  readonly servedModelName: string;
  /** Tokens of context of one session. */
  readonly maxModelLen: number;

  protected constructor(scope: Construct, id: string, props: VllmEndpointProps, engine: Engine) {
    const { modelData, hubModel, servedModelName, maxModelLen, maxSequences, ...others } = props;
    const { gpuMemoryUtilization, flags, environment, imageTag, ...endpointProps } = others;
    const settings: BidiEndpointProps = {
      inferenceAmi: CUDA_13_INFERENCE_AMI,
      startupHealthCheckTimeout: Duration.seconds(STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS.max),
      modelDownloadTimeout: Duration.seconds(MODEL_DOWNLOAD_TIMEOUT_SECONDS.max),
      ...given(endpointProps),
      instanceType: props.instanceTypes ? props.instanceType : (props.instanceType ?? DEFAULT_INSTANCE),
    };
    throwIfInvalid(`${scope.node.path}/${id}`, [
      ...endpointViolations(settings),
      ...weightViolations(props),
      ...instanceViolations(instanceTypesOf(settings), hubModel?.id),
      ...flagViolations(props),
      engine === OMNI ? registryViolation(Stack.of(scope).region) : undefined,
    ]);
    const servedName = servedModelName ?? hubModel?.id ?? DEFAULT_SERVED_NAME;
    const contextTokens = maxModelLen ?? DEFAULT_MAX_MODEL_LEN;
    const model = BidiModel.fromImage(engine.image(scope, id, imageTag), {
      modelData,
      serves: {
        protocol: engine.protocol,
        modelName: servedName,
        ...(engine.protocol === 'vllm' ? { maxModelLen: contextTokens } : {}),
      },
      simulator: speechSimulator(engine.protocol),
      environment: {
        ...hubVariables(hubModel),
        ...environment,
        ...flagVariables({
          ...engine.flags,
          'served-model-name': servedName,
          'max-model-len': contextTokens,
          'max-num-seqs': maxSequences ?? DEFAULT_MAX_SEQUENCES,
          ...(gpuMemoryUtilization === undefined ? {} : { 'gpu-memory-utilization': gpuMemoryUtilization }),
          ...flags,
        }),
      },
    });
    super(scope, id, { ...settings, model });
    this.invocationPath = engine.path;
    this.servedModelName = servedName;
    this.maxModelLen = contextTokens;
  }
}

/**
 * An endpoint for a speech-to-text model that vLLM serves in real time, such as Voxtral-Mini-4B-Realtime. Nothing stands in front of
 * vLLM: it answers `/ping` and serves its WebSocket itself. Clients open streams with the path `v1/realtime`.
 *
 * Tried with the real vLLM on this kit's local SageMaker; not yet run on AWS. It comes into service slowly: image and weights may take
 * 40 minutes.
 */
export class VllmEndpoint extends VllmEngineEndpoint {
  /** @throws InvalidPropsError with every violation: no weights, an instance without enough GPU memory, flags that contradict. */
  constructor(scope: Construct, id: string, props: VllmEndpointProps) {
    super(scope, id, props, REALTIME);
  }
}

/**
 * An endpoint for a text-to-speech model that vLLM-Omni serves, such as Qwen3-TTS. Clients open streams with the path
 * `v1/audio/speech/stream`; the image refuses the platform's default path. Not yet run on AWS by this kit.
 */
export class VllmOmniEndpoint extends VllmEngineEndpoint {
  /** @throws InvalidPropsError with every violation: no weights, an instance without enough GPU memory, flags that contradict. */
  constructor(scope: Construct, id: string, props: VllmEndpointProps) {
    super(scope, id, props, OMNI);
  }
}

/** Properties without those that are there but undefined, which would hide a default. */
function given<T extends object>(props: T): T {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined)) as T;
}

function hubVariables(hubModel: HubModel | undefined): Record<string, string> {
  if (!hubModel) return {};
  const { id, token } = hubModel;
  // A dynamic reference: CloudFormation resolves it, and the template holds only the secret's name.
  return { [HUB_MODEL_VARIABLE]: id, ...(token ? { [HUB_TOKEN_VARIABLE]: token.secretValue.unsafeUnwrap() } : {}) };
}

function flagVariables(flags: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(flags).map(([flag, value]) => [vllmVariable(flag), String(value)]));
}

function weightViolations({ modelData, hubModel }: VllmEndpointProps): Violation[] {
  if (modelData && hubModel) return ['modelData and hubModel exclude each other; give one of them.'];
  if (!modelData && !hubModel) {
    return [
      'No weights are named: give modelData (ModelData.fromPrefix, files in S3 that are not compressed) or hubModel (an id of the Hugging Face hub).',
    ];
  }
  return [
    hubModel && !Token.isUnresolved(hubModel.id) && !HUB_MODEL_PATTERN.test(hubModel.id)
      ? `"${hubModel.id}" is not the id of a model on the Hugging Face hub, such as mistralai/Voxtral-Mini-4B-Realtime-2602.`
      : undefined,
  ];
}

function instanceViolations(types: readonly string[], modelId: string | undefined): Violation[] {
  const needed = modelId === undefined ? undefined : MODEL_GPU_MEMORY_GIB[modelId];
  return types.map(type => {
    const family = Token.isUnresolved(type) ? undefined : instanceFamily(type);
    if (family === undefined) return undefined;
    if (!mayHaveGpu(type))
      return `${type} has no GPU, which vLLM's image needs; the families with one begin with g or p.`;
    const memory = GPU_MEMORY_GIB[family];
    if (needed === undefined || memory === undefined || memory >= needed) return undefined;
    return `${type} has ${memory} GiB of memory on a GPU; ${modelId} needs ${needed}.`;
  });
}

function flagViolations(props: VllmEndpointProps): Violation[] {
  const { flags = {}, environment = {}, gpuMemoryUtilization: share } = props;
  return [
    ...Object.keys(flags).flatMap(flag => {
      const own = OWN_PROPERTIES[flag];
      const reserved = RESERVED_FLAGS[flag];
      if (!VLLM_FLAG_PATTERN.test(flag)) {
        return [`"${flag}" is not the name of a flag, such as enforce-eager: lower case, without hyphens in front.`];
      }
      if (own !== undefined && props[own] !== undefined)
        return [`The flag ${flag} and the property ${own} contradict each other; give one.`];
      return reserved === undefined ? [] : [`The flag ${flag} is set by ${reserved}.`];
    }),
    ...Object.keys(environment).map(name =>
      name.startsWith('SM_VLLM_') ? `${name} is a flag of vLLM: give it as a property or in flags.` : undefined,
    ),
    numberViolation('maxModelLen', props.maxModelLen, { min: 1, max: Number.MAX_SAFE_INTEGER }),
    numberViolation('maxSequences', props.maxSequences, { min: 1, max: Number.MAX_SAFE_INTEGER }),
    share !== undefined && !Token.isUnresolved(share) && !(share > 0 && share <= 1)
      ? `gpuMemoryUtilization is ${share}; it must be more than 0 and at most 1.`
      : undefined,
  ];
}

function registryViolation(region: string): Violation {
  if (Token.isUnresolved(region) || Fact.find(region, FactName.DLC_REPOSITORY_ACCOUNT)) return undefined;
  return `No registry of AWS's Deep Learning Containers is known in ${region}; copy the image into a repository of your own and use BidiEndpoint.`;
}
