import {
  type EndpointDefinition,
  knownValue,
  knownValues,
  type ModelDefinition,
  type VariantDefinition,
} from '../../assembly';
import { DEEPGRAM_INFERENCE_AMI, instanceFamily, NVME_INSTANCE_FAMILIES } from '../../contract';
import { type Finding, finding, type Observation, pass, type Rule, warn } from '../../report/finding';

const VOLUME_KEY: Rule = {
  name: 'volume-key',
  rule: 'A volume key encrypts all storage of the instances: they have no local NVMe storage.',
  source:
    'API reference, CreateEndpointConfig, KmsKeyId: it "does not encrypt instance local storage"; older text: refused',
};

const AMI: Rule = {
  name: 'inference-ami',
  rule: 'A model package pins the AMI when the hosts of the GPU type may have an older driver.',
  source: 'Deepgram, deploy-amazon-sagemaker; measured by operators',
};

const ENVIRONMENT: Rule = {
  name: 'environment',
  rule: 'A Marketplace model package has environment variables only when its listing allows them.',
  source: 'Deepgram, deploy-amazon-sagemaker',
};

/** Families whose hosts boot an older NVIDIA driver where no AMI is pinned. */
const OLDER_DRIVER_FAMILIES = ['g4dn', 'g5'];

/** Checks the volume key of an endpoint, where it has one, against its instance types. Needs no network. */
export function checkVolumeKey({ hasVolumeKey, variants }: EndpointDefinition): Finding[] {
  return hasVolumeKey ? [finding(VOLUME_KEY, judgeVolumeKey(knownInstanceTypes(variants)))] : [];
}

/** Checks what a model package asks of the variants that run it; nothing when the model is an image. Needs no network. */
export function checkPackageHosting(model: ModelDefinition, variants: readonly VariantDefinition[]): Finding[] {
  if (model.modelPackageArn === undefined) return [];
  const names = Object.keys(model.environment);
  return [
    finding(AMI, judgeAmi(variants)),
    ...(names.length > 0 ? [finding(ENVIRONMENT, judgeEnvironment(names))] : []),
  ];
}

/** The instance types of variants that are known before the deployment, each once. */
export function knownInstanceTypes(variants: readonly VariantDefinition[]): string[] {
  return [...new Set(variants.flatMap(({ instanceTypes }) => knownValues(instanceTypes)))];
}

function judgeVolumeKey(types: readonly string[]): Observation {
  const nvme = types.filter(type => NVME_INSTANCE_FAMILIES.includes(instanceFamily(type) ?? ''));
  return nvme.length === 0
    ? pass('No type with local NVMe storage')
    : warn(
        `The key does not encrypt the local storage of ${nvme.join(', ')}; the hardware of the host encrypts it with its own key.`,
        'Choose other types if your key has to encrypt all storage.',
      );
}

function judgeAmi(variants: readonly VariantDefinition[]): Observation {
  const unpinned = knownInstanceTypes(variants.filter(variant => variant.inferenceAmi === undefined)).filter(type =>
    OLDER_DRIVER_FAMILIES.includes(instanceFamily(type) ?? ''),
  );
  return unpinned.length === 0
    ? pass(knownValue(variants[0]?.inferenceAmi) ?? 'Not needed for these types')
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
