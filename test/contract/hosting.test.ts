import {
  BURSTABLE_INSTANCE_FAMILIES,
  DEEPGRAM_INFERENCE_AMI,
  DEFAULT_INSTANCE_TYPE,
  DeepgramProducts,
  endpointLogGroup,
  INFERENCE_AMI_VERSIONS,
  instanceFamily,
  invocationPathViolation,
  isArmInstanceType,
  mayHaveGpu,
  NVME_INSTANCE_FAMILIES,
  queryStringViolation,
} from '../../lib/contract';

test.each([
  ['ml.g6.2xlarge', 'g6'],
  ['ml.c5.large', 'c5'],
  ['ml.p6-b200.48xlarge', 'p6-b200'],
  ['g6.2xlarge', undefined],
  ['ml.g6', undefined],
  ['', undefined],
])('the family of "%s" is %s', (instanceType, family) => {
  expect(instanceFamily(instanceType)).toBe(family);
});

test.each([
  ...[
    'ml.c7g.xlarge',
    'ml.m6gd.large',
    'ml.c6gn.large',
    'ml.r8g.large',
    'ml.t4g.medium',
    'ml.g5g.xlarge',
    'ml.p6e-gb200.36xlarge',
  ].map(type => [type, true] as const),
  ...[
    'ml.g4dn.xlarge',
    'ml.g6.2xlarge',
    'ml.gr6.4xlarge',
    'ml.c7i.large',
    'ml.m6i.large',
    'ml.p6-b200.48xlarge',
    'c7g.large',
  ].map(type => [type, false] as const),
])('whether %s has an Arm processor: %s', (instanceType, arm) => {
  expect(isArmInstanceType(instanceType)).toBe(arm);
});

test.each([
  ['ml.g4dn.xlarge', true],
  ['ml.g6e.2xlarge', true],
  ['ml.gr6.4xlarge', true],
  ['ml.p3.2xlarge', true],
  ['ml.p6-b200.48xlarge', true],
  ['ml.g99.xlarge', true],
  ['ml.c6i.large', false],
  ['ml.t2.medium', false],
  ['ml.inf2.xlarge', false],
  ['ml.trn1.2xlarge', false],
  ['g6.2xlarge', false],
])('whether %s may have a GPU: %s', (instanceType, may) => {
  expect(mayHaveGpu(instanceType)).toBe(may);
});

test('the default instance type carries local storage, so no volume key goes with it', () => {
  expect(NVME_INSTANCE_FAMILIES).toContain(instanceFamily(DEFAULT_INSTANCE_TYPE));
});

test('the families in the lists are each there once', () => {
  for (const families of [NVME_INSTANCE_FAMILIES, BURSTABLE_INSTANCE_FAMILIES]) {
    expect(new Set(families).size).toBe(families.length);
  }
});

test("Deepgram's image is one of the known ones", () => {
  expect(INFERENCE_AMI_VERSIONS).toContain(DEEPGRAM_INFERENCE_AMI);
});

test('an endpoint logs to its own group', () => {
  expect(endpointLogGroup('echo-bidi')).toBe('/aws/sagemaker/Endpoints/echo-bidi');
});

describe.each(Object.entries(DeepgramProducts))('Deepgram %s', (_name, product) => {
  const query = new URLSearchParams(product.exampleQuery);

  test('has a path and an example that the platform accepts', () => {
    expect(invocationPathViolation(product.path)).toBeUndefined();
    expect(queryStringViolation(product.exampleQuery)).toBeUndefined();
  });

  test('its example keeps its own rules', () => {
    expect(query.get('model')).toMatch(new RegExp(product.modelPattern));
    for (const required of product.required) expect(query.has(required)).toBe(true);
    for (const forbidden of Object.keys(product.forbidden)) expect(query.has(forbidden)).toBe(false);
  });
});
