import { Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { INSTANCE_NAMESPACE } from '../contract';
import { acknowledgeCompliance } from './acknowledgement';

/** For whom the role is. */
export interface ExecutionRoleProps {
  /** Where the container's output goes. */
  readonly logGroup: ILogGroup;
  /** Whether the platform puts network interfaces into a VPC. */
  readonly inVpc: boolean;
}

/**
 * The role that the platform takes to start one endpoint's container, with what that needs and nothing else. Image and model
 * data add their own statements when they are bound. `AmazonSageMakerFullAccess`, which tutorials attach, is far wider.
 */
export class ExecutionRole extends Role {
  constructor(scope: Construct, id: string, { logGroup, inVpc }: ExecutionRoleProps) {
    super(scope, id, {
      assumedBy: new ServicePrincipal('sagemaker.amazonaws.com'),
      description: `Starts the container of ${scope.node.path}`,
    });
    this.addToPolicy(
      new PolicyStatement({
        // CreateLogGroup too: the platform asks for it before it writes, also when the group is there.
        actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    this.addToPolicy(
      new PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': INSTANCE_NAMESPACE } },
      }),
    );
    if (inVpc) {
      this.addToPolicy(
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
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'ecr:GetAuthorizationToken, cloudwatch:PutMetricData and the EC2 describe actions know no resources (PutMetricData is held to one namespace), and the network interfaces that the platform creates have no name beforehand.',
    });
    acknowledgeCompliance(
      this,
      'IAMNoInlinePolicy',
      'The policy belongs to this one role, is of no use to another, and has to go when the role goes.',
    );
  }
}
