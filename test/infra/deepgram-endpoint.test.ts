import { CfnParameter } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { DEEPGRAM_INFERENCE_AMI, type DeepgramProductName, DeepgramProducts } from '../../lib/contract';
import { DeepgramEndpoint, type DeepgramEndpointProps, type InvalidPropsError } from '../../lib/infra';
import { newStack, PACKAGE_ARN } from './synthesis';

function deepgram(
  props: Partial<DeepgramEndpointProps>,
  stack = newStack('us-east-1'),
  id = 'Deepgram',
): DeepgramEndpoint {
  return new DeepgramEndpoint(stack, id, { modelPackageArn: PACKAGE_ARN, ...props });
}

function violationsOf(props: Partial<DeepgramEndpointProps>): readonly string[] {
  try {
    deepgram(props);
    return [];
  } catch (error) {
    return (error as InvalidPropsError).violations;
  }
}

test.each<[DeepgramProductName, path: string, instanceType: string]>([
  ['nova3', 'v1/listen', 'ml.g6.2xlarge'],
  ['flux', 'v2/listen', 'ml.g6.2xlarge'],
  ['aura2', 'v1/speak', 'ml.g6.12xlarge'],
  ['fluxTts', 'v2/speak', 'ml.g6e.2xlarge'],
])('%s: path %s, on %s, with AMI, timeouts and isolation', (product, path, instanceType) => {
  const stack = newStack('us-east-1');
  const endpoint = deepgram({ product, inferenceAmi: undefined }, stack);
  expect(endpoint.invocationPath).toBe(path);
  expect(endpoint.query).toBe(DeepgramProducts[product].exampleQuery);
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
    ProductionVariants: [
      {
        InstanceType: instanceType,
        InferenceAmiVersion: DEEPGRAM_INFERENCE_AMI,
        ModelDataDownloadTimeoutInSeconds: 600,
        ContainerStartupHealthCheckTimeoutInSeconds: 900,
      },
    ],
  });
  template.hasResourceProperties('AWS::SageMaker::Model', { EnableNetworkIsolation: true });
});

test('the default query of every product passes its own rules, and so does every recommended instance type', () => {
  for (const [product, { exampleQuery, instanceTypes }] of Object.entries(DeepgramProducts)) {
    expect(() =>
      deepgram({ product: product as DeepgramProductName, query: exampleQuery, instanceTypes }),
    ).not.toThrow();
  }
});

test('several endpoints in one stack', () => {
  const stack = newStack('us-east-1');
  deepgram({ product: 'nova3' }, stack, 'Listen');
  deepgram({ product: 'aura2' }, stack, 'Speak');
  deepgram({ product: 'flux', endpointName: 'turns' }, stack, 'Turns');
  const endpoints = Object.values(Template.fromStack(stack).findResources('AWS::SageMaker::Endpoint'));
  expect(new Set(endpoints.map(endpoint => endpoint.Properties.EndpointName)).size).toBe(3);
});

test.each<[title: string, props: Partial<DeepgramEndpointProps>, violation: string]>([
  [
    'Flux on g4dn',
    { product: 'flux', instanceType: 'ml.g4dn.xlarge' },
    'ml.g4dn.xlarge cannot host Flux conversational',
  ],
  ['Flux with g4dn in the pool', { product: 'flux', instanceTypes: ['ml.g6.xlarge', 'ml.g4dn.xlarge'] }, 'T4 GPUs'],
  ['Flux text-to-speech on g5', { product: 'fluxTts', instanceType: 'ml.g5.2xlarge' }, 'needs g6 or newer'],
  ['Aura-2 on one GPU', { product: 'aura2', instanceType: 'ml.g6.2xlarge' }, 'needs several GPUs on one instance'],
  [
    'Aura-2 on the one GPU of a large type',
    { product: 'aura2', instanceType: 'ml.g6.16xlarge' },
    'Recommended: ml.g6.12xlarge',
  ],
  ['a query without a model', { query: 'language=en' }, 'model is missing'],
  [
    'Nova-3 with the model of another product',
    { query: 'model=flux-general-en&language=en' },
    'is not a model of Nova-3',
  ],
  [
    'Flux with a language',
    { product: 'flux', query: `${DeepgramProducts.flux.exampleQuery}&language=en` },
    'language is not allowed',
  ],
  [
    'Flux without a sample rate',
    { product: 'flux', query: 'model=flux-general-en&encoding=linear16' },
    'sample_rate is missing',
  ],
  [
    'a parameter that Flux text-to-speech does not know, which the client refuses too',
    { product: 'fluxTts', query: 'model=flux-thalia-en&container=wav' },
    'container is not known',
  ],
  [
    'samples without their rate',
    { query: 'model=nova-3&encoding=linear16' },
    'sample_rate is missing: it goes together with encoding',
  ],
  ['a query with a question mark', { query: '?model=nova-3&language=en' }, 'without a leading "?"'],
  [
    'a setting that Deepgram does not read',
    { environment: { LOG_LEVEL: 'debug=1' } },
    '"LOG_LEVEL" is none that Deepgram reads',
  ],
  ['a setting that is none', { environment: { DEEPGRAM_API_01: 'debug' } }, 'must be <dotted.key>=<value>'],
  ['an ARN of another region', { modelPackageArn: PACKAGE_ARN.replace('us-east-1', 'us-west-2') }, 'lies in us-west-2'],
  ['both kinds of types', { instanceType: 'ml.g6.xlarge', instanceTypes: ['ml.g5.xlarge'] }, 'exclude each other'],
])('refuses %s', (_, props, violation) => {
  expect(() => deepgram(props)).toThrow(violation);
});

describe.each(Object.entries(DeepgramProducts))('%s', (name, { title, instanceTypes, multiGpu }) => {
  const product = name as DeepgramProductName;

  test.each(['ml.t2.medium', 'ml.c6i.large', 'ml.m5.xlarge', 'ml.r7i.large', 'ml.inf2.xlarge', 'ml.trn1.2xlarge'])(
    'is refused on %s, which has no GPU',
    instanceType => {
      const violation = `${instanceType} cannot host ${title}, which needs a GPU; the families with one begin with g or p. Recommended: ${instanceTypes.join(', ')}.`;
      expect(violationsOf({ product, instanceType })).toEqual([violation]);
      expect(violationsOf({ product, instanceTypes: [instanceTypes[0]!, instanceType] })).toEqual([violation]);
    },
  );

  test.each(['ml.p4d.24xlarge', 'ml.p5.48xlarge', 'ml.g7e.12xlarge'])('is taken on %s', instanceType => {
    expect(violationsOf({ product, instanceType })).toEqual([]);
  });

  test('on a family that is not known yet, as far as one GPU is enough', () => {
    expect(violationsOf({ product, instanceType: 'ml.g99.xlarge' })).toHaveLength(multiGpu ? 1 : 0);
  });
});

test('what is no instance type at all is one violation, not two', () => {
  expect(violationsOf({ product: 'aura2', instanceType: 'g6.12xlarge' })).toEqual([
    '"g6.12xlarge" is not a hosting instance type, such as ml.g6.2xlarge.',
  ]);
});

test('reports the violations of the product and of the endpoint together', () => {
  try {
    deepgram({ product: 'flux', instanceType: 'ml.g4dn.xlarge', instanceCount: 0, environment: { A: 'b=c' } });
    throw new Error('nothing was thrown');
  } catch (error) {
    expect((error as InvalidPropsError).violations).toHaveLength(3);
    expect((error as Error).message).toContain('Stack/Deepgram cannot be deployed');
  }
});

test('tokens pass', () => {
  const stack = newStack('us-east-1');
  const text = (id: string) => new CfnParameter(stack, id).valueAsString;
  expect(() =>
    deepgram({ modelPackageArn: text('Arn'), query: text('Query'), instanceType: text('Type') }, stack),
  ).not.toThrow();
});
