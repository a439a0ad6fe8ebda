import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destroyCheckCommand } from '../../bin/commands/destroy-check';
import { preflightCommand } from '../../bin/commands/preflight';
import { statusCommand } from '../../bin/commands/status';
import { CALLER_IDENTITY, FakeAws, ServiceError } from '../fake-aws';
import { runCommand } from './support/run-command';

let assembly: string;

/** What `cdk synth` writes for a stack with an endpoint, as far as the commands read it. */
const TEMPLATE = {
  Resources: {
    Endpoint: {
      Type: 'AWS::SageMaker::Endpoint',
      Properties: { EndpointName: 'echo-bidi', EndpointConfigName: { 'Fn::GetAtt': ['Config', 'EndpointConfigName'] } },
    },
    Config: {
      Type: 'AWS::SageMaker::EndpointConfig',
      Properties: {
        ProductionVariants: [{ ModelName: { 'Fn::GetAtt': ['Model', 'ModelName'] }, InstanceType: 'ml.g6.2xlarge' }],
      },
    },
    Model: {
      Type: 'AWS::SageMaker::Model',
      Properties: {
        ExecutionRoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
        PrimaryContainer: { Image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:v1' },
      },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'sagemaker.amazonaws.com' } }] },
        Policies: [
          {
            PolicyDocument: {
              Statement: [{ Effect: 'Allow', Action: ['logs:*', 'cloudwatch:*', 'ecr:*'], Resource: '*' }],
            },
          },
        ],
      },
    },
  },
};

const MANIFEST = {
  artifacts: {
    EchoBidiStack: {
      type: 'aws:cloudformation:stack',
      environment: 'aws://unknown-account/unknown-region',
      properties: { templateFile: 'template.json' },
    },
  },
};

beforeAll(() => {
  assembly = mkdtempSync(join(tmpdir(), 'assembly-'));
  writeFileSync(join(assembly, 'manifest.json'), JSON.stringify(MANIFEST));
  writeFileSync(join(assembly, 'template.json'), JSON.stringify(TEMPLATE));
});

afterAll(() => rmSync(assembly, { recursive: true }));

const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

const COMMANDS = { preflight: preflightCommand, status: statusCommand, 'destroy-check': destroyCheckCommand };

/** Runs a command in this process, with AWS at the fake. */
function bidi(aws: { url: string }, command: keyof typeof COMMANDS, ...words: string[]) {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  return runCommand(COMMANDS[command](), words);
}

const inService = {
  GetCallerIdentity: () => CALLER_IDENTITY,
  DescribeEndpoint: () => ({
    EndpointName: 'echo-bidi',
    EndpointArn: 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo-bidi',
    EndpointStatus: 'InService',
    EndpointConfigName: 'config',
    CreationTime: 1_700_000_000,
    LastModifiedTime: 1_700_000_600,
  }),
  ListStackResources: () => new ServiceError('ValidationError', 'Stack with id echo-bidi does not exist'),
};

test('preflight reads the cloud assembly and gives every finding as JSON', async () => {
  await using aws = await FakeAws.start({ GetCallerIdentity: () => CALLER_IDENTITY });
  const { stdout, exitCode } = await bidi(aws, 'preflight', 'EchoBidiStack', '--app', assembly, '--json');
  const report = JSON.parse(stdout) as {
    subject: string;
    online: boolean;
    findings: { name: string; verdict: string }[];
  };
  expect(report.findings.filter(finding => finding.verdict === 'fail')).toEqual([]);
  expect(report).toMatchObject({ subject: 'EchoBidiStack', online: true });
  expect(report.findings).toContainEqual(expect.objectContaining({ name: 'execution-role-trust', verdict: 'pass' }));
  expect(report.findings).toContainEqual(expect.objectContaining({ name: 'execution-role-rights', verdict: 'pass' }));
  expect(exitCode).toBe(0);
});

test('preflight without AWS ends with 2, and one that finds a fault with 1', async () => {
  await using offline = await FakeAws.start({
    GetCallerIdentity: () => new ServiceError('ExpiredToken', 'expired', 403),
  });
  expect((await bidi(offline, 'preflight', 'EchoBidiStack', '--app', assembly)).exitCode).toBe(2);
  await using aws = await FakeAws.start({
    GetCallerIdentity: () => CALLER_IDENTITY,
    ListServiceQuotas: () => ({ Quotas: [] }),
    ListAWSDefaultServiceQuotas: () => ({ Quotas: [] }),
  });
  expect((await bidi(aws, 'preflight', 'EchoBidiStack', '--app', assembly)).exitCode).toBe(1);
});

test('preflight names the stacks that there are', async () => {
  await using aws = await FakeAws.start({});
  await expect(bidi(aws, 'preflight', 'Nothing', '--app', assembly)).rejects.toMatchObject({
    name: 'UnknownStackError',
    why: 'It has EchoBidiStack.',
  });
});

test('status of an endpoint in service ends with 0, of one that is not there with 1', async () => {
  await using aws = await FakeAws.start(inService);
  expect(await bidi(aws, 'status', 'echo-bidi')).toMatchObject({
    stdout: expect.stringContaining('echo-bidi  InService'),
    exitCode: 0,
  });
  await using empty = await FakeAws.start({
    ...inService,
    DescribeEndpoint: () => new ServiceError('ValidationException', 'Could not find endpoint'),
  });
  expect((await bidi(empty, 'status', 'echo-bidi', '--json')).exitCode).toBe(1);
});

test.each([
  ['status', '--endpoint', 'echo-bidi'],
  ['status', 'echo-bidi', '--stack', 'echo-bidi'],
])('%s takes a name by an option too: %s %s', async (...words) => {
  await using aws = await FakeAws.start(inService);
  expect((await bidi(aws, words[0] as 'status', ...words.slice(1))).stdout).toContain('echo-bidi  InService');
});

test.each([
  [['status'], 'No stack is named.'],
  [['status', 'one', '--stack', 'other'], 'Several things are named: one, other.'],
  [['preflight'], 'No stack is named.'],
  [['destroy-check', '--stack', 'one', '--endpoint', 'other'], 'Several things are named: one, other.'],
])('%j names no single thing', async (words, what) => {
  await using aws = await FakeAws.start({});
  await expect(bidi(aws, words[0] as 'status', ...words.slice(1))).rejects.toMatchObject({
    code: 'ERR_BIDI_USAGE',
    what,
  });
});

test('status --wait shows progress on stderr and the result on stdout', async () => {
  await using aws = await FakeAws.start(inService);
  const { stdout, stderr, exitCode } = await bidi(aws, 'status', 'echo-bidi', '--wait', '--json');
  expect(stderr).toMatch(/^00:0\d {2}echo-bidi {2}InService\n$/);
  expect(JSON.parse(stdout)).toMatchObject({ endpoints: [{ state: { status: 'InService' } }] });
  expect(exitCode).toBe(0);
});

test('status without credentials ends with 2', async () => {
  await using aws = await FakeAws.start({ ListStackResources: () => new ServiceError('ExpiredToken', 'expired', 403) });
  expect(await bidi(aws, 'status', 'echo-bidi')).toMatchObject({
    stderr: expect.stringContaining('next:'),
    exitCode: 2,
  });
});

test('destroy-check without credentials says that of the credentials, and ends with 2', async () => {
  await using aws = await FakeAws.start({ DescribeStacks: () => new ServiceError('ExpiredToken', 'expired', 403) });
  const { stdout, exitCode } = await bidi(aws, 'destroy-check', 'Gone', '--app', assembly);
  expect(stdout).toMatch(
    /^FAIL {2}credentials {2}No valid credentials: expired\n +rule: The AWS credentials are valid/m,
  );
  expect(stdout).toMatch(/^SKIP {2}stack {8}AWS cannot be asked/m);
  expect(stdout).toContain('2 checks: 0 passed');
  expect(exitCode).toBe(2);
});

test('destroy-check ends with 1 while an endpoint bills', async () => {
  await using aws = await FakeAws.start({
    ...inService,
    DescribeStacks: () => new ServiceError('ValidationError', 'Stack does not exist'),
    ListStacks: { StackSummaries: [] },
  });
  const { stdout, exitCode } = await bidi(aws, 'destroy-check', 'EchoBidiStack', '--app', assembly);
  expect(stdout).toMatch(/FAIL\s+endpoint\s+Endpoint \S+ is InService/);
  expect(exitCode).toBe(1);
});
