import { type DeepgramProduct, type DeepgramProductName, DeepgramProducts, queryStringFault } from '../../contract';
import { DeepgramParametersError } from './deepgram-error';
import type { OtherParameters } from './listen-parameters';
import { queryStringOf } from './query-string';

/** A product and the query string that opens a stream to it. */
export interface ProductRequest {
  readonly product: DeepgramProduct;
  readonly queryString: string;
}

/**
 * Finds the product that a model name belongs to, among those offered, and checks the parameters against its rules.
 *
 * @throws DeepgramParametersError naming every fault at once.
 */
export function productRequest(names: readonly DeepgramProductName[], parameters: OtherParameters): ProductRequest {
  const products: readonly DeepgramProduct[] = names.map(name => DeepgramProducts[name]);
  const model = parameters.model;
  const product = products.find(candidate => typeof model === 'string' && candidate.model.test(model));
  if (!product) throw refused([unknownModel(model, products)], products);
  const queryString = queryStringOf(parameters);
  const faults = ruleFaults(product, parameters);
  const queryFault = queryStringFault(queryString);
  if (queryFault) faults.push(queryFault);
  if (faults.length > 0) throw refused(faults, [product]);
  return { product, queryString };
}

function ruleFaults(product: DeepgramProduct, parameters: OtherParameters): string[] {
  const given = Object.keys(parameters).filter(name => parameters[name] !== undefined);
  const faults = product.required
    .filter(name => !given.includes(name) || parameters[name] === '')
    .map(name => `${name} is missing: ${product.title} needs it.`);
  for (const [name, reason] of Object.entries(product.forbidden)) {
    if (given.includes(name)) faults.push(`${name} is not allowed: ${reason}`);
  }
  if (product.only) {
    const strangers = given.filter(name => !product.only!.includes(name));
    for (const name of strangers) {
      faults.push(`${name} is not known: ${product.title} takes ${product.only.join(', ')} and refuses the rest.`);
    }
  }
  // Bare samples do not say how fast they are: one without the other is heard as noise, or not at all.
  if (product.path.endsWith('/listen') && given.includes('encoding') && !given.includes('sample_rate')) {
    if (!product.required.includes('sample_rate'))
      faults.push('sample_rate is missing: it goes together with encoding.');
  }
  const rate = parameters.sample_rate;
  if (rate !== undefined && !/^[1-9]\d*$/.test(String(rate))) {
    faults.push(`sample_rate ${JSON.stringify(rate)} must be a whole number of samples a second, such as 16000.`);
  }
  return faults;
}

function unknownModel(model: unknown, products: readonly DeepgramProduct[]): string {
  const known = products.map(({ title, exampleQuery }) => `${title} (${exampleQuery.split('&')[0]})`).join(', ');
  return model === undefined
    ? `model is missing: it names one of ${known}.`
    : `model=${String(model)} is none of ${known}.`;
}

function refused(faults: readonly string[], products: readonly DeepgramProduct[]): DeepgramParametersError {
  return new DeepgramParametersError(faults, {
    what: faults.join('\n        '),
    why: 'The model would refuse the stream, and SageMaker would only say that the handshake failed (HTTP 424).',
    next: `Parameters that work: ${products.map(({ exampleQuery }) => exampleQuery).join('   or   ')}`,
  });
}
