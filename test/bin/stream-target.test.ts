import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { findStreamTarget, openStreamTarget, type StreamTargetOptions } from '../../bin/stream-target';
import { UsageError } from '../../bin/usage-error';
import type { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { type LocalState, writeLocalState } from '../../lib/local/local-state';

const cloudFormation = mockClient(CloudFormationClient);
const before = process.cwd();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stream-target-'));
  process.chdir(directory);
  cloudFormation.reset();
});
afterEach(() => {
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
    expect(cloudFormation.calls()).toHaveLength(0);
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
    cloudFormation
      .on(ListStackResourcesCommand, { StackName: 'Other' })
      .resolves({ StackResourceSummaries: [resource('role', 'AWS::IAM::Role'), resource('other-1')] });
    expect(await found({ stack: 'Other', region: 'us-east-1' })).toMatchObject({
      endpointName: 'other-1',
      region: 'us-east-1',
    });
  });

  it('needs a name where the stack has more than one endpoint, and says so where it has none', async () => {
    cloudFormation
      .on(ListStackResourcesCommand)
      .resolves({ StackResourceSummaries: [resource('one'), resource('two')] });
    await expect(found({ stack: 'Both', region: 'us-east-1' })).rejects.toThrow(
      /more than one endpoint\.\n.*They are one, two\./,
    );
    expect(await found({ stack: 'Both', endpoint: 'two', region: 'us-east-1' })).toMatchObject({ endpointName: 'two' });
    cloudFormation.on(ListStackResourcesCommand).resolves({ StackResourceSummaries: [] });
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
    cloudFormation.on(ListStackResourcesCommand).rejects(Object.assign(new Error(message), { name }));
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
  const cache = process.env.XDG_CACHE_HOME;
  beforeEach(() => {
    process.env.XDG_CACHE_HOME = directory;
    writeLocalState(state(1, 'echo', 'Echo', 1));
    writeLocalState(state(2, 'speech', 'Speech', 2));
  });
  afterEach(() => {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cache;
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
