import { DescribeModelPackageCommand } from '@aws-sdk/client-sagemaker';
import type { EndpointPlan } from '../../assembly';
import { MODEL_PACKAGE_ARN_PATTERN } from '../../contract';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip } from '../../report/finding';
import type { ControlPlane } from '../aws';
import { unanswered } from '../unanswered';

const READABLE: Rule = {
  name: 'model-package',
  rule: 'The model package can be read, is Completed, and lies in the region of the stack; the account is subscribed to it.',
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

/** Checks the model package of an endpoint; nothing when its model is an image. `online` is false where AWS does not answer. */
export async function checkModelPackage(
  plane: ControlPlane,
  plan: EndpointPlan,
  region: string | undefined,
  online: boolean,
): Promise<Finding[]> {
  const arn = plan.model?.modelPackageArn;
  if (arn === undefined) return [];
  const isolation = finding(
    ISOLATION,
    plan.model!.networkIsolation
      ? pass('EnableNetworkIsolation is true')
      : fail(
          'EnableNetworkIsolation is not true.',
          'Make the model with BidiModel.fromModelPackage(modelPackageArn), which sets it.',
        ),
  );
  const packageRegion = MODEL_PACKAGE_ARN_PATTERN.exec(arn)?.[2];
  if (packageRegion !== undefined && region !== undefined && packageRegion !== region) {
    const elsewhere: Observation = fail(
      `The package is of ${packageRegion}, the stack is for ${region}. Marketplace has an ARN for each region.`,
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
        next: `${denied.next} AWS says the same of a package that the account is not subscribed to: look in AWS Marketplace, "Manage subscriptions".`,
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
  return [finding(READABLE, outcome), finding(TYPES, judgeTypes(plan, supported)), isolation];
}

function judgeTypes(plan: EndpointPlan, supported: readonly string[]): Observation {
  const chosen = [...new Set(plan.variants.flatMap(variant => variant.instanceTypes))];
  if (supported.length === 0) return skip('The package names no types, so none is ruled out.');
  const refused = chosen.filter(type => !supported.includes(type));
  if (refused.length === 0) return pass(`${chosen.join(', ')}`);
  return fail(`Not among the supported types: ${refused.join(', ')}.`, `Choose among: ${supported.join(', ')}`);
}
