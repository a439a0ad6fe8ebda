import { endpointConsoleUrl, endpointLogsConsoleUrl, regionOfRuntimeHost } from '../../lib/contract';

test.each([
  ['eu-west-1', 'https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/endpoints/speech'],
  ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/sagemaker/home?region=cn-north-1#/endpoints/speech'],
  ['us-iso-east-1', undefined],
  ['nowhere', undefined],
])('the page of an endpoint in %s', (region, url) => {
  expect(endpointConsoleUrl('speech', region)).toBe(url);
});

test('the page of the logs names the log group, encoded twice', () => {
  expect(endpointLogsConsoleUrl('speech', 'eu-west-1')).toBe(
    'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1' +
      '#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FEndpoints$252Fspeech',
  );
});

test.each([
  ['runtime.sagemaker.eu-west-1.amazonaws.com', 'eu-west-1'],
  ['runtime-fips.sagemaker.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['runtime.sagemaker.us-east-1.api.aws', 'us-east-1'],
  ['runtime.sagemaker.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['vpce-0a1b-2c3d.runtime.sagemaker.us-east-1.vpce.amazonaws.com', 'us-east-1'],
  ['runtime.sagemaker.us-east-1.amazonaws.com.example.org', undefined],
  ['runtime.sagemaker.us-east-1.amazonaws.com.cn', undefined],
  ['localhost', undefined],
])('the region of %s', (host, region) => {
  expect(regionOfRuntimeHost(host)).toBe(region);
});
