import { ArnFormat, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DEFAULT_VARIANT_NAME, endpointLogGroup } from '../contract';
import { BidiEndpointBase } from './bidi-endpoint-base';
import { endpointArn } from './endpoint-arn';
import { type IProductionVariant, VariantMetrics } from './stream-metrics';
import { throwIfInvalid } from './violations';

/** Properties of an endpoint that another app, stack or tool made. */
export interface BidiEndpointAttributes {
  /**
   * Name of the endpoint, with its capitals.
   *
   * @default - the name in the ARN, which is in lower case there
   */
  readonly endpointName?: string;
  /**
   * ARN of the endpoint.
   *
   * @default - the ARN of that name in the stack's account and region
   */
  readonly endpointArn?: string;
  /**
   * Names of its production variants.
   *
   * @default ['AllTraffic']
   */
  readonly variantNames?: readonly string[];
}

/** An endpoint that another app, stack or tool made. */
export class ImportedBidiEndpoint extends BidiEndpointBase {
  readonly endpointName: string;
  readonly endpointArn: string;
  readonly variants: readonly IProductionVariant[];
  readonly logGroupName: string;
  protected readonly knownName: string;

  /** @throws InvalidPropsError with neither a name nor an ARN, without variant names, or with an ARN of another endpoint than the name's. */
  constructor(scope: Construct, id: string, attributes: BidiEndpointAttributes) {
    const arn = arnOf(scope, id, attributes);
    super(scope, id, { environmentFromArn: arn });
    this.endpointArn = arn;
    this.endpointName = attributes.endpointName ?? nameIn(scope, arn);
    this.knownName = this.endpointName;
    const { variantNames = [DEFAULT_VARIANT_NAME] } = attributes;
    this.variants = variantNames.map(variantName => new VariantMetrics(this, this.knownName, variantName));
    this.logGroupName = endpointLogGroup(this.endpointName);
  }
}

function arnOf(scope: Construct, id: string, attributes: BidiEndpointAttributes): string {
  const { endpointName: name, endpointArn: arn, variantNames } = attributes;
  const named = name !== undefined && arn !== undefined && !Token.isUnresolved(name) && !Token.isUnresolved(arn);
  throwIfInvalid(`${scope.node.path}/${id}`, [
    name === undefined && arn === undefined
      ? 'Neither endpointName nor endpointArn is given; give one of them.'
      : undefined,
    variantNames?.length === 0
      ? 'variantNames is empty; an endpoint has at least one, AllTraffic by default.'
      : undefined,
    named && nameIn(scope, arn) !== name.toLowerCase()
      ? `endpointArn ${arn} is not the ARN of the endpoint ${name}.`
      : undefined,
  ]);
  return arn ?? endpointArn(Stack.of(scope), name!);
}

function nameIn(scope: Construct, arn: string): string {
  return Stack.of(scope).splitArn(arn, ArnFormat.SLASH_RESOURCE_NAME).resourceName!;
}
