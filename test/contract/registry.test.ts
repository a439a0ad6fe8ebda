import { ecrRegistryOf, isEcrImage, PARTITIONS } from '../../lib/contract';

test.each([
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['123456789012.dkr-ecr.us-east-1.on.aws', 'us-east-1'],
  ['123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn', 'cn-north-1'],
  ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
  // The suffix of another partition, another host that looks alike, and other registries.
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com.cn', undefined],
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example', undefined],
  ['123456789012.dkr.ecr.mars-north-1.amazonaws.com', undefined],
  ['12345.dkr.ecr.us-east-1.amazonaws.com', undefined],
  ['public.ecr.aws', undefined],
  ['docker.io', undefined],
])('%s is of region %s', (host, region) => {
  expect(ecrRegistryOf(host)).toEqual(region && { registryId: '123456789012', region });
});

test.each(PARTITIONS)('the registries of $name end with its suffix', ({ regionPattern, dnsSuffix }) => {
  const region = [
    'us-east-1',
    'cn-north-1',
    'us-gov-west-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'us-isof-south-1',
    'eusc-de-east-1',
  ].find(candidate => regionPattern.test(candidate));
  expect(ecrRegistryOf(`123456789012.dkr.ecr.${region}.${dnsSuffix}`)).toEqual({ registryId: '123456789012', region });
});

test.each([
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:1', true],
  ['123456789012.dkr-ecr.us-east-1.on.aws/echo:1', true],
  ['${Token[AWS.AccountId.0]}.dkr.ecr.${Token[AWS.Region.1]}.${Token[AWS.URLSuffix.2]}/echo:1', true],
  ['public.ecr.aws/docker/library/node:24', false],
  ['registry.example/a.dkr.ecr.b/c:1', false],
])('%s lies in ECR: %s', (imageUri, expected) => {
  expect(isEcrImage(imageUri)).toBe(expected);
});
