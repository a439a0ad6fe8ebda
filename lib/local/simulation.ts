import type { EndpointDefinition, ModelDefinition } from '../assembly/endpoint-definition';
import { AfterDeployment, localValue } from '../assembly/value';
import { type BehaviourName, type Behaviours, UNSETTLED } from '../contract';
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

/** The behaviours that the stand-in acts out, as its own settings (container/speech-simulator/README.md). */
const STAND_IN_SETTINGS = {
  'control-message-type': { variable: 'SIMULATOR_BINARY_CONTROL', values: { audio: 'audio', sniffed: 'control' } },
} as const;

/** Names of the chosen behaviours that only a stand-in acts out. */
export function standInBehaviours(behaviours: Behaviours): readonly BehaviourName[] {
  return (Object.keys(behaviours) as BehaviourName[]).filter(name => UNSETTLED[name].simulatedBy === 'stand-in');
}

/**
 * Puts a stand-in in the place of every model package, because a package runs on the platform only, and of every image that names one.
 *
 * @param behaviours what the stand-in does where sources disagree; a variable of the model's own environment wins
 * @returns the endpoints, and which models are played, so that callers can be told.
 * @throws InvalidLocalOptionsError when a model package has no stand-in.
 */
export function simulateModelPackages(
  endpoints: readonly EndpointDefinition[],
  behaviours: Behaviours = {},
): {
  /** The endpoints, with stand-ins in place of model packages. */
  endpoints: EndpointDefinition[];
  /** One entry a variant that a stand-in plays. */
  simulations: Simulation[];
} {
  const simulations: Simulation[] = [];
  const settings = standInSettings(behaviours);
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
      target: undefined,
      buildArgs: undefined,
      directory: simulator.directory,
      command: simulator.command,
      environment: { ...settings, ...simulator.environment, ...knownHere(rest.environment) },
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

/** A stand-in needs no value that only a deployment resolves, such as a secret. */
function knownHere(environment: ModelDefinition['environment']): ModelDefinition['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => !(value instanceof AfterDeployment)));
}

function standInSettings(behaviours: Behaviours): Record<string, string> {
  const chosen = behaviours['control-message-type'];
  if (chosen === undefined) return {};
  const { variable, values } = STAND_IN_SETTINGS['control-message-type'];
  return { [variable]: values[chosen] };
}
