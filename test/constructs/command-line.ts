import { deepStrictEqual, match, strictEqual } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CALLER_IDENTITY, FakeAws } from '../fake-aws';
import { end, start } from '../interop/processes';
import type { Scorecard } from '../interop/scorecard';
import { bidi, FOLDER, NO_AWS, ROOT } from './workplace';

const STACK = 'StreamingStack';
const ENDPOINTS = ['echo', 'nova', 'voxtral'];

/** The command line on the cloud assembly of the app in Python. */
export async function checkCommandLine(scorecard: Scorecard, assembly: string): Promise<void> {
  await scorecard.check('bidi local hosts the endpoints of the app in Python', () => streamThroughLocal(assembly));
  await scorecard.check('bidi preflight judges the app in Python', async () => {
    const { stdout } = await bidi(['preflight', STACK, '--app', assembly, '--json'], {}, [0, 1, 2]);
    match(stdout, /execution-role-rights/);
    match(stdout, /private-access/);
  });
  await scorecard.check('bidi status shows the endpoints of the deployed app in Python', () => showStatus(assembly));
}

/** All three endpoints, with the stand-ins that the Python package brought: jsii's own copy of them is gone by now. */
async function streamThroughLocal(assembly: string): Promise<void> {
  const ready = join(FOLDER, 'ready.json');
  const words = ['local', '--app', assembly, '--simulate', '--port', '0', '--ready-file', ready];
  const log = join(FOLDER, 'local.log');
  const local = start(process.execPath, [join(ROOT, 'bin', 'bidi.js'), ...words], log, { env: NO_AWS });
  try {
    while (!existsSync(ready)) {
      strictEqual(local.exitCode, null, `bidi local has ended: ${existsSync(log) ? readFileSync(log, 'utf8') : ''}`);
      await sleep(100);
    }
    const { url, endpoints } = JSON.parse(readFileSync(ready, 'utf8'));
    deepStrictEqual(endpoints, ENDPOINTS);
    const { stdout } = await bidi(['invoke', 'Hello there', '--endpoint', 'echo', '--local', url]);
    strictEqual(stdout, 'Hello there\n');
  } finally {
    await end(local);
  }
}

/** AWS's answers for a stack that was deployed from the template of the app. */
async function showStatus(assembly: string): Promise<void> {
  const { Resources } = JSON.parse(readFileSync(join(assembly, `${STACK}.template.json`), 'utf8')) as {
    Resources: Record<string, { Type: string; Properties: { EndpointName?: string } }>;
  };
  await using aws = await FakeAws.start({
    GetCallerIdentity: () => CALLER_IDENTITY,
    ListStackResources: () => ({
      StackResourceSummaries: Object.entries(Resources).map(([id, { Type, Properties }]) => ({
        LogicalResourceId: id,
        PhysicalResourceId:
          Type === 'AWS::SageMaker::Endpoint'
            ? `arn:aws:sagemaker:us-east-1:123456789012:endpoint/${Properties.EndpointName}`
            : id,
        ResourceType: Type,
        ResourceStatus: 'CREATE_COMPLETE',
        LastUpdatedTimestamp: '2026-01-01T00:00:00Z',
      })),
    }),
    DescribeEndpoint: ({ EndpointName }) => ({
      EndpointName,
      EndpointArn: `arn:aws:sagemaker:us-east-1:123456789012:endpoint/${EndpointName}`,
      EndpointStatus: 'InService',
      EndpointConfigName: 'config',
      CreationTime: 1_700_000_000,
      LastModifiedTime: 1_700_000_600,
    }),
  });
  const { stdout } = await bidi(['status', '--stack', STACK, '--json'], {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  const { endpoints } = JSON.parse(stdout) as { endpoints: { state: { endpointName: string; status: string } }[] };
  deepStrictEqual(
    endpoints.map(({ state }) => `${state.endpointName} ${state.status}`).sort(),
    ENDPOINTS.map(name => `${name} InService`),
  );
}
