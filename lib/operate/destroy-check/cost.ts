/** How a resource that is left bills. */
export type CostClass = 'hourly' | 'monthly' | 'storage' | 'none';

/** A cost class in words. */
export const COST_WORDS: Readonly<Record<CostClass, string>> = {
  hourly: 'bills by the hour, used or not',
  monthly: 'bills by the month',
  storage: 'bills for the bytes it keeps',
  none: 'costs nothing',
};

/** Cost classes of the resources of a stack with an endpoint, by CloudFormation type. */
const CLASSES: Readonly<Record<string, CostClass>> = {
  'AWS::SageMaker::Endpoint': 'hourly',
  'AWS::EC2::VPCEndpoint': 'hourly',
  'AWS::EC2::NatGateway': 'hourly',
  'AWS::EC2::EIP': 'hourly',
  'AWS::CloudWatch::Alarm': 'monthly',
  'AWS::CloudWatch::CompositeAlarm': 'monthly',
  'AWS::CloudWatch::Dashboard': 'monthly',
  'AWS::KMS::Key': 'monthly',
  'AWS::SecretsManager::Secret': 'monthly',
  'AWS::Logs::LogGroup': 'storage',
  'AWS::ECR::Repository': 'storage',
  'AWS::S3::Bucket': 'storage',
};

/** The cost class of a resource type; a type that is not in the table has no charge of its own. */
export function costClassOf(resourceType: string): CostClass {
  return CLASSES[resourceType] ?? 'none';
}
