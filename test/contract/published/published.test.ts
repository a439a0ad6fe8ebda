import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sagemaker from '@aws-sdk/client-sagemaker';
import { InvokeEndpoint$, InvokeEndpointWithResponseStream$ } from '@aws-sdk/client-sagemaker-runtime';
import { partition as partitionOfSdk } from '@aws-sdk/core/client';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import fc from 'fast-check';
import * as contract from '../../../lib/contract';
import { DIFFERENCES, PublishedSource } from './differences';
import { apiShape, schemaProperty, specProperties, streaming, wholePattern } from './published-sources';

const { BOTOCORE, CLOUDFORMATION, DOCUMENTATION, SDK, STREAMING } = PublishedSource;

/** A value of the contract and what each source publishes for it. */
type Comparison = [subject: string, kit: unknown, sources: Record<string, unknown>];

const range = ({ min, max }: { min?: number; max?: number }) => ({ min, max });
const schemaRange = (resource: string, path: string) => {
  const { minimum, maximum } = schemaProperty(resource, path);
  return { min: minimum, max: maximum };
};
const sorted = (values: Iterable<string>) => [...values].sort();
const alternatives = (pattern: string) => sorted(pattern.match(/[A-Z0-9]+/g)!);

const ENDPOINT = 'AWS::SageMaker::Endpoint';
const { min: leastPercent, max: mostPercent } = contract.ROLLOUT_STEP_PERCENT.canary;
const variantDocumentation = (definition: string, property: string) =>
  specProperties(ENDPOINT, definition)[property]!.documentation!;

const COMPARISONS: Comparison[] = [
  // The streaming operation.
  ['API version', contract.API_VERSION, { [STREAMING]: streaming.version }],
  ['operation', contract.OPERATION_NAME, { [STREAMING]: streaming.operation }],
  ['signing name', contract.SIGNING_NAME, { [STREAMING]: streaming.signingName }],
  [
    'path of the operation',
    `/endpoints/{EndpointName}/${contract.BIDIRECTIONAL_STREAM_PATH}`,
    { [STREAMING]: streaming.uri },
  ],
  [
    'headers of the operation',
    sorted(Object.values(contract.RuntimeHeader)),
    {
      [STREAMING]: sorted(
        [...Object.values(streaming.input), ...Object.values(streaming.output)].flatMap(member =>
          'httpHeader' in member ? [member.httpHeader] : [],
        ),
      ),
    },
  ],
  [
    'data types of an event',
    sorted(Object.values(contract.DataType)),
    { [STREAMING]: alternatives(streaming.payloadPart.DataType.pattern) },
  ],
  [
    'completion states of an event',
    sorted(Object.values(contract.CompletionState)),
    { [STREAMING]: alternatives(streaming.payloadPart.CompletionState.pattern) },
  ],
  [
    'headers of an event',
    sorted([contract.EventHeader.DATA_TYPE, contract.EventHeader.COMPLETION_STATE, contract.EventHeader.PADDING]),
    { [STREAMING]: sorted(Object.keys(streaming.payloadPart)) },
  ],
  ['HTTP errors', contract.HttpErrorStatus, { [STREAMING]: streaming.httpErrors }],
  [
    'errors of an open stream',
    sorted(Object.values(contract.StreamErrorName)),
    { [STREAMING]: sorted(streaming.streamErrors) },
  ],
  [
    'pattern of an endpoint name',
    contract.NAME_PATTERN.source,
    {
      [STREAMING]: streaming.input.EndpointName.pattern,
      [BOTOCORE]: wholePattern(apiShape('EndpointName').pattern!),
      [CLOUDFORMATION]: schemaProperty(ENDPOINT, 'EndpointName').pattern,
    },
  ],
  [
    'pattern of a variant name',
    contract.NAME_PATTERN.source,
    {
      [STREAMING]: streaming.input.TargetVariant.pattern,
      [BOTOCORE]: wholePattern(apiShape('VariantName').pattern!),
    },
  ],
  [
    'most characters of an endpoint name',
    contract.NAME_LIMIT,
    {
      [STREAMING]: streaming.input.EndpointName.max,
      [BOTOCORE]: apiShape('EndpointName').max,
      [CLOUDFORMATION]: schemaProperty(ENDPOINT, 'EndpointName').maxLength,
    },
  ],
  [
    'least characters of an endpoint name',
    1,
    { [BOTOCORE]: apiShape('EndpointName').min, [CLOUDFORMATION]: schemaProperty(ENDPOINT, 'EndpointName').minLength },
  ],
  [
    'pattern of a model invocation path',
    wholePattern(contract.INVOCATION_PATH_PATTERN.source),
    { [STREAMING]: wholePattern(streaming.input.ModelInvocationPath.pattern) },
  ],
  [
    'most characters of a model invocation path',
    contract.INVOCATION_PATH_LIMIT,
    { [STREAMING]: streaming.input.ModelInvocationPath.max },
  ],
  [
    'pattern of a model query string',
    wholePattern(contract.QUERY_STRING_PATTERN.source),
    { [STREAMING]: wholePattern(streaming.input.ModelQueryString.pattern) },
  ],
  [
    'most characters of a model query string',
    contract.QUERY_STRING_LIMIT,
    { [STREAMING]: streaming.input.ModelQueryString.max },
  ],
  [
    'partitions',
    sorted(contract.PARTITIONS.map(({ name }) => name)),
    {
      [STREAMING]: sorted(streaming.partitions),
      [SDK]: sorted(new Set(RegionInfo.regions.map(({ name }) => partitionOfSdk(name).name))),
    },
  ],
  // Model, endpoint configuration and endpoint.
  [
    'most instance types of a pool',
    { min: 1, max: contract.INSTANCE_POOL_LIMIT },
    { [BOTOCORE]: range(apiShape('InstancePoolList')) },
  ],
  [
    'priorities of a pool',
    { min: 1, max: contract.INSTANCE_POOL_LIMIT },
    { [BOTOCORE]: range(apiShape('InstancePoolPriority')) },
  ],
  [
    'seconds of the provision timeout',
    range(contract.PROVISION_TIMEOUT_SECONDS),
    { [BOTOCORE]: range(apiShape('VariantInstanceProvisionTimeoutInSeconds')) },
  ],
  [
    'seconds of the download timeout',
    range(contract.MODEL_DOWNLOAD_TIMEOUT_SECONDS),
    { [BOTOCORE]: range(apiShape('ProductionVariantModelDataDownloadTimeoutInSeconds')) },
  ],
  [
    'seconds of the start-up health check',
    range(contract.STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS),
    { [BOTOCORE]: range(apiShape('ProductionVariantContainerStartupHealthCheckTimeoutInSeconds')) },
  ],
  [
    'inference AMI versions',
    sorted(contract.INFERENCE_AMI_VERSIONS),
    {
      [SDK]: sorted(Object.values(sagemaker.ProductionVariantInferenceAmiVersion)),
      [BOTOCORE]: sorted(apiShape('ProductionVariantInferenceAmiVersion').enum!),
    },
  ],
  [
    'routing strategies',
    ['LEAST_OUTSTANDING_REQUESTS', 'RANDOM'],
    { [SDK]: sorted(Object.values(sagemaker.RoutingStrategy)) },
  ],
  [
    'seconds of the termination wait',
    range(contract.TERMINATION_WAIT_SECONDS),
    {
      [BOTOCORE]: range(apiShape('TerminationWaitInSeconds')),
      [CLOUDFORMATION]: schemaRange(ENDPOINT, 'BlueGreenUpdatePolicy/TerminationWaitInSeconds'),
    },
  ],
  [
    'seconds between steps',
    range(contract.BAKE_SECONDS),
    {
      [BOTOCORE]: range(apiShape('WaitIntervalInSeconds')),
      [CLOUDFORMATION]: schemaRange(ENDPOINT, 'TrafficRoutingConfig/WaitIntervalInSeconds'),
      'the same of a rolling update': schemaRange(ENDPOINT, 'RollingUpdatePolicy/WaitIntervalInSeconds'),
    },
  ],
  [
    'seconds of a deployment',
    range(contract.MAXIMUM_EXECUTION_SECONDS),
    {
      [BOTOCORE]: range(apiShape('MaximumExecutionTimeoutInSeconds')),
      [CLOUDFORMATION]: schemaRange(ENDPOINT, 'BlueGreenUpdatePolicy/MaximumExecutionTimeoutInSeconds'),
    },
  ],
  [
    'most rollback alarms',
    contract.ROLLBACK_ALARM_LIMIT,
    {
      [BOTOCORE]: apiShape('AlarmList').max,
      [CLOUDFORMATION]: schemaProperty(ENDPOINT, 'AutoRollbackConfig/Alarms').maxItems,
    },
  ],
  [
    'most percent of a canary step',
    mostPercent,
    {
      [DOCUMENTATION]: Number(
        /less than or equal to (\d+)%/.exec(variantDocumentation('TrafficRoutingConfig', 'CanarySize'))?.[1],
      ),
    },
  ],
  [
    'least percent of a canary step',
    leastPercent,
    { [DOCUMENTATION]: undefined, [BOTOCORE]: apiShape('CapacitySizeValue').min },
  ],
  [
    'percent of a linear step',
    contract.ROLLOUT_STEP_PERCENT.linear,
    { [DOCUMENTATION]: percents(/(\d+)-(\d+)%/, variantDocumentation('TrafficRoutingConfig', 'LinearStepSize')) },
  ],
  [
    'percent of a rolling step',
    contract.ROLLOUT_STEP_PERCENT.rolling,
    {
      [DOCUMENTATION]: percents(
        /between (\d+)% to (\d+)%/,
        variantDocumentation('RollingUpdatePolicy', 'MaximumBatchSize'),
      ),
    },
  ],
  [
    'entries and characters of the environment',
    contract.MODEL_ENVIRONMENT_LIMIT,
    {
      [BOTOCORE]: {
        entries: apiShape('EnvironmentMap').max,
        nameCharacters: apiShape('EnvironmentKey').max,
        valueCharacters: apiShape('EnvironmentValue').max,
      },
    },
  ],
  [
    'pattern of an environment variable',
    wholePattern(contract.MODEL_ENVIRONMENT_NAME_PATTERN.source),
    { [BOTOCORE]: wholePattern(apiShape('EnvironmentKey').pattern!) },
  ],
  [
    'seconds between metrics',
    contract.METRIC_FREQUENCIES_SECONDS,
    {
      [CLOUDFORMATION]: specProperties('AWS::SageMaker::EndpointConfig', 'MetricsConfig')
        .MetricPublishFrequencyInSeconds!.type.allowedValues,
    },
  ],
];

function percents(pattern: RegExp, documentation: string): unknown {
  const [, min, max] = pattern.exec(documentation) ?? [];
  return { min: Number(min), max: Number(max) };
}

test.each(COMPARISONS)('%s', (subject, kit, sources) => {
  const difference = DIFFERENCES.find(candidate => candidate.subject === subject);
  if (difference) {
    expect({ kit, sources }).toEqual({ kit: difference.kit, sources: difference.sources });
    expect(Object.values(sources).some(value => JSON.stringify(value) !== JSON.stringify(kit))).toBe(true);
  } else {
    expect(sources).toEqual(Object.fromEntries(Object.keys(sources).map(source => [source, kit])));
  }
});

test('every known difference belongs to a comparison', () => {
  const subjects = COMPARISONS.map(([subject]) => subject);
  expect(DIFFERENCES.map(({ subject }) => subject).filter(subject => !subjects.includes(subject))).toEqual([]);
});

test('docs/verification.md lists every known difference', () => {
  const cell = (value: unknown) => (value === undefined ? 'nothing' : `\`${[value].flat().join(' ')}\``);
  const rows = DIFFERENCES.map(({ subject, kit, sources, follows, why }) => {
    const said = Object.entries(sources).map(([source, value]) => `${source}: ${cell(value)}`);
    return `| ${subject} | ${cell(kit)} | ${said.join('; ')} | ${follows}. ${why} |`;
  });
  expect(readFileSync(join(__dirname, '../../../docs/verification.md'), 'utf8')).toContain(`${rows.join('\n')}\n\n`);
});

describe('partitions', () => {
  test.each(RegionInfo.regions.map(({ name }) => name).filter(region => !region.startsWith('eu-isoe')))(
    '%s has the suffixes that the SDKs know',
    region => {
      const { name, dnsSuffix, dualStackDnsSuffix } = partitionOfSdk(region);
      expect(contract.partitionOf(region)).toMatchObject({ name, dnsSuffix, dualStackDnsSuffix });
    },
  );

  test.each(['us-west-9', 'eusc-de-west-2', 'cn-south-7', 'us-gov-central-1', 'us-isob-south-3', 'mars-north-1'])(
    '%s, which does not exist, is judged alike',
    region => {
      // The SDKs take a region of no pattern for one of aws.
      expect(contract.partitionOf(region)?.name ?? 'aws').toBe(partitionOfSdk(region).name);
    },
  );

  test.each([
    ['us-east-1', {}, streaming.endpoints.plain],
    ['cn-north-1', { dualStack: true }, streaming.endpoints.dualStack],
    ['us-gov-west-1', { fips: true }, streaming.endpoints.fips],
    ['us-east-1', { fips: true, dualStack: true }, streaming.endpoints.fipsDualStack],
  ])('the runtime URI of %s with %j is the one of the published rules', (region, options, rule) => {
    const { dnsSuffix, dualStackDnsSuffix } = partitionOfSdk(region);
    const published = rule
      .replace('{Region}', region)
      .replace('{PartitionResult#dnsSuffix}', dnsSuffix)
      .replace('{PartitionResult#dualStackDnsSuffix}', dualStackDnsSuffix);
    expect(contract.runtimeUri(region, options)).toBe(published);
  });
});

test('every ARN of a model package that the contract takes is one that the API takes', () => {
  const published = new RegExp(wholePattern(apiShape('VersionedArnOrName').pattern!));
  fc.assert(fc.property(fc.stringMatching(contract.MODEL_PACKAGE_ARN_PATTERN), arn => published.test(arn)));
  const partOfArn = fc.stringMatching(/^[a-zA-Z0-9-]{1,63}(\/[0-9]{1,9})?$/);
  fc.assert(
    fc.property(partOfArn, name => {
      const arn = `arn:aws:sagemaker:us-east-1:123456789012:model-package/${name}`;
      return contract.MODEL_PACKAGE_ARN_PATTERN.test(arn) === published.test(arn);
    }),
  );
});

test('the pattern of an instance type takes every published one', () => {
  const types = Object.values(sagemaker.ProductionVariantInstanceType);
  expect(types.length).toBeGreaterThan(200);
  expect(types.filter(type => !contract.INSTANCE_TYPE_PATTERN.test(type))).toEqual([]);
});

test.each([
  [contract.INVOKE_PATH, InvokeEndpoint$],
  [contract.RESPONSE_STREAM_PATH, InvokeEndpointWithResponseStream$],
])('%s is the path of the published operation', (path, operation) => {
  const [, , , { http }] = operation as unknown as [number, string, string, { http: [string, string, number] }];
  expect(`/endpoints/{EndpointName}/${path}`).toBe(http[1]);
});

describe('what CloudFormation replaces, on which in-place updates rest', () => {
  test.each(['AWS::SageMaker::Model', 'AWS::SageMaker::EndpointConfig'])('%s: everything but its tags', type => {
    const kept = Object.entries(specProperties(type)).filter(([, property]) => property.causesReplacement !== 'yes');
    expect(kept.map(([name]) => name)).toEqual(['Tags']);
  });

  test('AWS::SageMaker::Endpoint: its name alone', () => {
    const replaced = Object.entries(specProperties(ENDPOINT)).filter(
      ([, { causesReplacement }]) => causesReplacement === 'yes',
    );
    expect(replaced.map(([name]) => name)).toEqual(['EndpointName']);
  });
});
