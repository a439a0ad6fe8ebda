import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { BIDIRECTIONAL_LABEL, BIDIRECTIONAL_LABEL_VALUE, endpointLogGroup, runtimeUri } from '../../lib/contract';
import { LocalSageMaker } from '../../lib/local';
import type { Scorecard } from '../interop/scorecard';
import { Cdk } from './cdk';
import { Deployed } from './deployed';
import { startEmulator } from './emulator';
import { rehearseGateway } from './gateway';
import { type ImageBuilder, imageBuilder, makeBaseImage } from './image-builder';
import { ImageEngine } from './image-engine';
import { type PushedImage, readPushedImage } from './pushed-image';
import { startRegistry } from './registry';
import { ECR_HOST, MODEL_PACKAGE_ARN, REGION } from './rehearsal-account';
import { changeEchoContainer, copySourceTree } from './source-tree';

/** Programs and places that a rehearsal works with. */
export interface RehearsalTools {
  /** Directory of the Python executables. */
  readonly python: string;
  readonly buildah: string;
  readonly registry: string;
  /** Directory of this run. */
  readonly directory: string;
}

const ECHO_CONTEXT = ['EchoBidiStack:instanceType=ml.c7i.xlarge', 'EchoBidiStack:environment=GREETING=hello'];
const POOL = ['ml.g6.2xlarge', 'ml.g6e.2xlarge', 'ml.g5.2xlarge'];
const DEEPGRAM_CONTEXT = [
  `modelPackageArn=${MODEL_PACKAGE_ARN}`,
  `DeepgramStack:instanceTypes=${POOL.join(',')}`,
  'DeepgramStack:maxCapacity=4',
  'DeepgramStack:targetConcurrency=20',
  'DeepgramStack:invokePolicy=true',
];

/** What this rehearsal does not show, because nothing here executes it, and where it is checked instead. */
const NOT_EXECUTED: Readonly<Record<string, string>> = {
  "the bootstrap's AWS::S3::BucketPolicy":
    'it refuses the cleartext HTTP that the emulator speaks; the CDK owns and tests it',
  'IAM decisions': 'the emulator allows everything; the policies are checked by cfn-lint and by `bidi preflight`',
  'service quotas': 'the emulator knows none for SageMaker; the operate tests play them',
  'Fargate, the load balancer and its health checks, scaling by the gateway\u2019s figures':
    'the emulator keeps records only; the image is run by itself, and nothing of it has run in AWS',
  'instances, blue/green traffic and rollback':
    'the emulator changes records only; the properties of every rollout are held against the API model',
};

/** Bootstrap, two deployments, an update, every look at them, and the way back. */
export async function rehearseDeployment(tools: RehearsalTools, scorecard: Scorecard): Promise<void> {
  const { directory } = tools;
  const registry = await startRegistry(tools.registry, directory);
  const emulator = await startEmulator(tools.python, registry.url, directory);
  const builder = imageBuilder(tools.buildah, registry, directory);
  const root = copySourceTree(directory);
  const cdk = new Cdk(root, { ...emulator.environment, ...builder.environment }, directory);
  const deployed = new Deployed(emulator);

  const base = await scorecard.check("a base image of this machine's Node.js is made", () =>
    makeBaseImage(builder, directory),
  );
  if (!base || !(await passes(scorecard, 'cdk bootstrap', () => cdk.bootstrap()))) return;

  await scorecard.check('bidi preflight before the first deployment finds nothing in the way', () =>
    preflight(cdk, 'EchoBidiStack', []),
  );
  const outputs = await scorecard.check('cdk deploy EchoBidiStack', () => cdk.deploy('EchoBidiStack', ...ECHO_CONTEXT));
  if (!outputs) {
    console.log(readFileSync(builder.log, 'utf8'));
    return;
  }
  await scorecard.check('the outputs are as promised', () => assertEchoOutputs(outputs));
  await scorecard.check('model, configuration and endpoint are what the construct was told', () =>
    assertEcho(deployed, outputs.ImageUri!),
  );
  const image = await scorecard.check('the pushed image is one linux/amd64 manifest with the label', () =>
    assertImage(readPushedImage(registry, outputs.ImageUri!)),
  );
  await lookAtEcho(cdk, outputs.ImageUri!, scorecard);
  if (image) await runImage(new ImageEngine(builder, localTag(builder), image, directory), scorecard);
  await update(root, cdk, deployed, scorecard);
  await updateScaled(cdk, deployed, scorecard);
  await rehearseDeepgram(cdk, deployed, scorecard);
  await rehearseGateway({ cdk, deployed, builder, registry, directory }, scorecard);

  await scorecard.check('cdk destroy EchoBidiStack and DeepgramStack', async () => {
    await cdk.destroy(['EchoBidiStack', 'DeepgramStack'], ...ECHO_CONTEXT, ...DEEPGRAM_CONTEXT);
  });
  await scorecard.check('nothing is left but the bootstrap', async () => {
    assert.deepEqual(await deployed.leftovers(), []);
    assert.deepEqual(await deployed.stacks(), ['CDKToolkit']);
  });
  for (const [what, why] of Object.entries(NOT_EXECUTED)) scorecard.skip(what, why);
}

function assertEchoOutputs(outputs: Readonly<Record<string, string>>): void {
  assert.equal(outputs.RuntimeUri, runtimeUri(REGION));
  assert.equal(outputs.FipsRuntimeUri, runtimeUri(REGION, { fips: true }));
  assert.equal(outputs.EndpointName, 'echo-bidi');
  assert.match(outputs.EndpointArn ?? '', /^arn:aws:sagemaker:us-east-1:\d{12}:endpoint\/echo-bidi$/);
  assert.equal(outputs.StreamUrl, `${runtimeUri(REGION)}/endpoints/echo-bidi/invocations-bidirectional-stream`);
  assert.ok(outputs.ImageUri?.startsWith(`${ECR_HOST}/cdk-hnb659fds-container-assets-`), outputs.ImageUri);
  assert.equal(outputs.LogGroupName, endpointLogGroup('echo-bidi'));
  assert.match(outputs.DashboardUrl ?? '', /^https:\/\//);
  assert.match(outputs.TryIt ?? '', /echo-bidi/);
}

async function assertEcho(deployed: Deployed, imageUri: string): Promise<void> {
  const { endpoint, config, model } = await deployed.endpoint('echo-bidi');
  assert.equal(endpoint.EndpointStatus, 'InService');
  assert.deepEqual(model.PrimaryContainer?.Image, imageUri);
  assert.deepEqual(model.PrimaryContainer?.Environment, { GREETING: 'hello' });
  assert.equal(model.EnableNetworkIsolation, false);
  assert.match(model.ExecutionRoleArn ?? '', /^arn:aws:iam::\d{12}:role\//);
  const [variant, ...others] = config.ProductionVariants ?? [];
  assert.deepEqual(others, []);
  assert.equal(variant?.VariantName, 'AllTraffic');
  assert.equal(variant?.InstanceType, 'ml.c7i.xlarge');
  assert.equal(variant?.InitialInstanceCount, 1);
  assert.equal(variant?.ModelName, model.ModelName);
}

async function assertImage(reading: Promise<PushedImage>): Promise<PushedImage> {
  const image = await reading;
  assert.equal(image.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
  assert.equal(`${image.os}/${image.architecture}`, 'linux/amd64');
  assert.equal(image.labels[BIDIRECTIONAL_LABEL], BIDIRECTIONAL_LABEL_VALUE);
  assert.deepEqual(image.entrypoint, ['node', 'server.js']);
  assert.equal(image.user, '');
  return image;
}

interface Report {
  readonly findings: readonly { readonly name: string; readonly verdict: string; readonly seen: string }[];
}

/** Preflight must find nothing wrong but what is wrong: warnings that the emulator causes are named in `NOT_EXECUTED`. */
async function preflight(cdk: Cdk, stack: string, context: readonly string[]): Promise<void> {
  const words = ['preflight', stack, ...context.flatMap(entry => ['--context', entry])];
  const { findings } = (await cdk.bidi(words, [0, 1])) as Report;
  const failed = findings.filter(finding => finding.verdict === 'fail');
  assert.deepEqual(failed, []);
  for (const name of ['credentials', 'bootstrap', 'endpoint-name']) {
    assert.equal(findings.find(finding => finding.name === name)?.verdict, 'pass', name);
  }
}

/** The kit's own commands against the same account and registry. */
async function lookAtEcho(cdk: Cdk, imageUri: string, scorecard: Scorecard): Promise<void> {
  await scorecard.check('bidi preflight knows the deployed endpoint as its own', () =>
    preflight(cdk, 'EchoBidiStack', []),
  );
  await scorecard.check('bidi status tells the endpoint in service', async () => {
    const status = JSON.stringify(await cdk.bidi(['status', 'EchoBidiStack']));
    for (const words of ['echo-bidi', 'InService', 'ml.c7i.xlarge'])
      assert.ok(status.includes(words), `no ${words}: ${status}`);
  });
  await scorecard.check('bidi check finds no fault in the pushed image', async () => {
    const { findings } = (await cdk.bidi(['check', imageUri, '--pushed', '--no-live'])) as Report;
    assert.ok(findings.length >= 5);
    assert.deepEqual(
      findings.filter(finding => finding.verdict !== 'pass'),
      [],
    );
  });
}

/** The image itself, run as the platform runs it: its entry point with `serve`. */
async function runImage(engine: ImageEngine, scorecard: Scorecard): Promise<void> {
  const model = { name: 'echo', environment: {} };
  await scorecard.check('the image, run, passes every live check of bidi check', async () => {
    const { checkContainer } = require('../../lib/check') as typeof import('../../lib/check');
    const start = () => engine.start({ model, name: 'echo', onLine: () => undefined });
    const findings = await checkContainer({ start });
    assert.ok(findings.length >= 5);
    assert.deepEqual(
      findings.filter(finding => finding.verdict === 'fail').map(({ name, seen }) => `${name}: ${seen}`),
      [],
    );
  });
  await scorecard.check('the image serves the phrases of the demo behind the local SageMaker', async () => {
    const endpoints = [{ name: 'echo-bidi', variants: [{ name: 'AllTraffic', model }] }];
    await using local = await LocalSageMaker.start({ endpoints, engine, port: 0 });
    const client = new SageMakerRuntimeHTTP2Client({
      endpoint: local.url,
      region: local.region,
      credentials: local.credentials,
      requestHandler: { nodeHttp2ConnectOptions: { ca: local.certificateAuthority } },
    });
    try {
      await using session = await BidiSession.open({ client, endpointName: 'echo-bidi' });
      const answers = session[Symbol.asyncIterator]();
      for (const phrase of ['I need help with', 'my account balance']) {
        await session.send(phrase);
        assert.equal((await answers.next()).value, phrase);
      }
      await session.close();
    } finally {
      client.destroy();
    }
  });
}

/** A changed image: model and configuration are new ones, the endpoint is the same. */
async function update(root: string, cdk: Cdk, deployed: Deployed, scorecard: Scorecard): Promise<void> {
  const before = await deployed.endpoint('echo-bidi');
  changeEchoContainer(root);
  const outputs = await scorecard.check('cdk deploy EchoBidiStack with a changed container', () =>
    cdk.deploy('EchoBidiStack', ...ECHO_CONTEXT),
  );
  if (!outputs) return;
  await scorecard.check('the update replaced model and configuration and changed the endpoint in place', async () => {
    const after = await deployed.endpoint('echo-bidi');
    assert.notEqual(after.model.PrimaryContainer?.Image, before.model.PrimaryContainer?.Image);
    assert.equal(after.model.PrimaryContainer?.Image, outputs.ImageUri);
    assert.notEqual(after.model.ModelName, before.model.ModelName);
    assert.notEqual(after.config.EndpointConfigName, before.config.EndpointConfigName);
    assert.equal(after.endpoint.EndpointArn, before.endpoint.EndpointArn);
    assert.deepEqual(after.endpoint.CreationTime, before.endpoint.CreationTime);
    assert.ok(after.endpoint.LastModifiedTime! > before.endpoint.LastModifiedTime!);
    const kept = (await deployed.leftovers()).filter(name => /^(model|endpoint)/.test(name));
    assert.equal(kept.length, 3, `one endpoint, configuration and model each: ${kept}`);
    assert.equal((await deployed.imageTags()).length, 2);
  });
}

/**
 * A scaled endpoint that changes its instance type: refused in one deployment, as SageMaker refuses it while the variant is a scalable
 * target, and done in two.
 */
async function updateScaled(cdk: Cdk, deployed: Deployed, scorecard: Scorecard): Promise<void> {
  const scaled = [...ECHO_CONTEXT, 'EchoBidiStack:maxCapacity=4', 'EchoBidiStack:targetConcurrency=20'];
  const paused = [...scaled, 'EchoBidiStack:scalingPaused=true'];
  const larger = scaled.map(entry => entry.replace('ml.c7i.xlarge', 'ml.c7i.2xlarge'));
  const target = 'endpoint/echo-bidi/variant/AllTraffic';
  const typeAndTargets = async () => {
    const { endpoint, config } = await deployed.endpoint('echo-bidi');
    const [variant] = config.ProductionVariants ?? [];
    return { endpoint, type: variant?.InstanceType, targets: await deployed.scalableTargets() };
  };

  await scorecard.check('cdk deploy EchoBidiStack with scaling', async () => {
    await cdk.deploy('EchoBidiStack', ...scaled);
    assert.deepEqual((await typeAndTargets()).targets, [target]);
  });
  await scorecard.check('bidi preflight finds that a scaled variant would change its instance type', async () => {
    const words = ['preflight', 'EchoBidiStack', ...larger.flatMap(entry => ['--context', entry])];
    const { findings } = (await cdk.bidi(words, [1])) as Report;
    const found = findings.find(finding => finding.name === 'scaled-update');
    assert.equal(found?.verdict, 'fail', JSON.stringify(findings));
    assert.match(found.seen, /AllTraffic would change from ml\.c7i\.xlarge to ml\.c7i\.2xlarge/);
  });
  await scorecard.check('the change in one deployment is refused, and changes nothing', async () => {
    await assert.rejects(cdk.deploy('EchoBidiStack', ...larger), /scalable target/);
    const { type, targets } = await typeAndTargets();
    assert.deepEqual({ type, targets }, { type: 'ml.c7i.xlarge', targets: [target] });
  });
  await scorecard.check('with scaling paused, the scalable target goes and the endpoint is not touched', async () => {
    const before = await typeAndTargets();
    await cdk.deploy('EchoBidiStack', ...paused);
    const after = await typeAndTargets();
    assert.deepEqual(after.targets, []);
    assert.deepEqual(after.endpoint.LastModifiedTime, before.endpoint.LastModifiedTime);
  });
  await scorecard.check('then the change is made in place, and the variant scales again', async () => {
    await cdk.deploy('EchoBidiStack', ...larger);
    const { type, targets } = await typeAndTargets();
    assert.deepEqual({ type, targets }, { type: 'ml.c7i.2xlarge', targets: [target] });
  });
}

async function rehearseDeepgram(cdk: Cdk, deployed: Deployed, scorecard: Scorecard): Promise<void> {
  const outputs = await scorecard.check('cdk deploy DeepgramStack -c modelPackageArn=...', () =>
    cdk.deploy('DeepgramStack', ...DEEPGRAM_CONTEXT),
  );
  if (!outputs) return;
  await scorecard.check('the model package, its pool and its isolation are what the construct was told', async () => {
    const { endpoint, config, model } = await deployed.endpoint(outputs.EndpointName!);
    assert.equal(endpoint.EndpointStatus, 'InService');
    assert.equal(model.PrimaryContainer?.ModelPackageName, MODEL_PACKAGE_ARN);
    assert.equal(model.PrimaryContainer?.Image, undefined);
    assert.equal(model.EnableNetworkIsolation, true);
    const [variant] = config.ProductionVariants ?? [];
    assert.deepEqual(
      variant?.InstancePools?.map(pool => pool.InstanceType),
      POOL,
    );
    assert.equal(variant?.InferenceAmiVersion, 'al2023-ami-sagemaker-inference-gpu-4-1');
  });
  await scorecard.check('DeepgramStack scales, alarms and allows as it was told', async () => {
    const types = await deployed.resourceTypes('DeepgramStack');
    for (const type of [
      'AWS::ApplicationAutoScaling::ScalableTarget',
      'AWS::ApplicationAutoScaling::ScalingPolicy',
      'AWS::CloudWatch::Alarm',
      'AWS::CloudWatch::Dashboard',
      'AWS::IAM::ManagedPolicy',
    ]) {
      assert.ok(types.has(type), `no ${type} was created`);
    }
  });
}

/** The tag under which the builder keeps the image of the first deployment. */
function localTag(builder: ImageBuilder): string {
  const tag = /^docker build --tag (\S+)/m.exec(readFileSync(builder.log, 'utf8'))?.[1];
  if (!tag) throw new Error('The CDK CLI built no image.');
  return tag;
}

async function passes(scorecard: Scorecard, what: string, run: () => Promise<void>): Promise<boolean> {
  return (await scorecard.check(what, () => run().then(() => true))) === true;
}
