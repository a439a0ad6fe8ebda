import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { InterfaceVpcEndpoint, InterfaceVpcEndpointAwsService, Peer, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { BidiEndpoint, BidiPrivateAccess, type BidiPrivateAccessProps } from '../../lib/infra';
import { ACCOUNT, newStack } from './synthesis';

const SPEECH = `arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/speech`;

function access(settings: (stack: Stack, vpc: Vpc) => Partial<BidiPrivateAccessProps> = () => ({})) {
  const stack = newStack('us-east-1');
  const vpc = new Vpc(stack, 'Vpc');
  const construct = new BidiPrivateAccess(stack, 'Access', { vpc, ...settings(stack, vpc) });
  return { stack, vpc, construct };
}

function endpointIn(stack: Stack, name: string) {
  return BidiEndpoint.fromEndpointName(stack, name, name);
}

function statementsOf(stack: Stack) {
  const [endpoint] = Object.values(Template.fromStack(stack).findResources('AWS::EC2::VPCEndpoint'));
  return endpoint!.Properties.PolicyDocument.Statement;
}

test('is the runtime of the region with private DNS, and cuts no endpoint of the account off', () => {
  const { stack, construct } = access(scope => ({ endpoints: [endpointIn(scope, 'speech')] }));
  expect(construct.interfaceEndpoint).toBeInstanceOf(InterfaceVpcEndpoint);
  Template.fromStack(stack).hasResourceProperties('AWS::EC2::VPCEndpoint', {
    ServiceName: 'com.amazonaws.us-east-1.sagemaker.runtime',
    PrivateDnsEnabled: true,
  });
  expect(statementsOf(stack)).toEqual([
    {
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: 'sagemaker:InvokeEndpoint*',
      Resource: `arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/*`,
    },
    expect.objectContaining({ Resource: SPEECH }),
  ]);
});

test('can be held to the endpoints that were added', () => {
  const { stack, construct } = access(() => ({ onlyAddedEndpoints: true }));
  construct.addEndpoint(endpointIn(stack, 'speech'));
  construct.addEndpoint(endpointIn(stack, 'Captions'));
  const Action = ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithBidirectionalStream'];
  expect(statementsOf(stack)).toEqual([
    { Effect: 'Allow', Principal: { AWS: '*' }, Action, Resource: [SPEECH.replace('speech', 'captions'), SPEECH] },
  ]);
});

test('held to the endpoints that were added, and none was: refused, for AWS would take it for all', () => {
  const { stack } = access(() => ({ onlyAddedEndpoints: true }));
  expect(() => Template.fromStack(stack)).toThrow('no endpoint was added');
});

test('opens 443 and 8443 to the VPC, and nothing outwards', () => {
  const { stack, vpc } = access();
  const CidrIp = stack.resolve(vpc.vpcCidrBlock);
  Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupIngress: [
      Match.objectLike({ CidrIp, FromPort: 443, ToPort: 443 }),
      Match.objectLike({ CidrIp, FromPort: 8443, ToPort: 8443 }),
    ],
    SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32' })],
  });
});

test('or to chosen clients', () => {
  const { stack } = access(() => ({ clients: Peer.ipv4('10.1.2.0/24') }));
  Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupIngress: Array(2).fill(Match.objectLike({ CidrIp: '10.1.2.0/24' })),
  });
});

test('takes an interface endpoint that the VPC has, and opens its security group', () => {
  const { stack } = access(scope => ({
    interfaceEndpoint: InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(scope, 'Theirs', {
      vpcEndpointId: 'vpce-0123456789abcdef0',
      port: 443,
      securityGroups: [SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-0123456789abcdef0')],
    }),
    endpoints: [endpointIn(scope, 'speech')],
  }));
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
  for (const port of [443, 8443]) {
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: 'sg-0123456789abcdef0',
      FromPort: port,
      ToPort: port,
    });
  }
});

test.each<[title: string, add: (stack: Stack, vpc: Vpc) => void]>([
  ['a second BidiPrivateAccess', (stack, vpc) => new BidiPrivateAccess(stack, 'Other', { vpc })],
  [
    'a runtime endpoint of the VPC',
    (_, vpc) => vpc.addInterfaceEndpoint('Other', { service: InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME }),
  ],
])('refuses %s in the same VPC, for EC2 would', (_, add) => {
  const { stack, vpc } = access();
  add(stack, vpc);
  expect(() => Template.fromStack(stack)).toThrow('which EC2 refuses. Share one');
});

test('one in each of two VPCs is no clash', () => {
  const { stack } = access();
  new BidiPrivateAccess(stack, 'Other', { vpc: new Vpc(stack, 'OtherVpc') });
  Template.fromStack(stack).resourceCountIs('AWS::EC2::VPCEndpoint', 2);
});
