import {
  endpointNameViolation,
  invocationPathViolation,
  MODEL_PACKAGE_ARN_PATTERN,
  queryStringViolation,
  variantNameViolation,
} from '../../lib/contract';

describe('endpoint and variant names', () => {
  test.each(['a', 'AllTraffic', 'echo-bidi', 'a--b', 'x'.repeat(63)])('%s is right', name => {
    expect(endpointNameViolation(name)).toBeUndefined();
    expect(variantNameViolation(name)).toBeUndefined();
  });

  test.each(['', '-a', 'a-', 'a_b', 'ä', 'a b', 'x'.repeat(64)])('"%s" is refused', name => {
    expect(endpointNameViolation(name)).toMatch(/^Endpoint name/);
    expect(variantNameViolation(name)).toMatch(/^Variant name/);
  });
});

describe('model invocation path', () => {
  test.each(['v1/listen', 'a', 'a.b/c_d/-', 'x'.repeat(100)])('%s is right', path => {
    expect(invocationPathViolation(path)).toBeUndefined();
  });

  test.each(['', '/v1/listen', 'v1/', 'v1//listen', 'v1 listen', 'v1?x', 'v1%2Flisten', 'x'.repeat(101)])(
    '"%s" is refused',
    path => {
      expect(invocationPathViolation(path)).toMatch(/^Model invocation path/);
    },
  );
});

describe('model query string', () => {
  test.each(['model=nova-3', 'a=1&b=2', '0a-b_c=~', 'keyterm=hello%20world&x=%C3%A4', `a=${'x'.repeat(2046)}`])(
    '%s is right',
    query => {
      expect(queryStringViolation(query)).toBeUndefined();
    },
  );

  test.each([
    '',
    '?a=1',
    'a',
    '=1',
    'a=1&',
    '&a=1',
    'a=1&&b=2',
    'a=b c',
    'a=%2',
    'a=b#c',
    'a=',
    'a=1&b=',
    '_a=b',
    '-a=b',
    'a.b=c',
    '%20=1',
    `a=${'x'.repeat(2047)}`,
  ])('"%s" is refused', query => {
    expect(queryStringViolation(query)).toMatch(/^Model query string/);
  });

  test('a long almost-right string is judged without catastrophic backtracking', () => {
    expect(queryStringViolation(`${'a=b&'.repeat(500)}!`)).toBeDefined();
  });
});

describe('model package ARN', () => {
  test.each([
    'arn:aws:sagemaker:us-east-1:123456789012:model-package/x',
    'arn:aws:sagemaker:us-east-1:865070037744:model-package/deepgram-nova-3-abc/1',
    'arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:model-package/a-b',
  ])('%s is right', arn => {
    expect(arn).toMatch(MODEL_PACKAGE_ARN_PATTERN);
  });

  test.each([
    'x',
    'arn:aws:sagemaker:us-east-1:123456789012:model/x',
    'arn:aws:sagemaker:us-east-1:12345:model-package/x',
    'arn:aws:sagemaker::123456789012:model-package/x',
    'arn:aws:sagemaker:us-east-1:123456789012:model-package/',
    'arn:aws:sagemaker:us-east-1:123456789012:model-package/a_b',
    'arn:aws:sagemaker:us-east-1:123456789012:model-package/a-',
  ])('"%s" is refused', arn => {
    expect(arn).not.toMatch(MODEL_PACKAGE_ARN_PATTERN);
  });
});
