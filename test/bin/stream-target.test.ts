import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findStreamTarget, openStreamTarget, type StreamTargetOptions } from '../../bin/stream-target';
import { UsageError } from '../../bin/usage-error';
import type { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { type LocalState, writeLocalState } from '../../lib/local/local-state';
import { FakeAws, ServiceError } from '../fake-aws';

const before = process.cwd();
const environment = process.env;
let aws: FakeAws;
let directory: string;

beforeAll(async () => {
  aws = await FakeAws.start();
});
afterAll(() => aws[Symbol.asyncDispose]());
beforeEach(() => {
  process.env = {
    ...environment,
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  directory = mkdtempSync(join(tmpdir(), 'stream-target-'));
  process.chdir(directory);
  aws.reset();
});
afterEach(() => {
  process.env = environment;
  process.chdir(before);
  rmSync(directory, { recursive: true, force: true });
});

async function found(options: StreamTargetOptions) {
  using target = await openStreamTarget(options);
  const { config } = target.client as SageMakerRuntimeHTTP2Client;
  return {
    endpointName: target.endpointName,
    targetVariant: target.targetVariant,
    region: await config.region(),
    fips: await config.useFipsEndpoint(),
  };
}

const outputs = (uri = 'https://runtime.sagemaker.eu-west-1.amazonaws.com:8443') =>
  writeFileSync(
    'cdk-outputs.json',
    JSON.stringify({ Speech: { EndpointName: 'speech-1', RuntimeUri: uri }, Other: {} }),
  );

const resource = (name: string, type = 'AWS::SageMaker::Endpoint') => ({
  LogicalResourceId: name,
  ResourceType: type,
  PhysicalResourceId: `arn:aws:sagemaker:us-east-1:111122223333:endpoint/${name}`,
  LastUpdatedTimestamp: new Date(0),
  ResourceStatus: 'CREATE_COMPLETE' as const,
});

describe('--stack', () => {
  it('is found in cdk-outputs.json, region included, without asking AWS', async () => {
    outputs();
    expect(await found({ stack: 'Speech', variant: 'Blue' })).toEqual({
      endpointName: 'speech-1',
      targetVariant: 'Blue',
      region: 'eu-west-1',
      fips: false,
    });
    expect(aws.calls).toEqual([]);
  });

  it('takes the region that is named over the one that was written down', async () => {
    outputs();
    expect(await found({ stack: 'Speech', region: 'us-east-2', fips: true })).toMatchObject({
      region: 'us-east-2',
      fips: true,
    });
  });

  it('is asked of CloudFormation where the file does not name it', async () => {
    outputs();
    aws.on('ListStackResources', {
      StackResourceSummaries: [resource('role', 'AWS::IAM::Role'), resource('other-1')],
    });
    expect(await found({ stack: 'Other', region: 'us-east-1' })).toMatchObject({
      endpointName: 'other-1',
      region: 'us-east-1',
    });
    expect(aws.inputsOf('ListStackResources')).toMatchObject([{ StackName: 'Other' }]);
  });

  it('tells the model that the stack serves, from the file or from CloudFormation', async () => {
    const written = { EndpointName: 'v', Protocol: 'vllm', ModelName: 'voxtral', MaxModelLen: '4096' };
    const serves = { protocol: 'vllm', modelName: 'voxtral', maxModelLen: 4096 };
    writeFileSync('cdk-outputs.json', JSON.stringify({ Vllm: written, Strange: { ...written, Protocol: 'smoke' } }));
    expect(await findStreamTarget({ stack: 'Vllm' })).toMatchObject({ serves });
    expect((await findStreamTarget({ stack: 'Strange' })).serves).toBeUndefined();
    aws.on('ListStackResources', { StackResourceSummaries: [resource('v')] });
    const Outputs = Object.entries(written).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
    const stack = { StackName: 'Asked', StackStatus: 'CREATE_COMPLETE' as const, CreationTime: new Date(0) };
    aws.on('DescribeStacks', { Stacks: [{ ...stack, Outputs }] });
    expect(await findStreamTarget({ stack: 'Asked', region: 'us-east-1' })).toMatchObject({ serves });
    aws.on('DescribeStacks', new ServiceError('AccessDenied', 'not authorized'));
    expect((await findStreamTarget({ stack: 'Asked', region: 'us-east-1' })).endpointName).toBe('v');
  });

  it('needs a name where the stack has more than one endpoint, and says so where it has none', async () => {
    aws.on('ListStackResources', { StackResourceSummaries: [resource('one'), resource('two')] });
    await expect(found({ stack: 'Both', region: 'us-east-1' })).rejects.toThrow(
      /more than one endpoint\.\n.*They are one, two\./,
    );
    expect(await found({ stack: 'Both', endpoint: 'two', region: 'us-east-1' })).toMatchObject({ endpointName: 'two' });
    aws.on('ListStackResources', { StackResourceSummaries: [] });
    await expect(found({ stack: 'None', region: 'us-east-1' })).rejects.toThrow('has no such endpoint');
  });

  it.each([
    ['ValidationError', 'Stack with id X does not exist', /CloudFormation knows no such stack/],
    ['AccessDenied', 'not authorized', /lacks cloudformation:ListStackResources/],
    [
      'ExpiredToken',
      'The security token included in the request is expired',
      /no AWS credentials, or they are not valid[\s\S]*aws sso login/,
    ],
  ])('says why CloudFormation cannot tell: %s', async (name, message, expected) => {
    aws.on('ListStackResources', new ServiceError(name, message));
    const refused = found({ stack: 'X', region: 'us-east-1' });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(expected);
  });

  it('says that cdk-outputs.json is broken instead of looking elsewhere', async () => {
    writeFileSync('cdk-outputs.json', '{"Speech":');
    await expect(found({ stack: 'Speech' })).rejects.toThrow(/^cdk-outputs\.json cannot be read/);
  });
});

describe('--local', () => {
  const state = (port: number, name: string, stack: string, minute: number): LocalState => ({
    url: `http://localhost:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoints: [{ name, stack }],
    processId: process.pid,
    startedAt: new Date(60_000 * minute).toISOString(),
  });
  beforeEach(() => {
    process.env.XDG_CACHE_HOME = directory;
    writeLocalState(state(1, 'echo', 'Echo', 1));
    writeLocalState(state(2, 'speech', 'Speech', 2));
  });

  it.each([[{ stack: 'Echo' }], [{ endpoint: 'echo' }]])(
    'finds %o in the one that was not started last',
    async named => {
      expect(await findStreamTarget({ local: true, ...named })).toMatchObject({
        endpointName: 'echo',
        local: { url: 'http://localhost:1' },
      });
    },
  );

  it('takes the one started last where nothing is named, and says so', async () => {
    const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(await findStreamTarget({ local: true })).toMatchObject({ endpointName: 'speech' });
      expect(stderr.mock.calls.join('')).toContain('http://localhost:2.');
    } finally {
      stderr.mockRestore();
    }
  });

  it('lists what all of them serve where none serves it', async () => {
    await expect(findStreamTarget({ local: true, stack: 'Nowhere' })).rejects.toThrow(
      'http://localhost:2 serves speech (Speech); http://localhost:1 serves echo (Echo).',
    );
  });
});

describe('--endpoint', () => {
  it('is taken as it is', async () => {
    expect(await found({ endpoint: 'speech', region: 'ap-southeast-2' })).toMatchObject({
      endpointName: 'speech',
      region: 'ap-southeast-2',
    });
  });
});
