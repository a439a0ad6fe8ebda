import type { EndpointDefinition, ModelDefinition } from '../assembly/endpoint-definition';
import { localValue } from '../assembly/value';
import { InvalidLocalOptionsError } from './local-errors';

/** One model that a stand-in plays. */
export interface Simulation {
  /** Name of the model. */
  readonly model: string;
  /**
   * ARN of the model package that is not run.
   *
   * @default - none: the model is an image
   */
  readonly modelPackageArn?: string;
}

/**
 * Puts a stand-in in the place of every model package, because a package runs on the platform only, and of every image that names one.
 *
 * @returns the endpoints, and which models are played, so that callers can be told.
 * @throws InvalidLocalOptionsError when a model package has no stand-in.
 */
export function simulateModelPackages(endpoints: readonly EndpointDefinition[]): {
  /** The endpoints, with stand-ins in place of model packages. */
  endpoints: EndpointDefinition[];
  /** One entry a variant that a stand-in plays. */
  simulations: Simulation[];
} {
  const simulations: Simulation[] = [];
  const simulated = (model: ModelDefinition): ModelDefinition => {
    const { simulator, ...rest } = model;
    const modelPackageArn = localValue(rest.modelPackageArn);
    if (!simulator && !modelPackageArn) return model;
    if (!simulator) {
      throw new InvalidLocalOptionsError({
        what: `Nothing can stand in for the model package ${modelPackageArn} of model ${model.name}.`,
        why: 'The template names no stand-in for it.',
        next: 'Use the stack for Deepgram, whose template names its simulator.',
      });
    }
    simulations.push({ model: model.name, modelPackageArn });
    return {
      ...rest,
      modelPackageArn: undefined,
      imageUri: undefined,
      file: undefined,
      directory: simulator.directory,
      command: simulator.command,
    };
  };
  return {
    endpoints: endpoints.map(endpoint => ({
      ...endpoint,
      variants: endpoint.variants.map(variant => ({ ...variant, model: simulated(variant.model) })),
    })),
    simulations,
  };
}
