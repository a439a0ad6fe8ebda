import type { EndpointPlan } from '../../assembly';
import { DEEPGRAM_INFERENCE_AMI, instanceFamily, NVME_INSTANCE_FAMILIES } from '../../contract';
import { type Finding, fail, finding, type Observation, pass, type Rule, warn } from '../../report/finding';

const VOLUME_KEY: Rule = {
  name: 'volume-key',
  rule: 'A volume key is only used with instance types that have no local NVMe storage.',
  source: 'API reference, CreateEndpointConfig, KmsKeyId',
};

const AMI: Rule = {
  name: 'inference-ami',
  rule: 'A model package on a GPU type whose hosts may boot an older driver pins the AMI.',
  source: 'Deepgram, deploy-amazon-sagemaker; measured by operators',
};

const ENVIRONMENT: Rule = {
  name: 'environment',
  rule: 'A Marketplace model package is given environment variables only where its listing allows them.',
  source: 'Deepgram, deploy-amazon-sagemaker',
};

/** Families whose hosts boot an older NVIDIA driver where no AMI is pinned. */
const OLDER_DRIVER_FAMILIES = ['g4dn', 'g5'];

/** Checks what the template itself tells about the hosts: what does not concern an endpoint is not reported. Needs no network. */
export function checkHosting(plan: EndpointPlan): Finding[] {
  const types = plan.variants.flatMap(variant => variant.instanceTypes);
  const isPackage = plan.model?.modelPackageArn !== undefined;
  return [
    ...(plan.hasVolumeKey ? [finding(VOLUME_KEY, judgeVolumeKey(types))] : []),
    ...(isPackage ? [finding(AMI, judgeAmi(plan))] : []),
    ...(isPackage && plan.model!.environmentNames.length > 0
      ? [finding(ENVIRONMENT, judgeEnvironment(plan.model!.environmentNames))]
      : []),
  ];
}

function judgeVolumeKey(types: readonly string[]): Observation {
  const nvme = types.filter(type => NVME_INSTANCE_FAMILIES.includes(instanceFamily(type) ?? ''));
  return nvme.length === 0
    ? pass('No type with local NVMe storage')
    : fail(
        `${nvme.join(', ')} encrypt their local storage in hardware and take no key.`,
        'Leave `volumeEncryptionKey` out, or choose other types.',
      );
}

function judgeAmi(plan: EndpointPlan): Observation {
  const unpinned = plan.variants
    .filter(variant => variant.inferenceAmi === undefined)
    .flatMap(variant => variant.instanceTypes)
    .filter(type => OLDER_DRIVER_FAMILIES.includes(instanceFamily(type) ?? ''));
  return unpinned.length === 0
    ? pass(plan.variants[0]?.inferenceAmi ?? 'Not needed for these types')
    : warn(
        `No AMI is pinned for ${unpinned.join(', ')}; current packages may refuse the driver.`,
        `inferenceAmi: '${DEEPGRAM_INFERENCE_AMI}'`,
      );
}

function judgeEnvironment(names: readonly string[]): Observation {
  return warn(
    `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} set; AWS refuses the model unless the listing allows it.`,
    'Ask the seller whether it is enabled, or leave `environment` out.',
  );
}
