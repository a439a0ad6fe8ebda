import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import type { EndpointSource } from '../../../lib/assembly';
import { BIDIRECTIONAL_LABEL } from '../../../lib/contract';
import { ControlPlane } from '../../../lib/operate/aws';
import { preflight } from '../../../lib/operate/preflight';
import { renderTable } from '../../../lib/report';
import { CALLER_IDENTITY, FakeAws, type Handlers, NO_ANSWER, ServiceError } from '../../fake-aws';

const PACKAGE = 'arn:aws:sagemaker:us-east-1:123456789012:model-package/stt';
const IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:v1';

/** A template with one endpoint, as the constructs write it. */
function stack(
  changes: { container?: object; model?: object; variant?: object; role?: object; resources?: object } = {},
) {
  return {
    name: 'Echo',
    template: {
      Resources: {
        Endpoint: {
          Type: 'AWS::SageMaker::Endpoint',
          Properties: { EndpointName: 'echo', EndpointConfigName: { 'Fn::GetAtt': ['Config', 'EndpointConfigName'] } },
        },
        Config: {
          Type: 'AWS::SageMaker::EndpointConfig',
          Properties: {
            ProductionVariants: [
              {
                VariantName: 'AllTraffic',
                ModelName: { 'Fn::GetAtt': ['Model', 'ModelName'] },
                InitialInstanceCount: 1,
                InstanceType: 'ml.g6.2xlarge',
                ...changes.variant,
              },
            ],
          },
        },
        Model: {
          Type: 'AWS::SageMaker::Model',
          Properties: {
            ExecutionRoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
            PrimaryContainer: changes.container ?? { Image: IMAGE },
            ...changes.model,
          },
        },
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: {
            AssumeRolePolicyDocument: {
              Statement: [
                { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'sagemaker.amazonaws.com' } },
              ],
            },
            Policies: [
              {
                PolicyDocument: {
                  Statement: [
                    { Effect: 'Allow', Action: ['logs:*', 'cloudwatch:PutMetricData'], Resource: '*' },
                    { Effect: 'Allow', Action: ['ecr:Get*', 'ecr:BatchGetImage'], Resource: '*' },
                  ],
                },
              },
            ],
            ...changes.role,
          },
        },
        ...changes.resources,
      },
    },
  } satisfies EndpointSource;
}

function stacks(known: Record<string, object>) {
  return ({ StackName }: Record<string, unknown>) => {
    const stack = known[StackName as string];
    if (stack === undefined) return new ServiceError('ValidationError', `Stack with id ${StackName} does not exist`);
    return { Stacks: [{ StackName, CreationTime: '2026-01-01T00:00:00Z', ...stack }] };
  };
}

function bootstrapped(version: number, StackStatus = 'UPDATE_COMPLETE') {
  return { StackStatus, Outputs: [{ OutputKey: 'BootstrapVersion', OutputValue: version }] };
}

function ownedBy(StackName: string) {
  return {
    StackResources: [
      {
        StackName,
        LogicalResourceId: 'Endpoint',
        ResourceType: 'AWS::SageMaker::Endpoint',
        Timestamp: '2026-01-01T00:00:00Z',
        ResourceStatus: 'CREATE_COMPLETE',
      },
    ],
  };
}

const ENDPOINT_ARN = 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo';
/** The variant of {@link stack}, as AWS describes it once it is deployed. */
const DEPLOYED = {
  VariantName: 'AllTraffic',
  ModelName: 'echo',
  InitialInstanceCount: 1,
  InstanceType: 'ml.g6.2xlarge',
};
const SCALED = {
  DescribeEndpoint: () => ({
    EndpointName: 'echo',
    EndpointArn: ENDPOINT_ARN,
    EndpointStatus: 'InService',
    EndpointConfigName: 'deployed',
  }),
  DescribeStackResources: () => ownedBy('Echo'),
  DescribeScalableTargets: () => ({ ScalableTargets: [{ ResourceId: 'endpoint/echo/variant/AllTraffic' }] }),
};
const CONFIG = { architecture: 'amd64', os: 'linux', config: { Labels: { [BIDIRECTIONAL_LABEL]: 'true' } } };

function digestOf(document: object): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(document)).digest('hex')}`;
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** An account in which the stack of {@link stack} deploys. `url` is the fake's own, for the image's configuration. */
function account(url: () => string, image: { config?: object; manifest?: object; mediaType?: string } = {}) {
  const config = image.config ?? CONFIG;
  const manifest = image.manifest ?? {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      digest: digestOf(config),
      size: 100,
    },
    layers: [
      {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        digest: `sha256:${'b'.repeat(64)}`,
        size: 50_000_000,
      },
    ],
  };
  return {
    GetCallerIdentity: () => CALLER_IDENTITY,
    DescribeStacks: stacks({ CDKToolkit: bootstrapped(28) }),
    DescribeEndpoint: () => new ServiceError('ValidationException', 'Could not find endpoint "echo".'),
    DescribeEndpointConfig: () => ({ ProductionVariants: [DEPLOYED] }),
    DescribeScalableTargets: () => ({ ScalableTargets: [] }),
    ListServiceQuotas: () => ({
      Quotas: [{ QuotaName: 'ml.g6.2xlarge for endpoint usage', QuotaCode: 'L-1', Value: 4 }],
    }),
    ListAWSDefaultServiceQuotas: () => ({ Quotas: [] }),
    BatchGetImage: () => ({
      images: [{ imageManifest: JSON.stringify(manifest), imageManifestMediaType: image.mediaType ?? MANIFEST }],
    }),
    GetDownloadUrlForLayer: () => ({ downloadUrl: `${url()}/config` }),
    '/config': () => config,
  };
}

let runtime: Server;
let runtimeUri: URL;
beforeAll(async () => {
  runtime = createServer(socket => socket.destroy());
  await new Promise<void>(resolve => runtime.listen(0, '127.0.0.1', resolve));
  runtimeUri = new URL(`https://127.0.0.1:${(runtime.address() as { port: number }).port}`);
});
afterAll(() => new Promise(resolve => runtime.close(resolve)));

async function run(
  subject: EndpointSource,
  overrides: Handlers = {},
  image: Parameters<typeof account>[1] = {},
  options: ConstructorParameters<typeof ControlPlane>[0] = {},
) {
  let aws: FakeAws | undefined;
  aws = await FakeAws.start({ ...account(() => aws!.url, image), ...overrides });
  await using _ = aws;
  using plane = new ControlPlane({ ...aws.options, ...options });
  const report = await preflight(subject, plane, { runtimeUri });
  const verdicts = Object.fromEntries(report.findings.map(finding => [finding.name, finding.verdict]));
  const of = (name: string) => report.findings.find(finding => finding.name === name);
  return { report, verdicts, of, calls: aws.calls };
}

/** The checks that are not as they are in an account where all is well. */
async function differences(...arguments_: Parameters<typeof run>) {
  const good = (await run(stack())).verdicts;
  const { verdicts } = await run(...arguments_);
  return Object.fromEntries(Object.entries(verdicts).filter(([name, verdict]) => good[name] !== verdict));
}

test('an account where all is well', async () => {
  const { report, calls } = await run(stack());
  expect(report.online).toBe(true);
  const text = renderTable(report).replace(new RegExp(runtimeUri.port, 'g'), '8443');
  expect(text).toMatchSnapshot();
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(calls.some(call => /^(Create|Update|Delete|Put|Request)/.test(call))).toBe(false);
});

describe('each check finds its fault, and only its fault', () => {
  test.each<[string, Parameters<typeof run>, Record<string, string>]>([
    ['another account', [{ ...stack(), account: '999999999999' }], { credentials: 'fail' }],
    ['another region', [{ ...stack(), region: 'eu-west-1' }], { region: 'fail' }],
    ['no bootstrap', [stack(), { DescribeStacks: stacks({}) }], { bootstrap: 'fail' }],
    ['an old bootstrap', [stack(), { DescribeStacks: stacks({ CDKToolkit: bootstrapped(5) }) }], { bootstrap: 'fail' }],
    [
      'a broken bootstrap',
      [stack(), { DescribeStacks: stacks({ CDKToolkit: bootstrapped(28, 'DELETE_FAILED') }) }],
      { bootstrap: 'fail' },
    ],
    [
      'a deployment under way',
      [
        stack(),
        {
          DescribeStacks: stacks({
            CDKToolkit: bootstrapped(28),
            Echo: { StackStatus: 'UPDATE_IN_PROGRESS' },
          }),
        },
      ],
      { 'stack-state': 'fail' },
    ],
    [
      'a first deployment that failed',
      [
        stack(),
        {
          DescribeStacks: stacks({
            CDKToolkit: bootstrapped(28),
            Echo: { StackStatus: 'ROLLBACK_COMPLETE' },
          }),
        },
      ],
      { 'stack-state': 'warn' },
    ],
    [
      'an update that cannot go on',
      [
        stack(),
        {
          DescribeStacks: stacks({
            CDKToolkit: bootstrapped(28),
            Echo: { StackStatus: 'UPDATE_ROLLBACK_FAILED' },
          }),
        },
      ],
      { 'stack-state': 'fail' },
    ],
    ['a variant that scales and keeps its instance type', [stack(), SCALED], { 'scaled-update': 'pass' }],
    [
      'a variant that scales and changes its instance type',
      [
        stack(),
        {
          ...SCALED,
          DescribeEndpointConfig: () => ({ ProductionVariants: [{ ...DEPLOYED, InstanceType: 'ml.g5.xlarge' }] }),
        },
      ],
      { 'scaled-update': 'fail' },
    ],
    [
      'a pool that scales and changes its order',
      [
        stack({
          variant: {
            InstanceType: undefined,
            InstancePools: [
              { InstanceType: 'ml.g6.2xlarge', Priority: 1 },
              { InstanceType: 'ml.g6.xlarge', Priority: 2 },
            ],
          },
        }),
        {
          ...SCALED,
          DescribeEndpointConfig: () => ({
            ProductionVariants: [
              {
                VariantName: 'AllTraffic',
                InstancePools: [
                  { InstanceType: 'ml.g6.2xlarge', Priority: 2 },
                  { InstanceType: 'ml.g6.xlarge', Priority: 1 },
                ],
              },
            ],
          }),
          ListServiceQuotas: () => ({
            Quotas: ['ml.g6.2xlarge', 'ml.g6.xlarge'].map(type => ({
              QuotaName: `${type} for endpoint usage`,
              QuotaCode: `L-${type}`,
              Value: 4,
            })),
          }),
        },
      ],
      { 'scaled-update': 'warn', 'quota-ml.g6.xlarge': 'pass' },
    ],
    [
      'a variant that scales and goes',
      [stack({ variant: { VariantName: 'Blue' } }), SCALED],
      { 'scaled-update': 'fail' },
    ],
    [
      'a name that another stack has',
      [
        stack(),
        {
          DescribeEndpoint: () => ({ EndpointName: 'echo', EndpointArn: ENDPOINT_ARN, EndpointStatus: 'InService' }),
          DescribeStackResources: () => ownedBy('Other'),
        },
      ],
      { 'endpoint-name': 'fail' },
    ],
    [
      'a name that no stack has',
      [
        stack(),
        {
          DescribeEndpoint: () => ({ EndpointName: 'echo', EndpointArn: ENDPOINT_ARN, EndpointStatus: 'InService' }),
          DescribeStackResources: () => new ServiceError('ValidationError', `Stack for ${ENDPOINT_ARN} does not exist`),
        },
      ],
      { 'endpoint-name': 'fail' },
    ],
    [
      'an endpoint of ours that failed',
      [
        stack(),
        {
          DescribeEndpoint: () => ({ EndpointName: 'echo', EndpointArn: ENDPOINT_ARN, EndpointStatus: 'Failed' }),
          DescribeStackResources: () => ownedBy('Echo'),
        },
      ],
      { 'endpoint-name': 'warn' },
    ],
    [
      'an endpoint of ours in service',
      [
        stack(),
        {
          DescribeEndpoint: () => ({ EndpointName: 'echo', EndpointArn: ENDPOINT_ARN, EndpointStatus: 'InService' }),
          DescribeStackResources: () => ownedBy('Echo'),
        },
      ],
      {},
    ],
    [
      'no quota',
      [
        stack(),
        {
          ListServiceQuotas: () => ({
            Quotas: [{ QuotaName: 'ml.g6.2xlarge for endpoint usage', QuotaCode: 'L-1', Value: 0 }],
          }),
        },
      ],
      { 'quota-ml.g6.2xlarge': 'fail' },
    ],
    [
      'a quota without room for an update',
      [
        stack(),
        {
          ListServiceQuotas: () => ({
            Quotas: [{ QuotaName: 'ml.g6.2xlarge for endpoint usage', QuotaCode: 'L-1', Value: 1 }],
          }),
        },
      ],
      { 'quota-ml.g6.2xlarge': 'warn' },
    ],
    [
      'a type without a quota',
      [stack(), { ListServiceQuotas: () => ({ Quotas: [] }) }],
      { 'quota-ml.g6.2xlarge': 'fail' },
    ],
    [
      'an image that is not there',
      [stack(), { BatchGetImage: () => ({ images: [], failures: [{ failureCode: 'ImageNotFound' }] }) }],
      { image: 'fail' },
    ],
    [
      'a repository that is not there',
      [
        stack(),
        { BatchGetImage: () => new ServiceError('RepositoryNotFoundException', 'The repository does not exist') },
      ],
      { image: 'fail' },
    ],
    ['an image outside ECR', [stack({ container: { Image: 'docker.io/library/echo:v1' } })], { image: 'fail' }],
    [
      'an image without the label',
      [stack(), {}, { config: { architecture: 'amd64', os: 'linux', config: { Labels: {} } } }],
      { 'streaming-label': 'fail' },
    ],
    [
      'an image with another label',
      [
        stack(),
        {},
        { config: { architecture: 'amd64', os: 'linux', config: { Labels: { [BIDIRECTIONAL_LABEL]: 'yes' } } } },
      ],
      { 'streaming-label': 'fail' },
    ],
    [
      'an image for ARM',
      [
        stack(),
        {},
        { config: { architecture: 'arm64', os: 'linux', config: { Labels: { [BIDIRECTIONAL_LABEL]: 'true' } } } },
      ],
      { platform: 'fail' },
    ],
    [
      'a role that trusts another service',
      [stack({ role: { AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'ec2.amazonaws.com' } }] } } })],
      { 'execution-role-trust': 'fail' },
    ],
    [
      'a trust that asks for what SageMaker does not send',
      [
        stack({
          role: {
            AssumeRolePolicyDocument: {
              Statement: [
                {
                  Principal: { Service: 'sagemaker.amazonaws.com' },
                  Condition: { StringEquals: { 'sts:ExternalId': 'x' } },
                },
              ],
            },
          },
        }),
      ],
      { 'execution-role-trust': 'warn' },
    ],
    ['a role without rights', [stack({ role: { Policies: [] } })], { 'execution-role-rights': 'fail' }],
    [
      'a role that may do everything',
      [stack({ role: { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonSageMakerFullAccess'] } })],
      { 'execution-role-rights': 'warn' },
    ],
    [
      'a role from elsewhere',
      [stack({ model: { ExecutionRoleArn: 'arn:aws:iam::123456789012:role/x' } })],
      { 'execution-role-trust': 'skip', 'execution-role-rights': 'skip' },
    ],
    [
      'private access on 443 alone',
      [
        stack({
          resources: {
            Access: {
              Type: 'AWS::EC2::VPCEndpoint',
              Properties: {
                ServiceName: 'com.amazonaws.us-east-1.sagemaker.runtime',
                PrivateDnsEnabled: true,
                SecurityGroupIds: [{ 'Fn::GetAtt': ['Group', 'GroupId'] }],
              },
            },
            Group: {
              Type: 'AWS::EC2::SecurityGroup',
              Properties: { SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }] },
            },
          },
        }),
      ],
      { 'private-access': 'fail' },
    ],
    ['a stack without an endpoint', [{ name: 'Echo', template: {} }], { endpoint: 'warn', quota: 'skip' }],
  ])('%s', async (_, arguments_, expected) => {
    expect(await differences(...arguments_)).toEqual(expected);
  });

  test('an image of the CDK that is not pushed yet is not a fault', async () => {
    const image =
      '123456789012.dkr.ecr.us-east-1.amazonaws.com/cdk-hnb659fds-container-assets-123456789012-us-east-1:abc';
    const { of } = await run(stack({ container: { Image: image } }), {
      BatchGetImage: () => ({ images: [], failures: [{ failureCode: 'ImageNotFound' }] }),
    });
    expect(of('image')).toMatchObject({ verdict: 'skip', seen: expect.stringContaining('cdk deploy') });
  });

  test('an index with attestations', async () => {
    let aws: FakeAws | undefined;
    const inner = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { digest: digestOf(CONFIG), size: 100 },
      layers: [],
    };
    const digest = digestOf(inner);
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        { mediaType: MANIFEST, digest, size: 100, platform: { os: 'linux', architecture: 'amd64' } },
        {
          mediaType: MANIFEST,
          digest: `sha256:${'d'.repeat(64)}`,
          size: 1,
          platform: { os: 'unknown', architecture: 'unknown' },
          annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
        },
      ],
    });
    aws = await FakeAws.start({
      ...account(() => aws!.url),
      BatchGetImage: input => {
        const [id] = input.imageIds as { imageDigest?: string }[];
        return {
          images: [
            id?.imageDigest
              ? { imageManifest: JSON.stringify(inner), imageManifestMediaType: MANIFEST }
              : { imageManifest: index, imageManifestMediaType: 'application/vnd.oci.image.index.v1+json' },
          ],
        };
      },
    });
    await using _ = aws;
    using plane = new ControlPlane(aws.options);
    const { findings } = await preflight(stack(), plane, { runtimeUri });
    expect(findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([
      expect.objectContaining({
        name: 'single-manifest',
        verdict: 'fail',
        seen: 'an index of linux/amd64, 1 attestation',
      }),
    ]);
  });
});

describe('what the template tells about the hosts', () => {
  const hosts = async (changes: Parameters<typeof stack>[0], config: object = {}) => {
    const subject = stack(changes);
    Object.assign(subject.template.Resources.Config.Properties, config);
    const { report } = await run(subject, {
      DescribeModelPackage: () => ({ ModelPackageStatus: 'Completed' }),
    });
    const names = ['volume-key', 'inference-ami', 'environment'];
    return Object.fromEntries(
      report.findings.filter(({ name }) => names.includes(name)).map(({ name, verdict }) => [name, verdict]),
    );
  };
  const ofPackage = (environment?: object) => ({
    container: { ModelPackageName: PACKAGE, ...(environment && { Environment: environment }) },
    model: { EnableNetworkIsolation: true },
  });

  test('nothing of it concerns an image without a key', async () => {
    expect(await hosts({})).toEqual({});
  });

  test('a volume key and local NVMe storage', async () => {
    expect(await hosts({}, { KmsKeyId: 'key' })).toEqual({ 'volume-key': 'warn' });
    expect(await hosts({ variant: { InstanceType: 'ml.m5.large' } }, { KmsKeyId: 'key' })).toEqual({
      'volume-key': 'pass',
    });
  });

  test('an AMI that is not pinned', async () => {
    expect(await hosts(ofPackage())).toEqual({ 'inference-ami': 'pass' });
    expect(await hosts({ ...ofPackage(), variant: { InstanceType: 'ml.g5.2xlarge' } })).toEqual({
      'inference-ami': 'warn',
    });
    const pinned = { InstanceType: 'ml.g5.2xlarge', InferenceAmiVersion: 'al2023-ami-sagemaker-inference-gpu-4-1' };
    expect(await hosts({ ...ofPackage(), variant: pinned })).toEqual({ 'inference-ami': 'pass' });
  });

  test('environment variables of a package', async () => {
    expect(await hosts(ofPackage({ DEEPGRAM_X: 'y' }))).toEqual({ 'inference-ami': 'pass', environment: 'warn' });
  });
});

describe('a model package', () => {
  const withPackage = stack({ container: { ModelPackageName: PACKAGE }, model: { EnableNetworkIsolation: true } });
  const completed = {
    DescribeModelPackage: () => ({
      ModelPackageStatus: 'Completed',
      InferenceSpecification: { SupportedRealtimeInferenceInstanceTypes: ['ml.g6.2xlarge', 'ml.g5.2xlarge'] },
    }),
  };

  test('that can be deployed', async () => {
    const { verdicts } = await run(withPackage, completed);
    expect(verdicts).toMatchObject({
      'model-package': 'pass',
      'instance-types-supported': 'pass',
      'network-isolation': 'pass',
    });
    expect(verdicts).not.toHaveProperty('image');
  });

  test.each<[string, EndpointSource, Handlers, string, object]>([
    [
      'that is pending',
      withPackage,
      { DescribeModelPackage: () => ({ ModelPackageStatus: 'Pending' }) },
      'model-package',
      { verdict: 'fail', seen: 'The package is Pending.' },
    ],
    [
      'that is rejected',
      withPackage,
      { DescribeModelPackage: () => ({ ModelPackageStatus: 'Completed', ModelApprovalStatus: 'Rejected' }) },
      'model-package',
      { verdict: 'fail' },
    ],
    [
      'without a subscription',
      withPackage,
      {
        DescribeModelPackage: () =>
          new ServiceError('ValidationException', 'Caller is not subscribed to the marketplace offering.'),
      },
      'model-package',
      {
        verdict: 'fail',
        seen: expect.stringContaining('not subscribed'),
        next: expect.stringContaining('AWS Marketplace'),
      },
    ],
    [
      'that may not be read',
      withPackage,
      {},
      'model-package',
      {
        verdict: 'warn',
        seen: 'Not allowed to look: sagemaker:DescribeModelPackage is denied.',
        next: expect.stringContaining('subscribed'),
      },
    ],
    [
      'for another type',
      stack({
        container: { ModelPackageName: PACKAGE },
        model: { EnableNetworkIsolation: true },
        variant: { InstanceType: 'ml.g4dn.xlarge' },
      }),
      completed,
      'instance-types-supported',
      {
        verdict: 'fail',
        seen: 'Not among the supported types: ml.g4dn.xlarge.',
        next: 'Choose among: ml.g6.2xlarge, ml.g5.2xlarge',
      },
    ],
    [
      'without network isolation',
      stack({ container: { ModelPackageName: PACKAGE } }),
      completed,
      'network-isolation',
      { verdict: 'fail' },
    ],
    [
      'of another region',
      stack({
        container: { ModelPackageName: PACKAGE.replace('us-east-1', 'eu-west-1') },
        model: { EnableNetworkIsolation: true },
      }),
      completed,
      'model-package',
      { verdict: 'fail', seen: expect.stringContaining('eu-west-1') },
    ],
  ])('%s', async (_, subject, overrides, name, expected) => {
    expect((await run(subject, overrides)).of(name)).toMatchObject(expected);
  });
});

test('quotas are found on a later page, and among the defaults', async () => {
  const { of, calls } = await run(
    stack({
      variant: {
        InstanceType: undefined,
        InstancePools: [
          { InstanceType: 'ml.g6.2xlarge', Priority: 1 },
          { InstanceType: 'ml.g5.2xlarge', Priority: 2 },
        ],
      },
    }),
    {
      ListServiceQuotas: (input, call) =>
        call < 4
          ? { Quotas: [{ QuotaName: `other ${call}` }], NextToken: String(call) }
          : {
              Quotas: [
                { QuotaName: 'ml.g6.2xlarge for endpoint usage', QuotaCode: 'L-1', Value: Number(input.NextToken) },
              ],
            },
      ListAWSDefaultServiceQuotas: () => ({
        Quotas: [{ QuotaName: 'ml.g5.2xlarge for endpoint usage', QuotaCode: 'L-2', Value: 0 }],
      }),
    },
  );
  expect(of('quota-ml.g6.2xlarge')).toMatchObject({ verdict: 'pass', seen: expect.stringContaining('The quota is 3') });
  expect(of('quota-ml.g5.2xlarge')).toMatchObject({ verdict: 'fail', next: expect.stringContaining('L-2') });
  expect(calls.filter(call => call === 'ListServiceQuotas')).toHaveLength(4);
});

test('every look that is not allowed is a warning that names the action', async () => {
  await using aws = await FakeAws.start({ GetCallerIdentity: () => CALLER_IDENTITY });
  using plane = new ControlPlane(aws.options);
  const { findings, online } = await preflight(
    stack({ container: { ModelPackageName: PACKAGE }, model: { EnableNetworkIsolation: true } }),
    plane,
    { runtimeUri },
  );
  expect(online).toBe(true);
  const denied = findings.filter(finding => /is denied/.test(finding.seen));
  expect(denied.map(finding => [finding.name, finding.verdict, /(\S+:\S+) is denied/.exec(finding.seen)?.[1]])).toEqual(
    [
      ['bootstrap', 'warn', 'cloudformation:DescribeStacks'],
      ['stack-state', 'warn', 'cloudformation:DescribeStacks'],
      ['endpoint-name', 'warn', 'sagemaker:DescribeEndpoint'],
      ['quota-ml.g6.2xlarge', 'warn', 'servicequotas:ListServiceQuotas'],
      ['model-package', 'warn', 'sagemaker:DescribeModelPackage'],
    ],
  );
  expect(findings.some(finding => finding.verdict === 'fail')).toBe(false);
});

test('offline, it says so, checks the template all the same and asks nothing more', async () => {
  await using aws = await FakeAws.start({ GetCallerIdentity: () => NO_ANSWER });
  using plane = new ControlPlane({ ...aws.options, timeoutMs: 200 });
  const report = await preflight(stack({ role: { Policies: [] } }), plane, { runtimeUri });
  expect(report.online).toBe(false);
  expect(aws.calls).toEqual(['GetCallerIdentity']);
  expect(renderTable(report)).toMatchSnapshot();
});

test('without credentials, nothing is asked and everything says why', async () => {
  await using aws = await FakeAws.start({
    GetCallerIdentity: () => new ServiceError('ExpiredToken', 'The token is expired', 403),
  });
  using plane = new ControlPlane(aws.options);
  const { findings, online } = await preflight(stack(), plane, { runtimeUri });
  expect(online).toBe(false);
  expect(findings.find(finding => finding.name === 'credentials')).toMatchObject({
    verdict: 'fail',
    next: 'Sign in, for example with: aws sso login',
  });
  expect(findings.find(finding => finding.name === 'aws')?.verdict).toBe('skip');
});

test('one service that hangs does not hold the others up', async () => {
  const { verdicts, of } = await run(stack(), { DescribeEndpoint: () => NO_ANSWER }, {}, { timeoutMs: 600 });
  expect(of('endpoint-name')).toMatchObject({ verdict: 'warn', seen: 'AWS did not answer: no answer within 0.6 s' });
  expect(verdicts['quota-ml.g6.2xlarge']).toBe('pass');
});

test('a runtime port that nobody answers is a warning', async () => {
  const closed = createServer();
  await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve));
  const uri = new URL(`https://127.0.0.1:${(closed.address() as { port: number }).port}`);
  await new Promise(resolve => closed.close(resolve));
  const { checkRuntimePort } =
    require('../../../lib/operate/preflight/reach') as typeof import('../../../lib/operate/preflight/reach');
  expect(await checkRuntimePort('us-east-1', uri)).toMatchObject({
    verdict: 'warn',
    seen: expect.stringContaining('ECONNREFUSED'),
  });
  expect(await checkRuntimePort('us-east-1', runtimeUri)).toMatchObject({ verdict: 'pass' });
});
