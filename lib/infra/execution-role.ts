import { Stack, Validations } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type IGrantable, type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { INSTANCE_NAMESPACE } from '../contract';
import { acknowledgeCompliance } from './acknowledgement';

/** Properties of an execution role. */
export interface ExecutionRoleProps {
  /**
   * Description of the role.
   *
   * @default - the path of the construct that it belongs to
   */
  readonly description?: string;
}

/**
 * A role that SageMaker may assume for resources of the stack's account and region. It holds no permissions by itself: every `BidiEndpoint`
 * that is given it adds the permissions that the endpoint needs and no others. `AmazonSageMakerFullAccess`, which tutorials attach, is far
 * wider.
 */
export class ExecutionRole extends Role {
  constructor(scope: Construct, id: string, props: ExecutionRoleProps = {}) {
    const stack = Stack.of(scope);
    super(scope, id, {
      // Source: developer guide, "Cross-service confused deputy prevention", section "SageMaker AI Inference": the ARN must not
      // name one model or endpoint.
      assumedBy: new ServicePrincipal('sagemaker.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'sagemaker', resource: '*' }) },
        },
      }),
      description: props.description ?? `Starts the containers of ${scope.node.path}`,
    });
  }
}

/** The endpoint that a role starts containers for. */
export interface HostingPermissions {
  /** Where the containers' output goes. */
  readonly logGroup: ILogGroup;
  /** Whether the platform puts network interfaces into a VPC. */
  readonly inVpc: boolean;
}

/**
 * Lets an execution role start the containers of one endpoint. The image and the model's files are granted when the model is
 * bound, rollback alarms when they are added.
 *
 * The permissions of a role from elsewhere go into a policy of their own in the endpoint's stack: so the stack of the role does
 * not depend on that of the endpoint.
 *
 * @returns the policy or role that takes later permissions
 */
export function allowHosting(scope: Construct, role: IRole, { logGroup, inVpc }: HostingPermissions): Policy | Role {
  const holder = role instanceof ExecutionRole && role.node.scope === scope ? role : attachedPolicy(scope, role);
  const allow = (statement: PolicyStatement) => holder.grantPrincipal.addToPrincipalPolicy(statement);
  allow(
    new PolicyStatement({
      // CreateLogGroup too: the platform asks for it before it writes, also when the group is there.
      actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  );
  allow(
    new PolicyStatement({
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'cloudwatch:namespace': INSTANCE_NAMESPACE } },
    }),
  );
  if (inVpc) {
    allow(
      // Source: developer guide, "Give SageMaker AI hosted endpoints access to resources in your Amazon VPC".
      new PolicyStatement({
        actions: [
          'ec2:CreateNetworkInterface',
          'ec2:CreateNetworkInterfacePermission',
          'ec2:DeleteNetworkInterface',
          'ec2:DeleteNetworkInterfacePermission',
          'ec2:DescribeDhcpOptions',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVpcs',
        ],
        resources: ['*'],
      }),
    );
  }
  Validations.of(holder).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'ecr:GetAuthorizationToken, cloudwatch:PutMetricData and the EC2 describe actions know no resources (PutMetricData is held to one namespace), and the network interfaces that the platform creates have no name beforehand.',
  });
  acknowledgeCompliance(
    holder,
    'IAMNoInlinePolicy',
    'The policy belongs to this one role, is of no use to another, and has to go when the role goes.',
  );
  return holder;
}

/**
 * Lets an execution role read the alarms that roll a deployment back. Without it no alarm does.
 * Source: developer guide, "Auto-Rollback Configuration and Monitoring".
 */
export function allowAlarms(grantee: IGrantable, alarms: readonly IAlarm[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['cloudwatch:DescribeAlarms'],
      resources: alarms.map(alarm => alarm.alarmArn),
    }),
  );
}

function attachedPolicy(scope: Construct, role: IRole): Policy {
  const policy = new Policy(scope, 'ExecutionPolicy');
  role.attachInlinePolicy(policy);
  return policy;
}
