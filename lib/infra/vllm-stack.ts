import { Annotations, CfnParameter } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { StackOutput } from '../contract';
import { BidiStack, type BidiStackProps } from './bidi-stack';
import { ModelData } from './model-data';
import { stackEndpointProps } from './stack-endpoint-props';
import { throwIfInvalid } from './violations';
import { type HubModel, VllmEndpoint } from './vllm-endpoint';

/** Properties of the vLLM stack. */
export interface VllmStackProps extends BidiStackProps {
  /**
   * Prefix in S3 of the model's files, such as `s3://bucket/voxtral/`. @default - `hubModel`, else CloudFormation parameters for bucket and
   * prefix
   */
  readonly modelData?: string;
  /** Id of a model on the Hugging Face hub. @default - `modelData` */
  readonly hubModel?: string;
  /** Name of the secret in Secrets Manager whose value is the hub's token. @default - none; the model is public */
  readonly hubTokenSecret?: string;
  /** Name by which clients ask for the model. @default - the hub's id, else `model` */
  readonly servedModelName?: string;
  /** Tokens of context of one session; 80 ms of audio each. @default 45000 */
  readonly maxModelLen?: number;
  /** Sessions that one instance works on at a time. @default 4 */
  readonly maxSequences?: number;
}

const S3_PREFIX = /^s3:\/\/([^/]+)\/(.+\/)$/;

/** An endpoint for a speech-to-text model that vLLM serves in real time. */
export class VllmStack extends BidiStack {
  /** The endpoint of the model. */
  readonly endpoint: VllmEndpoint;

  /** @throws InvalidPropsError with every violation. */
  constructor(scope: Construct, id: string, props: VllmStackProps = {}) {
    super(scope, id, { description: 'vLLM over SageMaker bidirectional streaming', ...props });
    const vpc = this.lookUpVpc(props);
    this.endpoint = new VllmEndpoint(this, 'Vllm', {
      ...stackEndpointProps(props),
      modelData: this.modelData(props),
      hubModel: props.hubModel === undefined ? undefined : this.hubModel(props.hubModel, props.hubTokenSecret),
      servedModelName: props.servedModelName,
      maxModelLen: props.maxModelLen,
      maxSequences: props.maxSequences,
      environment: props.environment,
      vpc,
    });
    const { endpointName, servedModelName, maxModelLen } = this.endpoint;
    const target = `--endpoint ${endpointName} --region ${this.region}`;
    const tryIt = `npx bidi transcribe examples/sample.wav ${target} --protocol vllm --model ${servedModelName}`;
    this.operate(this.endpoint, props, tryIt, vpc);
    this.output(StackOutput.PROTOCOL, 'vllm', 'Protocol of the model');
    this.output(StackOutput.MODEL_NAME, servedModelName, 'Name by which clients ask for the model');
    this.output(StackOutput.MAX_MODEL_LEN, String(maxModelLen), 'Tokens of context of one session');
  }

  private modelData({ modelData: uri, hubModel }: VllmStackProps): ModelData | undefined {
    if (uri !== undefined) return this.prefix(uri);
    return hubModel === undefined ? this.prefixByParameters() : undefined;
  }

  /** Parameters without defaults, so that the stack can be synthesized and not deployed without weights. */
  private prefixByParameters(): ModelData {
    Annotations.of(this).addWarningV2(
      'sagemaker-bidi-kit:noWeights',
      `${this.node.id} needs the weights of a model to be deployed, and none are named. ` +
        `Pass files in S3 that are not compressed: npx cdk deploy ${this.node.id} -c modelData=s3://BUCKET/PREFIX/, or a model of the ` +
        'Hugging Face hub: -c hubModel=mistralai/Voxtral-Mini-4B-Realtime-2602 [-c hubTokenSecret=NAME]',
    );
    const bucket = new CfnParameter(this, 'WeightsBucket', {
      description: 'Bucket in this region with the files of the model',
      allowedPattern: '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]',
    });
    const prefix = new CfnParameter(this, 'WeightsPrefix', {
      description: 'Prefix of the files in the bucket, which ends with a slash',
      allowedPattern: '.+/',
    });
    const weights = Bucket.fromBucketName(this, 'Weights', bucket.valueAsString);
    return ModelData.fromPrefix(weights, prefix.valueAsString);
  }

  private prefix(uri: string): ModelData {
    const [, bucket, prefix] = S3_PREFIX.exec(uri) ?? [];
    throwIfInvalid(this.node.path, [
      bucket === undefined
        ? `modelData is "${uri}"; it must be a prefix in S3 that ends with a slash, such as s3://bucket/model/.`
        : undefined,
    ]);
    return ModelData.fromPrefix(Bucket.fromBucketName(this, 'Weights', bucket!), prefix!);
  }

  private hubModel(id: string, secretName: string | undefined): HubModel {
    return {
      id,
      token: secretName === undefined ? undefined : Secret.fromSecretNameV2(this, 'HubToken', secretName),
    };
  }
}
