import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, type Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { BIDIRECTIONAL_LABEL, StackOutput, VLLM_IMAGE_TAG } from '../../lib/contract';
import {
  InvalidPropsError,
  ModelData,
  NimEndpoint,
  VllmEndpoint,
  type VllmEndpointProps,
  VllmOmniEndpoint,
  VllmStack,
} from '../../lib/infra';
import { ACCOUNT, newApp, newStack } from './synthesis';

const VOXTRAL = 'mistralai/Voxtral-Mini-4B-Realtime-2602';

function weights(stack: Stack): ModelData {
  return ModelData.fromPrefix(Bucket.fromBucketName(stack, 'Weights', 'weights'), 'voxtral/');
}

function vllm(props: Partial<VllmEndpointProps> = { hubModel: { id: VOXTRAL } }, region?: string): Template {
  const stack = newStack(region);
  new VllmEndpoint(stack, 'Vllm', props);
  return Template.fromStack(stack);
}

function environmentOf(template: Template): Record<string, unknown> {
  const [model] = Object.values(template.findResources('AWS::SageMaker::Model'));
  return model!.Properties.PrimaryContainer.Environment;
}

function violationsOf(create: () => unknown): readonly string[] {
  try {
    create();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidPropsError);
    return (error as InvalidPropsError).violations;
  }
  throw new Error('Nothing was refused.');
}

describe('VllmEndpoint', () => {
  test('tells vLLM what to serve by environment, and takes the defaults of AWS’s sample', () => {
    expect(environmentOf(vllm())).toEqual({
      HF_MODEL_ID: VOXTRAL,
      SM_VLLM_SERVED_MODEL_NAME: VOXTRAL,
      SM_VLLM_MAX_MODEL_LEN: '45000',
      SM_VLLM_MAX_NUM_SEQS: '4',
      SM_VLLM_COMPILATION_CONFIG: '{"cudagraph_mode":"PIECEWISE"}',
    });
  });

  test('takes typed properties, any other flag, and a flag that leaves a default out', () => {
    const template = vllm({
      hubModel: { id: VOXTRAL },
      servedModelName: 'voxtral',
      maxModelLen: 4_096,
      maxSequences: 8,
      gpuMemoryUtilization: 0.8,
      flags: { 'enforce-eager': true, 'compilation-config': false },
      environment: { LOG_LEVEL: 'debug' },
    });
    expect(environmentOf(template)).toEqual({
      HF_MODEL_ID: VOXTRAL,
      LOG_LEVEL: 'debug',
      SM_VLLM_SERVED_MODEL_NAME: 'voxtral',
      SM_VLLM_MAX_MODEL_LEN: '4096',
      SM_VLLM_MAX_NUM_SEQS: '8',
      SM_VLLM_GPU_MEMORY_UTILIZATION: '0.8',
      SM_VLLM_ENFORCE_EAGER: 'true',
      SM_VLLM_COMPILATION_CONFIG: 'false',
    });
  });

  test('reads weights of S3 as they lie there, and names the model', () => {
    const stack = newStack();
    new VllmEndpoint(stack, 'Vllm', { modelData: weights(stack) });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: {
        ModelDataSource: { S3DataSource: { CompressionType: 'None', S3DataType: 'S3Prefix' } },
        Environment: Match.objectLike({ SM_VLLM_SERVED_MODEL_NAME: 'model' }),
      },
    });
  });

  test('keeps the hub’s token out of the template', () => {
    const stack = newStack();
    const token = Secret.fromSecretNameV2(stack, 'Token', 'hub');
    new VllmEndpoint(stack, 'Vllm', { hubModel: { id: VOXTRAL, token } });
    expect(JSON.stringify(environmentOf(Template.fromStack(stack)).HF_TOKEN)).toContain('{{resolve:secretsmanager:');
  });

  test('gives image and weights the longest times, and the hosts the driver of CUDA 13', () => {
    vllm().hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [
        Match.objectLike({
          InstanceType: 'ml.g6.4xlarge',
          InferenceAmiVersion: 'al2023-ami-sagemaker-inference-gpu-4-1',
          ModelDataDownloadTimeoutInSeconds: 3_600,
          ContainerStartupHealthCheckTimeoutInSeconds: 3_600,
        }),
      ],
    });
    vllm({ hubModel: { id: VOXTRAL }, modelDownloadTimeout: Duration.minutes(20) }).hasResourceProperties(
      'AWS::SageMaker::EndpointConfig',
      { ProductionVariants: [Match.objectLike({ ModelDataDownloadTimeoutInSeconds: 1_200 })] },
    );
  });

  test('builds an image that is the pinned Deep Learning Container with the label', () => {
    const dockerfile = readFileSync(join(__dirname, '../../container/vllm/Dockerfile'), 'utf8');
    expect(dockerfile).toContain(`ARG TAG=${VLLM_IMAGE_TAG}\n`);
    expect(dockerfile).toContain(`LABEL ${BIDIRECTIONAL_LABEL}=true`);
  });

  test('says path and name to its clients', () => {
    const endpoint = new VllmEndpoint(newStack(), 'Vllm', { hubModel: { id: VOXTRAL }, servedModelName: 'voxtral' });
    expect([endpoint.invocationPath, endpoint.servedModelName]).toEqual(['v1/realtime', 'voxtral']);
  });

  test.each<[string, Partial<VllmEndpointProps>, RegExp]>([
    ['no weights', {}, /No weights are named/],
    ['an id that is none', { hubModel: { id: 'voxtral' } }, /not the id of a model/],
    ['an instance without a GPU', { hubModel: { id: VOXTRAL }, instanceType: 'ml.m6i.xlarge' }, /has no GPU/],
    [
      'a GPU with too little memory for a known model',
      { hubModel: { id: VOXTRAL }, instanceTypes: ['ml.g6.4xlarge', 'ml.p2.xlarge'] },
      /ml\.p2\.xlarge has 12 GiB of memory on a GPU; mistralai\/Voxtral-Mini-4B-Realtime-2602 needs 16/,
    ],
    [
      'a flag beside its property',
      { hubModel: { id: VOXTRAL }, maxModelLen: 1, flags: { 'max-model-len': 2 } },
      /contradict/,
    ],
    ['a flag that the image sets', { hubModel: { id: VOXTRAL }, flags: { port: 1 } }, /set by the platform/],
    [
      'a flag with hyphens',
      { hubModel: { id: VOXTRAL }, flags: { '--enforce-eager': true } },
      /not the name of a flag/,
    ],
    [
      'a flag as a variable',
      { hubModel: { id: VOXTRAL }, environment: { SM_VLLM_PORT: '1' } },
      /give it as a property or in flags/,
    ],
    ['more than the whole GPU', { hubModel: { id: VOXTRAL }, gpuMemoryUtilization: 1.2 }, /at most 1/],
    ['no context', { hubModel: { id: VOXTRAL }, maxModelLen: 0 }, /maxModelLen is 0/],
  ])('refuses %s at synthesis', (_, props, message) => {
    expect(violationsOf(() => vllm(props)).join(' ')).toMatch(message);
  });

  test('refuses weights of two places', () => {
    const stack = newStack();
    const create = () => new VllmEndpoint(stack, 'Vllm', { hubModel: { id: VOXTRAL }, modelData: weights(stack) });
    expect(violationsOf(create).join(' ')).toMatch(/exclude each other/);
  });

  test('tells every violation at once', () => {
    expect(
      violationsOf(() => vllm({ instanceType: 'ml.c6i.large', maxSequences: 0, flags: { host: 'x' } })).length,
    ).toBe(4);
  });
});

describe('VllmOmniEndpoint', () => {
  test('takes the image of its region as it is, and is let to pull it', () => {
    const stack = newStack('eu-central-1');
    const endpoint = new VllmOmniEndpoint(stack, 'Omni', { hubModel: { id: 'Qwen/Qwen3-TTS' } });
    expect(endpoint.invocationPath).toBe('v1/audio/speech/stream');
    const template = Template.fromStack(stack);
    const [model] = Object.values(template.findResources('AWS::SageMaker::Model'));
    expect(JSON.stringify(model)).toContain('763104351884.dkr.ecr.eu-central-1');
    expect(JSON.stringify(model)).toContain('/vllm:omni-sagemaker-cuda-v1.7');
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain('repository/vllm');
  });

  test('looks the registry up by region where the region is not known', () => {
    const stack = newStack();
    new VllmOmniEndpoint(stack, 'Omni', { hubModel: { id: 'Qwen/Qwen3-TTS' } });
    expect(Object.keys(Template.fromStack(stack).toJSON().Mappings)).not.toEqual([]);
  });

  test('refuses a region without a registry', () => {
    const create = () =>
      new VllmOmniEndpoint(newStack('us-gov-west-1'), 'Omni', { hubModel: { id: 'Qwen/Qwen3-TTS' } });
    expect(violationsOf(create).join(' ')).toMatch(
      /No registry of AWS's Deep Learning Containers is known in us-gov-west-1/,
    );
  });
});

describe('NimEndpoint', () => {
  const repository = (stack: Stack) => Repository.fromRepositoryName(stack, 'Nim', 'nim/parakeet');

  test('listens where SageMaker asks, unless the image has something in front', () => {
    const stack = newStack();
    const endpoint = new NimEndpoint(stack, 'Asr', { repository: repository(stack), tagOrDigest: '1.0' });
    expect([endpoint.invocationPath, endpoint.query]).toEqual(['v1/realtime', 'intent=transcription']);
    expect(environmentOf(Template.fromStack(stack))).toEqual({ NIM_HTTP_API_PORT: '8080' });
  });

  test('refuses an instance without a GPU', () => {
    const stack = newStack();
    const create = () =>
      new NimEndpoint(stack, 'Asr', {
        repository: repository(stack),
        tagOrDigest: '1.0',
        instanceType: 'ml.m6i.xlarge',
      });
    expect(violationsOf(create).join(' ')).toMatch(/has no GPU/);
  });
});

describe('VllmStack', () => {
  const env = { account: ACCOUNT, region: 'us-east-1' };

  test('can be synthesized without weights, says how to name them, and cannot be deployed without', () => {
    const stack = new VllmStack(newApp(), 'VllmStack');
    const template = Template.fromStack(stack);
    for (const name of ['WeightsBucket', 'WeightsPrefix'])
      template.hasParameter(name, { Type: 'String', Default: Match.absent() });
    Annotations.fromStack(stack).hasWarning('/VllmStack', Match.stringLikeRegexp('-c modelData=s3://BUCKET/PREFIX/'));
  });

  test('refuses a prefix without its slash', () => {
    expect(() => new VllmStack(newApp(), 'VllmStack', { modelData: 's3://weights/voxtral' })).toThrow(
      /ends with a slash/,
    );
  });

  test('puts out protocol and name, so that clients need no option', () => {
    const stack = new VllmStack(newApp(), 'VllmStack', { env, modelData: 's3://weights/voxtral/' });
    const template = Template.fromStack(stack);
    template.hasOutput(StackOutput.PROTOCOL, { Value: 'vllm' });
    template.hasOutput(StackOutput.MODEL_NAME, { Value: 'model' });
    expect(JSON.stringify(template.findOutputs(StackOutput.TRY_IT))).toContain('--protocol vllm --model model');
  });
});
