import { type ExecutionRoleDefinition, knownValue, type ModelDefinition } from '../../assembly';
import { isEcrImage } from '../../contract';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip, warn } from '../../report/finding';

const TRUST: Rule = {
  name: 'execution-role-trust',
  rule: 'SageMaker may assume the execution role.',
  source: 'SageMaker AI developer guide, "How to use SageMaker AI execution roles"',
};

const RIGHTS: Rule = {
  name: 'execution-role-rights',
  rule: 'The execution role has the permissions of the endpoint: logs, metrics, pulling the image, reading model files, network interfaces in a VPC.',
  source: 'SageMaker AI developer guide, "How to use SageMaker AI execution roles", CreateModel API',
};

/** Keys of a trust policy's conditions that SageMaker fills in when it assumes a role. */
const TRUST_CONDITIONS = ['aws:SourceAccount', 'aws:SourceArn', 'aws:SourceOrgID', 'aws:SourceOrgPaths'];

/** Checks the execution role of a model: whether it can be assumed, and whether it allows enough. Needs no network. */
export function checkExecutionRole(model: ModelDefinition): Finding[] {
  const { executionRole: role } = model;
  if (!role) {
    const seen = 'The role is not in this template, so its policies are not known here.';
    return [finding(TRUST, skip(seen)), finding(RIGHTS, skip(seen))];
  }
  return [finding(TRUST, judgeTrust(role)), finding(RIGHTS, judgeRights(model, role))];
}

function judgeTrust(role: ExecutionRoleDefinition): Observation {
  if (!role.trustedServices.includes('sagemaker.amazonaws.com')) {
    return fail(
      `The role trusts ${role.trustedServices.join(', ') || 'no service'}, not sagemaker.amazonaws.com.`,
      "assumedBy: new iam.ServicePrincipal('sagemaker.amazonaws.com')",
    );
  }
  const unknown = role.trustConditions.filter(
    key => !TRUST_CONDITIONS.some(known => known.toLowerCase() === key.toLowerCase()),
  );
  if (unknown.length > 0) {
    return warn(
      `The trust policy asks for ${unknown.join(', ')}, which SageMaker may not send.`,
      `Use ${TRUST_CONDITIONS.slice(0, 2).join(' or ')}.`,
    );
  }
  const conditions = role.trustConditions.length > 0 ? `, if ${role.trustConditions.join(', ')} fits` : '';
  return pass(`Trusts sagemaker.amazonaws.com${conditions}`);
}

function judgeRights(model: ModelDefinition, role: ExecutionRoleDefinition): Observation {
  if (role.managedPolicies.length > 0) {
    const wide = role.managedPolicies.filter(name => /FullAccess|AdministratorAccess/.test(name));
    return wide.length > 0
      ? warn(`The role has ${wide.join(', ')}: far more than an endpoint needs.`, 'Let the kit make the role.')
      : skip(`What ${role.managedPolicies.join(', ')} allow is not known here.`);
  }
  const needed = [
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'cloudwatch:PutMetricData',
    ...(isPulledFromEcr(model) ? ['ecr:GetAuthorizationToken', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'] : []),
    ...(model.hasModelData ? ['s3:GetObject'] : []),
    ...(model.isInVpc
      ? ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeNetworkInterfaces']
      : []),
  ];
  const missing = needed.filter(action => !role.actions.some(pattern => allows(pattern, action)));
  return missing.length === 0
    ? pass(`Allows the ${needed.length} actions that this endpoint uses`)
    : fail(
        `The role does not allow ${missing.join(', ')}.`,
        'Let the kit create the role, or add the actions to your own role.',
      );
}

function isPulledFromEcr(model: ModelDefinition): boolean {
  // An image URI that only CloudFormation knows is one in ECR: SageMaker pulls from nowhere else without more settings.
  const imageUri = knownValue(model.imageUri);
  return model.modelPackageArn === undefined && (imageUri === undefined || isEcrImage(imageUri));
}

/** Whether an action in a policy, wildcards included, covers an action. */
function allows(pattern: string, action: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(action);
}
