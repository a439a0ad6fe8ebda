import type { DeepgramProduct } from './deepgram';

/**
 * The violations in the parameters of a stream that a Deepgram product would refuse, one sentence each. The model would refuse
 * them too, but the caller only sees that the handshake failed (HTTP 424).
 *
 * @param parameters by name; `undefined` counts as absent.
 */
export function deepgramParameterViolations(
  product: DeepgramProduct,
  parameters: Readonly<Record<string, unknown>>,
): string[] {
  const given = Object.keys(parameters).filter(name => parameters[name] !== undefined);
  return [
    ...product.required
      .filter(name => !given.includes(name) || parameters[name] === '')
      .map(name => `${name} is missing: ${product.title} needs it, as in ${product.exampleQuery}.`),
    ...modelViolations(product, parameters.model),
    ...Object.entries(product.forbidden)
      .filter(([name]) => given.includes(name))
      .map(([name, reason]) => `${name} is not allowed: ${reason}`),
    ...unknownNames(product, given).map(
      name => `${name} is not known: ${product.title} takes ${product.only!.join(', ')} and refuses the rest.`,
    ),
    ...sampleRateViolations(product, parameters),
  ];
}

function modelViolations(product: DeepgramProduct, model: unknown): string[] {
  if (model === undefined || model === '' || new RegExp(product.modelPattern).test(String(model))) return [];
  return [`model=${model} is not a model of ${product.title}, as in ${product.exampleQuery}.`];
}

function unknownNames({ only }: DeepgramProduct, given: readonly string[]): string[] {
  return only ? given.filter(name => !only.includes(name)) : [];
}

function sampleRateViolations(product: DeepgramProduct, { encoding, sample_rate: rate }: Record<string, unknown>) {
  if (rate !== undefined) {
    if (/^[1-9]\d*$/.test(String(rate))) return [];
    return [`sample_rate ${JSON.stringify(rate)} must be a whole number of samples a second, such as 16000.`];
  }
  // Samples without a header do not say their rate: with one of the two parameters missing, speech is heard as noise.
  const isNeeded = encoding !== undefined && product.path.endsWith('/listen');
  return isNeeded && !product.required.includes('sample_rate')
    ? ['sample_rate is missing: it goes together with encoding.']
    : [];
}
