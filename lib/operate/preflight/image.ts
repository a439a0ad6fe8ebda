import {
  BIDIRECTIONAL_LABEL,
  BIDIRECTIONAL_LABEL_LINE,
  BIDIRECTIONAL_LABEL_VALUE,
  IMAGE_PLATFORM,
} from '../../contract';
import { ask, type ControlPlane } from '../aws';
import type { ContainerImage } from '../check/image/container-image';
import { readEcrImage } from '../check/image/ecr-image';
import { ImageError } from '../check/image/image-error';
import { ecrRegistryOf, parseImageReference } from '../check/image/image-reference';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip } from '../finding';
import type { EndpointPlan } from '../stack';
import { unanswered } from '../unanswered';

const CONTRACT = 'SageMaker AI developer guide, "Container contract to support bidirectional streaming capabilities"';

const PRESENT: Rule = {
  name: 'image',
  rule: 'The image is in Amazon ECR, in a private repository of this region.',
  source: 'SageMaker AI developer guide, "Use your own inference code with hosting services"',
};

const LABEL: Rule = {
  name: 'image-label',
  rule: `The image has the label ${BIDIRECTIONAL_LABEL}=${BIDIRECTIONAL_LABEL_VALUE}.`,
  source: CONTRACT,
};

const PLATFORM: Rule = { name: 'image-platform', rule: `The image is built for ${IMAGE_PLATFORM}.`, source: CONTRACT };

const MANIFEST: Rule = {
  name: 'image-manifest',
  rule: 'The image is one manifest, not an index with other platforms or attestations.',
  source: 'measured by operators; aws/amazon-sagemaker-feedback #180',
};

/** Reads the image of an endpoint's model in ECR, manifest and configuration only; nothing when the model is a package. */
export async function checkImage(plane: ControlPlane, plan: EndpointPlan): Promise<Finding[]> {
  if (!plan.model || plan.model.modelPackageArn !== undefined) return [];
  const uri = plan.model.imageUri;
  if (uri === undefined) {
    return [finding(PRESENT, skip('Only CloudFormation knows which image it will be.'))];
  }
  const reference = parseImageReference(uri);
  const registry = ecrRegistryOf(reference);
  if (!registry) {
    return [
      finding(
        PRESENT,
        fail(
          `${uri} is not in a private ECR repository; SageMaker pulls from nowhere else.`,
          'BidiImage.fromDirectory(directory), or push the image to ECR and use BidiImage.fromRepository(repository, tag).',
        ),
      ),
    ];
  }
  const answer = await ask(
    'ecr:BatchGetImage',
    () =>
      readEcrImage(reference, registry, { client: plane.ecr, timeoutMs: plane.timeoutMs }).catch((error: unknown) => {
        // What ECR itself said is the cause; an error without one is about the image.
        if (error instanceof ImageError && error.cause === undefined) return error;
        throw error instanceof ImageError ? error.cause : error;
      }),
    plane.timeoutMs,
  );
  if (answer.kind === 'answered') {
    const image = answer.value;
    if (!(image instanceof ImageError)) return judgeImage(image);
    if (!/holds no image/.test(image.what)) {
      return [finding(PRESENT, fail(image.what, image.next))];
    }
  } else if (answer.kind !== 'absent') {
    return [finding(PRESENT, unanswered(answer))];
  }
  return [finding(PRESENT, notThere(uri))];
}

/** An image of the CDK's own is pushed by the deployment; any other has to be there before it. */
function notThere(uri: string): Observation {
  return /\/cdk-[^/]*-container-assets-/.test(uri)
    ? skip('Not pushed yet: `cdk deploy` builds and pushes it.', 'Check its directory here: npx bidi check DIR')
    : fail(`${uri} does not exist.`, 'Push the image, or name a tag that exists.');
}

function judgeImage({ configuration, manifest, totalBytes }: ContainerImage): Finding[] {
  const label = configuration.labels[BIDIRECTIONAL_LABEL];
  const index = manifest.indexPlatforms;
  return [
    finding(PRESENT, pass(`In ECR, ${Math.ceil(totalBytes / 1_000_000)} MB compressed`)),
    finding(
      LABEL,
      label === BIDIRECTIONAL_LABEL_VALUE
        ? pass(`${label}`)
        : fail(label === undefined ? 'The label is not there.' : `The label is "${label}".`, BIDIRECTIONAL_LABEL_LINE),
    ),
    finding(
      PLATFORM,
      configuration.platform === IMAGE_PLATFORM
        ? pass(IMAGE_PLATFORM)
        : fail(`Built for ${configuration.platform}.`, `docker buildx build --platform ${IMAGE_PLATFORM} .`),
    ),
    finding(
      MANIFEST,
      index === undefined
        ? pass('One manifest')
        : fail(
            `An index of ${index.length} image${index.length === 1 ? '' : 's'} (${index.join(', ')}) and ${manifest.attestations ?? 0} attestations.`,
            `docker buildx build --platform ${IMAGE_PLATFORM} --provenance=false --sbom=false .`,
          ),
    ),
  ];
}
