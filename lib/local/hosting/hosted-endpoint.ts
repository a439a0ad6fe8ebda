import type { EndpointDefinition, VariantDefinition } from '../../assembly/endpoint-definition';
import { LOCAL_ACCOUNT } from '../../assembly/local-account';
import { localValue } from '../../assembly/value';
import { inputValidationError, serviceUnavailableError } from '../service/service-error';
import type { HostedInstance } from './hosted-instance';

/** One production variant with its instances. */
export class HostedVariant {
  /** Running weight of the smooth round robin. */
  turn = 0;

  constructor(
    readonly definition: VariantDefinition,
    readonly instances: readonly HostedInstance[],
  ) {}

  get weight(): number {
    return localValue(this.definition.weight) ?? 1;
  }

  get isInService(): boolean {
    return this.instances.some(instance => instance.isInService);
  }
}

/** One endpoint: which instance of which variant answers a request. */
export class HostedEndpoint {
  constructor(
    readonly definition: EndpointDefinition,
    readonly variants: readonly HostedVariant[],
  ) {}

  get name(): string {
    return this.definition.name;
  }

  get isInService(): boolean {
    return this.variants.every(variant => variant.isInService);
  }

  /**
   * @param targetVariant variant that the caller asks for, or undefined.
   * @throws ServiceError when there is no such variant, or none of its instances is in service.
   */
  choose(targetVariant: string | undefined): HostedInstance {
    const variant = targetVariant === undefined ? this.nextVariant() : this.variantNamed(targetVariant);
    // Smooth weighted round robin over variants is exact where a random draw is only right on average; within a variant, the
    // instance with the fewest open streams.
    let chosen: HostedInstance | undefined;
    for (const instance of variant.instances) {
      if (instance.isInService && (!chosen || instance.openSessions < chosen.openSessions)) chosen = instance;
    }
    if (!chosen) {
      throw serviceUnavailableError(`Endpoint ${this.name} of account ${LOCAL_ACCOUNT} is not in service.`);
    }
    return chosen;
  }

  private variantNamed(name: string): HostedVariant {
    const variant = this.variants.find(each => each.definition.name === name);
    if (!variant) throw inputValidationError(`Variant ${name} not found for Endpoint ${this.name}.`);
    return variant;
  }

  private nextVariant(): HostedVariant {
    const total = this.variants.reduce((sum, variant) => sum + variant.weight, 0);
    let next = this.variants[0]!;
    for (const variant of this.variants) {
      variant.turn += variant.weight;
      if (variant.turn > next.turn) next = variant;
    }
    next.turn -= total;
    return next;
  }
}
