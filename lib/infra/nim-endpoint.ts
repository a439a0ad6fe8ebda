import { Duration, Token } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import {
  CUDA_13_INFERENCE_AMI,
  instanceFamily,
  MODEL_DOWNLOAD_TIMEOUT_SECONDS,
  mayHaveGpu,
  NIM_TRANSCRIPTION_QUERY,
  STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
  VLLM_REALTIME_PATH,
} from '../contract';
import { BidiEndpoint } from './bidi-endpoint';
import type { BidiEndpointProps } from './bidi-endpoint-props';
import { BidiImage } from './bidi-image';
import { BidiModel } from './bidi-model';
import { instanceTypesOf } from './hosting-capacity';
import { speechSimulator } from './kit-container';
import { throwIfInvalid } from './violations';

/** The NIM that an endpoint hosts, and its instances. */
export interface NimEndpointProps extends Omit<BidiEndpointProps, 'model' | 'variants'> {
  /** Repository of one's own in the endpoint's region with the NIM's image: NVIDIA's licence lets you copy it there for your own use. */
  readonly repository: IRepository;
  /** Tag, or digest (`sha256:…`), of the image. It needs the streaming label: see docs/models.md. */
  readonly tagOrDigest: string;
  /**
   * Environment variables of the container, such as `NIM_TAGS_SELECTOR`.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/** TCP port on which SageMaker asks for `/ping`; a NIM listens on 9000 unless told (NVIDIA, ASR HTTP API reference). */
const NIM_PORT = '8080';

/**
 * An endpoint for a speech NIM of NVIDIA from a repository of one's own.
 *
 * A NIM listens on the port of `NIM_HTTP_API_PORT`, which is set to 8080 here. NVIDIA publishes `/v1/health/ready` for health, and
 * its own SageMaker recipe puts a proxy in front that answers `/ping`: an image that does not answer `/ping` never comes into service.
 * docs/models.md says what the image needs. This kit has not run it on AWS.
 */
export class NimEndpoint extends BidiEndpoint {
  /** `X-Amzn-SageMaker-Model-Invocation-Path` of the transcription. */
  readonly invocationPath = VLLM_REALTIME_PATH;
  /** `X-Amzn-SageMaker-Model-Query-String` of the transcription. */
  readonly query = NIM_TRANSCRIPTION_QUERY;

  /** @throws InvalidPropsError with every violation, an instance without a GPU among them. */
  constructor(scope: Construct, id: string, props: NimEndpointProps) {
    const { repository, tagOrDigest, environment, ...endpointProps } = props;
    throwIfInvalid(
      `${scope.node.path}/${id}`,
      instanceTypesOf(props).map(type =>
        !Token.isUnresolved(type) && instanceFamily(type) !== undefined && !mayHaveGpu(type)
          ? `${type} has no GPU, which a NIM needs; the families with one begin with g or p.`
          : undefined,
      ),
    );
    super(scope, id, {
      inferenceAmi: CUDA_13_INFERENCE_AMI,
      startupHealthCheckTimeout: Duration.seconds(STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS.max),
      modelDownloadTimeout: Duration.seconds(MODEL_DOWNLOAD_TIMEOUT_SECONDS.max),
      ...Object.fromEntries(Object.entries(endpointProps).filter(([, value]) => value !== undefined)),
      model: BidiModel.fromImage(BidiImage.fromRepository(repository, tagOrDigest), {
        environment: { NIM_HTTP_API_PORT: NIM_PORT, ...environment },
        serves: { protocol: 'nim' },
        simulator: speechSimulator('nim'),
      }),
    });
  }
}
