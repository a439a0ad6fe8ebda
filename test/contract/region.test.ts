import { PARTITIONS, partitionOf, runtimeUri, runtimeUriOf } from '../../lib/contract';

describe('runtimeUri', () => {
  // Expected hosts: the endpoint rule set of sagemaker-runtime-http2, 2025-10-01.
  test.each([
    ['us-east-1', {}, 'https://runtime.sagemaker.us-east-1.amazonaws.com:8443'],
    ['us-east-1', { fips: true }, 'https://runtime-fips.sagemaker.us-east-1.amazonaws.com:8443'],
    ['us-east-1', { dualStack: true }, 'https://runtime.sagemaker.us-east-1.api.aws:8443'],
    ['us-east-1', { fips: true, dualStack: true }, 'https://runtime-fips.sagemaker.us-east-1.api.aws:8443'],
    ['cn-north-1', {}, 'https://runtime.sagemaker.cn-north-1.amazonaws.com.cn:8443'],
    ['cn-north-1', { dualStack: true }, 'https://runtime.sagemaker.cn-north-1.api.amazonwebservices.com.cn:8443'],
    ['us-gov-west-1', { fips: true }, 'https://runtime-fips.sagemaker.us-gov-west-1.amazonaws.com:8443'],
    ['us-iso-east-1', {}, 'https://runtime.sagemaker.us-iso-east-1.c2s.ic.gov:8443'],
    ['us-isob-east-1', {}, 'https://runtime.sagemaker.us-isob-east-1.sc2s.sgov.gov:8443'],
    ['us-isof-south-1', {}, 'https://runtime.sagemaker.us-isof-south-1.csp.hci.ic.gov:8443'],
    ['eusc-de-east-1', {}, 'https://runtime.sagemaker.eusc-de-east-1.amazonaws.eu:8443'],
  ])('%s %j', (region, options, uri) => {
    expect(runtimeUri(region, options)).toBe(uri);
  });

  test('refuses a region of no known partition, naming the partitions', () => {
    expect(() => runtimeUri('mars-north-1')).toThrow(/mars-north-1.*aws, aws-cn, aws-us-gov/s);
  });

  test('takes a suffix that is not known before deployment', () => {
    expect(runtimeUriOf('${AWS::Region}', '${AWS::URLSuffix}')).toBe(
      'https://runtime.sagemaker.${AWS::Region}.${AWS::URLSuffix}:8443',
    );
  });

  test('every region of the AWS SDK belongs to the partition that the SDK says', () => {
    const { partition } = require('@aws-sdk/core/client') as {
      partition(region: string): { name: string; dnsSuffix: string };
    };
    for (const region of [
      'us-west-2',
      'ap-southeast-7',
      'mx-central-1',
      'il-central-1',
      'cn-northwest-1',
      'us-gov-east-1',
      'us-iso-west-1',
    ]) {
      expect(partitionOf(region)).toMatchObject({
        name: partition(region).name,
        dnsSuffix: partition(region).dnsSuffix,
      });
    }
    expect(PARTITIONS).toHaveLength(7);
  });
});
