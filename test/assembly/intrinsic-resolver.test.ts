import { AfterDeployment, knownValue, localValue, StandIn, type Template, type Value } from '../../lib/assembly';
import { IntrinsicResolver, type StackTemplate } from '../../lib/assembly/intrinsic-resolver';

const TEMPLATE: Template = {
  Parameters: {
    Size: { Type: 'String', Default: 'large' },
    Unset: { Type: 'String' },
    Zones: { Type: 'CommaDelimitedList', Default: 'a,b' },
    Ssm: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/x' },
  },
  Conditions: {
    IsLarge: { 'Fn::Equals': [{ Ref: 'Size' }, 'large'] },
    IsSmall: { 'Fn::And': [{ 'Fn::Not': [{ Condition: 'IsLarge' }] }, { 'Fn::Or': [{ 'Fn::Equals': [1, 1] }] }] },
    IsHere: { 'Fn::Equals': [{ Ref: 'AWS::AccountId' }, '000000000000'] },
  },
  Mappings: { Sizes: { large: { gpu: 8 } } },
  Resources: {
    Model: { Type: 'AWS::SageMaker::Model', Properties: { ModelName: 'my-model' } },
    Bucket: { Type: 'AWS::S3::Bucket' },
    Role: { Type: 'AWS::IAM::Role' },
    Circle: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::GetAtt': ['Circle', 'BucketName'] } } },
  },
};
const REPOSITORY = '${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${Size}${!Literal}';
const PLACED = { account: '123456789012', region: 'eu-west-1' };

function resolve(value: unknown, stack: Partial<StackTemplate> = PLACED): Value<unknown> {
  return new IntrinsicResolver({ name: 'Echo', template: TEMPLATE, ...stack }).resolve(value);
}

describe('a value that the template tells is known', () => {
  test.each<[unknown, unknown]>([
    ['text', 'text'],
    [2, 2],
    [{ Ref: 'AWS::AccountId' }, '123456789012'],
    [{ Ref: 'AWS::Region' }, 'eu-west-1'],
    [{ Ref: 'AWS::Partition' }, 'aws'],
    [{ Ref: 'AWS::StackName' }, 'Echo'],
    [{ Ref: 'AWS::NoValue' }, undefined],
    [{ Ref: 'Size' }, 'large'],
    [{ 'Fn::GetAtt': ['Model', 'ModelName'] }, 'my-model'],
    [{ 'Fn::GetAtt': 'Model.ModelName' }, 'my-model'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Size' }]] }, 'a-large'],
    [{ 'Fn::Join': [',', { Ref: 'Zones' }] }, 'a,b'],
    [{ 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b'] }] }, 'b'],
    [{ 'Fn::Select': [0, ['a', { Ref: 'Role' }]] }, 'a'],
    [{ 'Fn::Sub': REPOSITORY }, '123456789012.dkr.ecr.eu-west-1.amazonaws.com/large${Literal}'],
    [{ 'Fn::Sub': ['${a}/${Model.ModelName}', { a: { Ref: 'Size' } }] }, 'large/my-model'],
    [{ 'Fn::Base64': 'text' }, 'dGV4dA=='],
    [{ 'Fn::If': ['IsLarge', 'yes', 'no'] }, 'yes'],
    [{ 'Fn::If': ['IsSmall', 'yes', { Ref: 'AWS::NoValue' }] }, undefined],
    [{ 'Fn::FindInMap': ['Sizes', { Ref: 'Size' }, 'gpu'] }, 8],
    [{ 'Fn::FindInMap': ['Sizes', 'small', 'gpu', { DefaultValue: 1 }] }, 1],
    [{ one: [{ Ref: 'Size' }, { Ref: 'AWS::NoValue' }], other: { Ref: 'AWS::NoValue' } }, { one: ['large'] }],
  ])('%j is %j', (value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });
});

describe('a value that only a deployment makes has a stand-in', () => {
  test.each<[unknown, string, RegExp]>([
    [{ Ref: 'Bucket' }, 'Echo-Bucket', /deployment makes Bucket/],
    [{ 'Fn::GetAtt': 'Bucket.DomainName' }, 'Echo-Bucket.DomainName', /deployment makes Bucket/],
    [{ 'Fn::GetAtt': ['Bucket', 'BucketName'] }, 'Echo-Bucket', /makes up the name of Bucket/],
    [{ 'Fn::GetAtt': ['Role', 'Arn'] }, 'arn:aws:local:eu-west-1:123456789012:Echo-Role', /deployment makes Role/],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Role' }]] }, 'a-Echo-Role', /deployment makes Role/],
    [{ 'Fn::Select': [1, { 'Fn::Split': ['-', { Ref: 'Role' }] }] }, 'Role', /deployment makes Role/],
    [{ 'Fn::Sub': '${Model.ModelName}-${Role}' }, 'my-model-Echo-Role', /deployment makes Role/],
    [{ Ref: 'Ssm' }, '/x', /SSM Parameter Store/],
    [{ Ref: 'Unset' }, 'Unset', /has no default/],
    [{ 'Fn::Equals': [{ Ref: 'Unset' }, 'x'] }, false as never, /has no default/],
    ['{{resolve:secretsmanager:key}}', '{{resolve:secretsmanager:key}}', /CloudFormation resolves/],
  ])('%j', (value, standIn, because) => {
    const resolved = resolve(value);
    expect(resolved).toBeInstanceOf(StandIn);
    expect(resolved).toEqual({ standIn, because: expect.stringMatching(because) });
    expect(knownValue(resolved)).toBeUndefined();
    expect(localValue(resolved)).toBe(standIn);
  });

  test('and so has everything that follows from an account and a region that are not known', () => {
    expect(resolve({ 'Fn::Sub': REPOSITORY }, {})).toEqual(
      new StandIn('000000000000.dkr.ecr.us-east-1.amazonaws.com/large${Literal}', 'The stack Echo is for any account'),
    );
    const branch = resolve({ 'Fn::If': ['IsHere', { key: ['yes'] }, 'no'] }, {}) as { key: unknown[] };
    expect(branch.key[0]).toEqual(new StandIn('yes', 'The stack Echo is for any account'));
  });
});

describe('a value that this machine cannot have is known only after deployment', () => {
  test.each<[unknown, RegExp]>([
    [{ 'Fn::Transform': {} }, /Only CloudFormation resolves Fn::Transform/],
    [{ 'Fn::ImportValue': 'elsewhere' }, /export elsewhere is in no stack/],
    [{ 'Fn::Join': ['', ['a', { Ref: 'Role' }, { 'Fn::ImportValue': 'elsewhere' }]] }, /export elsewhere/],
    [{ 'Fn::Select': [0, { 'Fn::Cidr': ['10.0.0.0/16', 1] }] }, /Fn::Cidr/],
  ])('%j', (value, because) => {
    const resolved = resolve(value);
    expect(resolved).toBeInstanceOf(AfterDeployment);
    expect(resolved).toEqual({ because: expect.stringMatching(because) });
    expect([knownValue(resolved), localValue(resolved)]).toEqual([undefined, undefined]);
  });
});

test.each([
  ['us-east-1', 'aws', 'amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
  ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
  ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
])('%s is of the partition %s, with the suffix %s', (region, partition, suffix) => {
  expect(resolve([{ Ref: 'AWS::Partition' }, { Ref: 'AWS::URLSuffix' }], { region })).toEqual([partition, suffix]);
});

test('a region of no known partition has a stand-in for it', () => {
  expect(resolve({ Ref: 'AWS::Partition' }, { region: 'moon-1' })).toEqual(
    new StandIn('aws', 'No partition with bidirectional streaming holds the region moon-1'),
  );
});

test('an import is the value of the export, as it is known in its own stack', () => {
  const other: StackTemplate = {
    name: 'Other',
    template: {
      Resources: { Bucket: { Type: 'AWS::S3::Bucket' } },
      Outputs: {
        Known: { Value: 'shared', Export: { Name: 'Other:Known' } },
        Made: { Value: { Ref: 'Bucket' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Made' } } },
      },
    },
  };
  expect(resolve({ 'Fn::ImportValue': 'Other:Known' }, { stacks: [other] })).toBe('shared');
  expect(resolve({ 'Fn::ImportValue': 'Other:Made' }, { stacks: [other] })).toMatchObject({ standIn: 'Other-Bucket' });
});

test.each<[string, unknown, RegExp]>([
  ['refers to nothing', { Ref: 'Absent' }, /Ref Absent refers to nothing/],
  ['reads an attribute of nothing', { 'Fn::GetAtt': ['Absent', 'Arn'] }, /Fn::GetAtt Absent refers to nothing/],
  ['has no such condition', { 'Fn::If': ['Absent', 1, 2] }, /no condition Absent/],
  ['refers to itself', { Ref: 'Circle' }, /Circle refers to itself/],
])('a template that %s is damaged', (_, value, message) => {
  expect(() => resolve(value)).toThrow(message);
});

test('a reference points to its resource, or to none of this template', () => {
  const resolver = new IntrinsicResolver({ name: 'Echo', template: TEMPLATE });
  expect(resolver.target({ Ref: 'Role' })?.logicalId).toBe('Role');
  expect(resolver.target({ 'Fn::GetAtt': ['Role', 'Arn'] })?.logicalId).toBe('Role');
  expect(resolver.target({ 'Fn::GetAtt': 'Role.Arn' })?.logicalId).toBe('Role');
  expect(resolver.target({ Ref: 'AWS::Region' })).toBeUndefined();
  expect(resolver.target('arn:aws:iam::1:role/x')).toBeUndefined();
});
