import { knownValue, type ModelDefinition } from '../../assembly';
import { ecrRegistryOf } from '../../contract';
import { checkImage } from '../../image/check-image';
import { readEcrImage } from '../../image/ecr-image';
import { ImageError } from '../../image/image-error';
import { parseImageReference } from '../../image/image-reference';
import { ImageRule } from '../../image/image-rules';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { unanswered } from '../unanswered';

const PRESENT: Rule = {
  name: 'image',
  rule: 'The image is in Amazon ECR, in a private repository of this region.',
  source: 'SageMaker AI developer guide, "Use your own inference code with hosting services"',
};

/** The checks of an image that decide whether it can be deployed and streamed to. */
const ASKED: readonly string[] = [ImageRule.LABEL, ImageRule.PLATFORM, ImageRule.SINGLE_MANIFEST].map(
  ({ name }) => name,
);

/** Reads the image of a model in ECR, manifest and configuration only; nothing when the model is a package. */
export async function checkModelImage(plane: ControlPlane, model: ModelDefinition): Promise<Finding[]> {
  if (model.modelPackageArn !== undefined) return [];
  const uri = knownValue(model.imageUri);
  if (uri === undefined) {
    return [finding(PRESENT, skip('The image is known only after deployment.'))];
  }
  const reference = parseImageReference(uri);
  const registry = ecrRegistryOf(reference.registry);
  if (!registry) {
    return [
      finding(
        PRESENT,
        fail(
          `${uri} is not in a private ECR repository, and SageMaker pulls images from these only.`,
          'BidiImage.fromDirectory(directory), or push the image to ECR and use BidiImage.fromRepository(repository, tag).',
        ),
      ),
    ];
  }
  const answer = await plane.ask('ecr:BatchGetImage', () =>
    readEcrImage(reference, registry, { client: plane.ecr, timeoutMs: plane.timeoutMs }).catch((error: unknown) => {
      // An error with a cause is ECR's own answer; one without is about the image.
      if (error instanceof ImageError && error.cause === undefined) return error;
      throw error instanceof ImageError ? error.cause : error;
    }),
  );
  if (answer.kind === 'answered') {
    const image = answer.value;
    if (!(image instanceof ImageError)) {
      return [
        finding(PRESENT, pass(`In ECR, ${Math.ceil(image.totalBytes / 1_000_000)} MB compressed`)),
        ...checkImage(image).filter(({ name }) => ASKED.includes(name)),
      ];
    }
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
