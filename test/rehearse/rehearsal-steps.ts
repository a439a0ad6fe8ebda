import assert from 'node:assert/strict';
import { checkContainer } from '../../lib/check';
import { BIDIRECTIONAL_LABEL, BIDIRECTIONAL_LABEL_VALUE, StackOutput } from '../../lib/contract';
import { contextWords } from '../acceptance/cdk';
import { deploymentContext, ENDPOINT_NAME, STACK, type Stage, type Step, VARIANT_NAME } from '../acceptance/stage';
import type { EmulatedAccount } from './emulated-account';
import { localTag } from './image-builder';
import { ImageEngine } from './image-engine';
import { readPushedImage } from './pushed-image';

interface Report {
  readonly findings: readonly { readonly name: string; readonly verdict: string; readonly seen: string }[];
}

/** Steps that the rehearsal adds to the acceptance: what only an emulated account shows, or shows without an hour of waiting. */
export function rehearsalSteps(account: EmulatedAccount): Step[] {
  return [
    {
      name: 'pushed-image',
      title: 'the pushed image is one linux/amd64 manifest with the label, and passes every live check of bidi check',
      boundMinutes: 5,
      play: stage => checkPushedImage(account, stage.outputs[StackOutput.IMAGE_URI]!),
    },
    {
      name: 'nothing-twice',
      title: 'the update left one model, one configuration and both images',
      boundMinutes: 5,
      play: async () => {
        const kept = (await account.deployed.leftovers()).filter(name => /^(model|endpoint)/.test(name));
        assert.equal(kept.length, 3, `one endpoint, configuration and model each: ${kept}`);
        assert.equal((await account.deployed.imageTags()).length, 2);
        return kept.join(', ');
      },
    },
    {
      name: 'scaled-update',
      title: 'a scaled variant changes its instance type in two deployments, and in one it is refused',
      boundMinutes: 5,
      play: updateScaled,
    },
  ];
}

async function checkPushedImage({ builder, registry, directory }: EmulatedAccount, imageUri: string): Promise<string> {
  const image = await readPushedImage(registry, imageUri);
  assert.equal(image.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
  assert.equal(`${image.os}/${image.architecture}`, 'linux/amd64');
  assert.equal(image.labels[BIDIRECTIONAL_LABEL], BIDIRECTIONAL_LABEL_VALUE);
  assert.deepEqual(image.entrypoint, ['node', 'server.js']);
  assert.equal(image.user, '');
  const engine = new ImageEngine(builder, localTag(builder, imageUri), image, directory);
  const model = { name: 'echo', environment: {} };
  const findings = await checkContainer({
    start: () => engine.start({ model, name: 'echo', onLine: () => undefined }),
  });
  assert.ok(findings.length >= 5);
  const failures = findings.filter(({ verdict }) => verdict === 'fail').map(({ name, seen }) => `${name}: ${seen}`);
  assert.deepEqual(failures, []);
  return `${findings.length} live checks`;
}

/**
 * A scaled endpoint that changes its instance type: refused in one deployment, as SageMaker refuses it while the variant is a scalable
 * target, and done in two.
 */
async function updateScaled(stage: Stage, abortSignal: AbortSignal): Promise<string> {
  const { cdk, deployed } = stage.backend;
  const type = stage.instanceType;
  const largerType = type.replace('.xlarge', '.2xlarge');
  const larger = deploymentContext(largerType);
  const paused = [...deploymentContext(type), `${STACK}:scalingPaused=true`];
  const target = `endpoint/${ENDPOINT_NAME}/variant/${VARIANT_NAME}`;
  const look = async () => {
    const { endpoint, config } = await deployed.endpoint(ENDPOINT_NAME);
    return { endpoint, type: config.ProductionVariants?.[0]?.InstanceType, targets: await deployed.scalableTargets() };
  };

  const words = ['preflight', STACK, ...contextWords(larger)];
  const { findings } = (await cdk.bidi(words, { exitCodes: [1], abortSignal })) as Report;
  const found = findings.find(({ name }) => name === 'scaled-update');
  assert.equal(found?.verdict, 'fail', JSON.stringify(findings));
  assert.ok(found.seen.includes(`${VARIANT_NAME} would change from ${type} to ${largerType}`), found.seen);

  await assert.rejects(cdk.deploy(STACK, larger, { abortSignal }), /scalable target/);
  const refused = await look();
  assert.deepEqual([refused.type, refused.targets], [type, [target]], 'A refused change changes nothing.');

  await cdk.deploy(STACK, paused, { abortSignal });
  const afterPause = await look();
  assert.deepEqual(afterPause.targets, [], 'With scaling paused, the scalable target goes.');
  assert.deepEqual(afterPause.endpoint.LastModifiedTime, refused.endpoint.LastModifiedTime);

  await cdk.deploy(STACK, larger, { abortSignal });
  const changed = await look();
  assert.deepEqual([changed.type, changed.targets], [largerType, [target]]);
  return `${type} to ${largerType}`;
}
