import { type Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Key } from 'aws-cdk-lib/aws-kms';
import { readCloudAssembly } from '../../lib/assembly';
import { CONTAINER_METADATA_KEY } from '../../lib/contract';
import {
  BidiEndpoint,
  type BidiEndpointProps,
  BidiModel,
  BidiMonitoring,
  type ProductionVariantProps,
  Rollout,
} from '../../lib/infra';
import { imageModel, newApp, newStack, PACKAGE_ARN } from './synthesis';

const BLUE: ProductionVariantProps = {
  variantName: 'Blue',
  model: imageModel({ VERSION: 'blue' }),
  weight: 9,
  instanceType: 'ml.g6.2xlarge',
};
const GREEN: ProductionVariantProps = {
  variantName: 'Green',
  model: imageModel({ VERSION: 'green' }),
  instanceTypes: ['ml.c7i.xlarge', 'ml.c6i.xlarge'],
  instanceCount: 2,
};

function endpointIn(stack: Stack, props: BidiEndpointProps = {}): BidiEndpoint {
  return new BidiEndpoint(stack, 'Speech', { endpointName: 'speech', variants: [BLUE, GREEN], ...props });
}

function variantsOf(stack: Stack): { [name: string]: unknown; ModelName: { 'Fn::GetAtt': [string, string] } }[] {
  const [config] = Object.values(Template.fromStack(stack).findResources('AWS::SageMaker::EndpointConfig'));
  return config!.Properties.ProductionVariants;
}

test('each has its model, capacity and weight, in one configuration', () => {
  const stack = newStack();
  endpointIn(stack);
  const template = Template.fromStack(stack);
  const [blue, green, ...others] = variantsOf(stack);
  expect(others).toEqual([]);
  expect(blue).toMatchObject({ VariantName: 'Blue', InstanceType: 'ml.g6.2xlarge', InitialVariantWeight: 9 });
  expect(green).toMatchObject({
    VariantName: 'Green',
    InstancePools: [
      { InstanceType: 'ml.c7i.xlarge', Priority: 1 },
      { InstanceType: 'ml.c6i.xlarge', Priority: 2 },
    ],
    InitialInstanceCount: 2,
    InitialVariantWeight: 1,
  });
  const models = template.findResources('AWS::SageMaker::Model');
  const versionOf = (variant: typeof blue) =>
    models[variant!.ModelName['Fn::GetAtt'][0]]!.Properties.PrimaryContainer.Environment.VERSION;
  expect([versionOf(blue), versionOf(green)]).toEqual(['blue', 'green']);
  expect(Object.values(models).map(({ Metadata }) => Object.keys(Metadata))).toEqual(
    Array(2).fill([CONTAINER_METADATA_KEY]),
  );
  template.resourceCountIs('AWS::IAM::Role', 1);
  template.resourceCountIs('AWS::SageMaker::Endpoint', 1);
});

test('each scales by its own target, and a changed weight is not overruled by the one that was there', () => {
  const stack = newStack();
  const endpoint = endpointIn(stack);
  endpoint.variant('Blue').autoScaleConcurrency({ maxCapacity: 4, targetConcurrency: 30 });
  endpoint.variant('Green').autoScaleConcurrency({ minCapacity: 2, maxCapacity: 8, targetConcurrency: 5 });
  const template = Template.fromStack(stack);
  for (const [name, MaxCapacity] of Object.entries({ Blue: 4, Green: 8 })) {
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      ResourceId: { 'Fn::Join': ['', ['endpoint/', Match.anyValue(), `/variant/${name}`]] },
      MaxCapacity,
    });
  }
  template.hasResourceProperties('AWS::SageMaker::Endpoint', {
    RetainAllVariantProperties: true,
    ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredWeight' }],
  });
});

test('the rest of the kit reads each from the cloud assembly: weight, capacity, scaling, container', async () => {
  const app = newApp();
  const endpoint = endpointIn(newStack('us-east-1', app));
  endpoint.variant('Green').autoScaleConcurrency({ minCapacity: 2, maxCapacity: 8, targetConcurrency: 5 });
  const [read] = await readCloudAssembly(app.synth().directory);
  expect(read!.variants).toEqual([
    expect.objectContaining({ name: 'Blue', weight: 9, instanceTypes: ['ml.g6.2xlarge'], maxCapacity: undefined }),
    expect.objectContaining({
      name: 'Green',
      weight: 1,
      instanceTypes: ['ml.c7i.xlarge', 'ml.c6i.xlarge'],
      instanceCount: 2,
      maxCapacity: 8,
    }),
  ]);
  expect(read!.variants.map(({ model }) => model.environment.VERSION)).toEqual(['blue', 'green']);
});

test('each has metrics of its own; the endpoint, asked for one, says to name the variant', () => {
  const endpoint = endpointIn(newStack());
  expect(endpoint.variant('Green').metricInvocations().dimensions).toEqual({
    EndpointName: 'speech',
    VariantName: 'Green',
  });
  expect(() => endpoint.metricInvocations()).toThrow("endpoint.variant('Blue').metricInvocations(...)");
  expect(() => endpoint.autoScaleConcurrency({ maxCapacity: 2, targetConcurrency: 1 })).toThrow(
    "endpoint.variant('Blue').autoScaleConcurrency(...)",
  );
  expect(() => endpoint.variant('Red')).toThrow('no production variant Red; it has Blue, Green');
});

test('monitoring watches each, and the alarms of each roll back', () => {
  const stack = newStack('us-east-1');
  const endpoint = endpointIn(stack);
  const monitoring = new BidiMonitoring(stack, 'Monitoring', { endpoint });
  endpoint.addRollbackAlarms(...monitoring.rollbackAlarms);
  expect(monitoring.rollbackAlarms.map(({ node }) => node.path)).toEqual([
    'Stack/Monitoring/Blue/MidStreamErrors',
    'Stack/Monitoring/Blue/ModelErrors',
    'Stack/Monitoring/Green/MidStreamErrors',
    'Stack/Monitoring/Green/ModelErrors',
  ]);
  const template = Template.fromStack(stack);
  for (const Value of ['Blue', 'Green']) {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'MemoryUtilization',
      Dimensions: Match.arrayWith([{ Name: 'VariantName', Value }]),
    });
    expect(JSON.stringify(template.findResources('AWS::CloudWatch::Dashboard'))).toContain(`**${Value}**`);
  }
});

test('an imported endpoint has them too', () => {
  const stack = newStack();
  const attributes = { endpointName: 'speech', variantNames: ['Blue', 'Green'] };
  const endpoint = BidiEndpoint.fromEndpointAttributes(stack, 'Imported', attributes);
  expect(new BidiMonitoring(stack, 'Monitoring', { endpoint }).rollbackAlarms).toHaveLength(4);
  expect(endpoint.variant('Green').metric5xxErrors().dimensions).toMatchObject({ VariantName: 'Green' });
});

test('one in a list is one', () => {
  const stack = newStack();
  const endpoint = endpointIn(stack, { variants: [{ model: imageModel() }] });
  endpoint.autoScaleConcurrency({ maxCapacity: 2, targetConcurrency: 1 });
  expect(endpoint.metricInvocations().dimensions).toMatchObject({ VariantName: 'AllTraffic' });
  Template.fromStack(stack).hasResourceProperties('AWS::SageMaker::Endpoint', {
    ExcludeRetainedVariantProperties: Match.absent(),
  });
});

test('a volume key warns once, of the types that have local storage', () => {
  const stack = newStack();
  endpointIn(stack, { volumeEncryptionKey: new Key(stack, 'Key') });
  const warnings = stack.node.findAll().flatMap(node => node.node.metadata.map(({ data }) => String(data)));
  expect(warnings.filter(warning => warning.includes('local NVMe storage of ml.g6.2xlarge:'))).toHaveLength(1);
});

test.each<[title: string, props: BidiEndpointProps, violation: string]>([
  ['neither a model nor variants', { variants: undefined }, 'Neither model nor variants is given'],
  ['both', { model: imageModel() }, 'model and variants exclude each other'],
  ['what belongs to a variant', { instanceType: 'ml.g5.xlarge', inferenceAmi: 'x' }, 'instanceType, inferenceAmi and'],
  ['no variants', { variants: [] }, 'names 0 variants; 1 to 10'],
  [
    'eleven variants',
    { variants: Array.from({ length: 11 }, (_, index) => ({ ...BLUE, variantName: `V${index}` })) },
    'names 11 variants; 1 to 10',
  ],
  ['a name twice', { variants: [BLUE, BLUE] }, 'Several variants have the name Blue'],
  ['two without a name', { variants: [{ model: BLUE.model }, { model: BLUE.model }] }, 'the name AllTraffic'],
  [
    'a name that is a token',
    { variants: [BLUE, { ...GREEN, variantName: Token.asString({ Ref: 'Name' }) }] },
    'A variantName is known at deployment only',
  ],
  ['weights of 0 only', { variants: [{ ...BLUE, weight: 0 }] }, 'The weight of every variant is 0'],
  ['a weight below 0', { variants: [BLUE, { ...GREEN, weight: -1 }] }, 'Variant Green: weight is -1'],
  [
    'a variant that cannot be',
    { variants: [BLUE, { ...GREEN, instanceTypes: ['c7i.xlarge'] }] },
    'Variant Green: "c7i.xlarge" is not a hosting instance type',
  ],
  [
    'a canary for a variant of one instance',
    { rollout: Rollout.canary({ stepPercent: 50 }) },
    'A canary rollout needs at least 2 instances',
  ],
  [
    'a rolling rollout',
    { variants: [{ ...BLUE, instanceCount: 2 }, GREEN], rollout: Rollout.rolling({ stepPercent: 50 }) },
    'A rolling rollout is not for several variants',
  ],
  [
    'a rollout of a model package among them',
    {
      variants: [BLUE, { variantName: 'Package', model: BidiModel.fromModelPackage(PACKAGE_ARN) }],
      rollout: Rollout.allAtOnce(),
    },
    'rollout is not for model packages',
  ],
  [
    'a rollout of Inf1 instances',
    { variants: [{ ...BLUE, instanceType: 'ml.inf1.xlarge' }], rollout: Rollout.allAtOnce() },
    'rollout is not for ml.inf1.xlarge',
  ],
])('refuses %s', (_, props, violation) => {
  expect(() => endpointIn(newStack(), props)).toThrow(violation);
});

test('a model package among them takes no rollback alarms', () => {
  const stack = newStack();
  const endpoint = endpointIn(stack, {
    variants: [BLUE, { variantName: 'Package', model: BidiModel.fromModelPackage(PACKAGE_ARN) }],
  });
  const alarm = Alarm.fromAlarmName(stack, 'Alarm', 'alarm');
  expect(() => endpoint.addRollbackAlarms(alarm)).toThrow('not for model packages');
});
