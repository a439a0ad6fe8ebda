import { type InjectionContext, type IPropertyInjector, PropertyInjectors } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BidiEndpoint, type BidiEndpointProps, BidiModel, DeepgramEndpoint } from '../../lib/infra';
import { newStack, PACKAGE_ARN } from './synthesis';

const packaged = () => BidiModel.fromModelPackage(PACKAGE_ARN);

describe('property injection', () => {
  class Retention implements IPropertyInjector {
    constructor(readonly constructUniqueId: string) {}
    inject(props: BidiEndpointProps, _context: InjectionContext): BidiEndpointProps {
      return { logRetention: RetentionDays.ONE_YEAR, ...props };
    }
  }

  test.each([
    [
      BidiEndpoint.PROPERTY_INJECTION_ID,
      (stack: ReturnType<typeof newStack>) => new BidiEndpoint(stack, 'Speech', { model: packaged() }),
    ],
    [
      DeepgramEndpoint.PROPERTY_INJECTION_ID,
      (stack: ReturnType<typeof newStack>) => new DeepgramEndpoint(stack, 'Speech', { modelPackageArn: PACKAGE_ARN }),
    ],
  ])('a platform team changes a default of %s', (uniqueId, create) => {
    const stack = newStack('us-east-1');
    PropertyInjectors.of(stack).add(new Retention(uniqueId));
    create(stack);
    Template.fromStack(stack).hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
  });

  test('a property that is given wins', () => {
    const stack = newStack('us-east-1');
    PropertyInjectors.of(stack).add(new Retention(BidiEndpoint.PROPERTY_INJECTION_ID));
    new BidiEndpoint(stack, 'Speech', { model: packaged(), logRetention: RetentionDays.ONE_WEEK });
    Template.fromStack(stack).hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });
});
