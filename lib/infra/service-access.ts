import { Annotations, Stack, Token } from 'aws-cdk-lib';
import { type AddToResourcePolicyResult, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { partitionOf } from '../contract';

/**
 * Lets CloudWatch Logs use a key for one log group. Without it CloudFormation cannot create the group.
 * Source: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS KMS".
 */
export function allowLogEncryption(scope: Construct, key: IKey, logGroupName: string): void {
  const stack = Stack.of(scope);
  const partition = Token.isUnresolved(stack.region) ? undefined : partitionOf(stack.region);
  const dnsSuffix = partition?.dnsSuffix ?? stack.urlSuffix;
  const statement = new PolicyStatement({
    principals: [new ServicePrincipal(`logs.${stack.region}.${dnsSuffix}`)],
    actions: ['kms:Decrypt*', 'kms:Describe*', 'kms:Encrypt*', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
    resources: ['*'],
    conditions: {
      // From the name, not from the resource: else a key of another stack would depend on the endpoint's.
      ArnEquals: { 'kms:EncryptionContext:aws:logs:arn': logGroupArn(stack, logGroupName) },
    },
  });
  const added = key.addToResourcePolicy(statement, true);
  warnUnlessAdded(added, statement, scope, 'logEncryptionKey', 'CloudWatch Logs cannot use logEncryptionKey');
}

/**
 * Lets the alarms of the account publish to a topic, also to one that demands TLS or is encrypted with a key of the customer.
 * Source: CloudWatch user guide, "Notifying users on alarm changes"; SNS developer guide, "Key management".
 */
export function allowAlarmNotifications(scope: Construct, topic: ITopic): void {
  const stack = Stack.of(scope);
  const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');
  const conditions = {
    ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'cloudwatch', resource: 'alarm:*' }) },
    StringEquals: { 'aws:SourceAccount': stack.account },
  };
  // An imported topic stays as it is. Its own default policy lets the account's alarms publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [cloudWatch],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions,
    }),
  );
  if (!topic.masterKey) return;
  const statement = new PolicyStatement({
    principals: [cloudWatch],
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    resources: ['*'],
    conditions,
  });
  const added = topic.masterKey.addToResourcePolicy(statement, true);
  warnUnlessAdded(added, statement, scope, 'alarmTopicKey', "CloudWatch cannot use the key of the alarms' topic");
}

function warnUnlessAdded(
  { statementAdded }: AddToResourcePolicyResult,
  statement: PolicyStatement,
  scope: Construct,
  id: string,
  consequence: string,
): void {
  if (statementAdded) return;
  const text = JSON.stringify(Stack.of(scope).resolve(statement.toStatementJson()));
  Annotations.of(scope).addWarningV2(
    `sagemaker-bidi-kit:${id}`,
    `${consequence} unless its key policy allows it, and a key from elsewhere cannot be changed here. Its policy has to hold: ${text}`,
  );
}

function logGroupArn(stack: Stack, logGroupName: string): string {
  return stack.formatArn({ service: 'logs', resource: `log-group:${logGroupName}` });
}
