import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Construct, RootConstruct } from 'constructs';
import { readAppContext } from '../../../bin/context/app-context';
import { RUNBOOK, renderRunbook } from '../../../docs/generate/runbook';
import { explainFailure, FAILURE_CAUSES, fillFix } from '../../../lib/operate/failures';

const SYMPTOMS = FAILURE_CAUSES.flatMap(cause =>
  cause.symptoms.map((symptom, index) => ({ name: `${cause.name} #${index + 1}`, cause, symptom })),
);

test.each(SYMPTOMS)('$name is recognised by its example, before any other cause', ({ cause, symptom }) => {
  expect(explainFailure(symptom.example)[0]?.name).toBe(cause.name);
});

test('every cause has a name of its own, a cause, a fix and a source', () => {
  const names = FAILURE_CAUSES.map(cause => cause.name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, title, cause, fixes, source, symptoms } of FAILURE_CAUSES) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect([title, cause, source].every(text => text.length > 10)).toBe(true);
    expect(fixes.length).toBeGreaterThan(0);
    expect(symptoms.length).toBeGreaterThan(0);
  }
});

test('every symptom asks for something', () => {
  for (const { symptom } of SYMPTOMS) {
    const { example: _, ...conditions } = symptom;
    expect(Object.keys(conditions).length).toBeGreaterThan(0);
  }
});

test('nothing is explained where nothing is known', () => {
  expect(explainFailure({})).toEqual([]);
  expect(explainFailure({ reason: 'A reason of an unknown kind.' })).toEqual([]);
});

test('a line of the log says more than the generic reason', () => {
  const causes = explainFailure({
    reason: 'The primary container for production variant AllTraffic did not pass the ping health check.',
    logExists: true,
    logLines: ['loading model', 'torch.cuda.OutOfMemoryError: CUDA out of memory.'],
  }).map(cause => cause.name);
  expect(causes).toEqual(['gpu-memory', 'health-check', 'container-failed']);
});

test('without a log, a deployment that outlasts its download timeout is one that was still downloading', () => {
  const noLog = { reason: 'Request to service failed.', logExists: false, downloadTimeoutSeconds: 600 };
  expect(explainFailure({ ...noLog, elapsedSeconds: 700 })[0]?.name).toBe('download-timeout');
  expect(explainFailure({ ...noLog, elapsedSeconds: 300 })[0]?.name).toBe('container-never-started');
});

test('a log that could not be read proves nothing', () => {
  expect(explainFailure({ reason: 'Request to service failed.' })).toEqual([]);
});

test('a fix takes the names at hand and leaves the others open', () => {
  const fix = { text: 'Look at <endpoint> of <stack>.', command: 'aws logs tail <endpoint> --region <region>' };
  expect(fillFix(fix, { endpoint: 'echo', region: 'eu-west-1' })).toEqual({
    text: 'Look at echo of <stack>.',
    command: 'aws logs tail echo --region eu-west-1',
  });
});

test('a pool names each type once, whichever type failed', () => {
  const fixes = FAILURE_CAUSES.find(cause => cause.name === 'capacity')!.fixes;
  expect(fillFix(fixes[0]!, { stack: 'DeepgramStack', instanceType: 'ml.g6e.2xlarge' })).toMatchObject({
    command: 'npx cdk deploy DeepgramStack -c instanceTypes=ml.g6e.2xlarge,ml.g5.2xlarge',
    cdk: "instanceTypes: ['ml.g6e.2xlarge', 'ml.g5.2xlarge']",
  });
});

test('the context in commands is understood by the app', () => {
  const filled = FAILURE_CAUSES.flatMap(cause =>
    cause.fixes.map(fix => fillFix(fix, { instanceType: 'ml.g6.xlarge' })),
  );
  const context = filled.flatMap(({ command }) => [...(command ?? '').matchAll(/-c (\w+)=(\S+)/g)]);
  expect(context.map(([, key]) => key)).toEqual(
    expect.arrayContaining(['modelDownloadTimeout', 'startupHealthCheckTimeout', 'instanceTypes', 'instanceType']),
  );
  for (const [, key, value] of context) {
    const app: Construct = new RootConstruct();
    app.node.setContext(key!, value);
    expect(Object.keys(readAppContext(app, ['EchoBidiStack']).forStack('EchoBidiStack'))).toContain(key);
  }
});

test('the lines of CDK name properties that the constructs have', () => {
  const infra = join(__dirname, '../../../lib/infra');
  const source = readdirSync(infra)
    .filter(file => file.endsWith('.ts'))
    .map(file => readFileSync(join(infra, file), 'utf8'))
    .join('\n');
  const properties = FAILURE_CAUSES.flatMap(cause =>
    cause.fixes.flatMap(fix => /^(\w+):/.exec(fix.cdk ?? '')?.[1] ?? []),
  ).filter(property => property !== 'assumedBy'); // the CDK's own, of iam.Role
  const unknown = properties.filter(property => !new RegExp(`readonly ${property}\\??:`).test(source));
  expect([...new Set(unknown)]).toEqual([]);
});

test('docs/runbook.md is what the table says; `npm run docs:runbook` writes it', () => {
  expect(readFileSync(RUNBOOK, 'utf8')).toBe(renderRunbook());
});
