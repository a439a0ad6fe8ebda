import { DescribeModelPackageCommand } from '@aws-sdk/client-sagemaker';
import { knownValue, type ModelDefinition, type VariantDefinition } from '../../assembly';
import { MODEL_PACKAGE_ARN_PATTERN } from '../../contract';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { unanswered } from '../unanswered';
import { knownInstanceTypes } from './hosting';

const READABLE: Rule = {
  name: 'model-package',
  rule: 'The model package can be read, is Completed, and is in the region of the stack; the account is subscribed to it.',
  source: 'API reference, DescribeModelPackage; Deepgram, deploy-amazon-sagemaker',
};

const TYPES: Rule = {
  name: 'instance-types-supported',
  rule: 'The model package supports every instance type of the pool for real-time endpoints.',
  source: 'API reference, InferenceSpecification, SupportedRealtimeInferenceInstanceTypes',
};

const ISOLATION: Rule = {
  name: 'network-isolation',
  rule: 'A model of a Marketplace package runs with network isolation.',
  source: 'Deepgram, deploy-amazon-sagemaker',
};

/** Checks the package of a model against the variants that run it; nothing when the model is an image. `online` is false where AWS does not answer. */
export async function checkModelPackage(
  plane: ControlPlane,
  model: ModelDefinition,
  variants: readonly VariantDefinition[],
  region: string | undefined,
  online: boolean,
): Promise<Finding[]> {
  if (model.modelPackageArn === undefined) return [];
  const isolation = finding(
    ISOLATION,
    model.networkIsolation
      ? pass('EnableNetworkIsolation is true')
      : fail(
          'EnableNetworkIsolation is not true.',
          'Create the model with BidiModel.fromModelPackage(modelPackageArn), which sets it.',
        ),
  );
  const arn = knownValue(model.modelPackageArn);
  if (arn === undefined) {
    return [finding(READABLE, skip('The ARN of the package is known only after deployment.')), isolation];
  }
  const packageRegion = MODEL_PACKAGE_ARN_PATTERN.exec(arn)?.[2];
  if (packageRegion !== undefined && region !== undefined && packageRegion !== region) {
    const elsewhere: Observation = fail(
      `The package is in ${packageRegion}, the stack is for ${region}. A Marketplace package has another ARN in each region.`,
      `Take the ARN for ${region} from the listing's configuration page.`,
    );
    return [finding(READABLE, elsewhere), isolation];
  }
  if (!online) return [isolation];
  const answer = await plane.ask('sagemaker:DescribeModelPackage', abortSignal =>
    plane.sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName: arn }), { abortSignal }),
  );
  if (answer.kind === 'denied') {
    const denied = unanswered(answer);
    return [
      finding(READABLE, {
        ...denied,
        next: `${denied.next} AWS answers the same when the account is not subscribed to the package: check AWS Marketplace, "Manage subscriptions".`,
      }),
      isolation,
    ];
  }
  if (answer.kind !== 'answered') return [finding(READABLE, unanswered(answer, { region })), isolation];
  const { ModelPackageStatus: status, ModelApprovalStatus: approval, InferenceSpecification: inference } = answer.value;
  const outcome: Observation =
    status !== 'Completed'
      ? fail(`The package is ${status}.`, 'Wait until it is Completed, or choose another version.')
      : approval === 'Rejected'
        ? fail('The package is Rejected in its registry.', 'Choose an approved version.')
        : pass('Completed and readable by this account');
  const supported: readonly string[] = inference?.SupportedRealtimeInferenceInstanceTypes ?? [];
  return [finding(READABLE, outcome), finding(TYPES, judgeTypes(knownInstanceTypes(variants), supported)), isolation];
}

function judgeTypes(chosen: readonly string[], supported: readonly string[]): Observation {
  if (supported.length === 0) return skip('The package names no instance types, so none can be checked.');
  const refused = chosen.filter(type => !supported.includes(type));
  if (refused.length === 0) return pass(`${chosen.join(', ')}`);
  return fail(`Not among the supported types: ${refused.join(', ')}.`, `Choose among: ${supported.join(', ')}`);
}
