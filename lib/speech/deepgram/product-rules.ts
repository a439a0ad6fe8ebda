import type { QueryParameters } from '../../client/session/query-string';
import { queryStringOf } from '../../client/session/query-string';
import {
  type DeepgramProduct,
  type DeepgramProductName,
  DeepgramProducts,
  deepgramParameterViolations,
  queryStringViolation,
} from '../../contract';
import { DeepgramParametersError } from './deepgram-error';

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
export function productRequest(names: readonly DeepgramProductName[], parameters: QueryParameters): ProductRequest {
  const products: readonly DeepgramProduct[] = names.map(name => DeepgramProducts[name]);
  const model = parameters.model;
  const product = products.find(
    candidate => typeof model === 'string' && new RegExp(candidate.modelPattern).test(model),
  );
  if (!product) throw parametersError([unknownModel(model, products)], products);
  const queryString = queryStringOf(parameters);
  const violations = deepgramParameterViolations(product, parameters);
  const queryViolation = queryStringViolation(queryString);
  if (queryViolation) violations.push(queryViolation);
  if (violations.length > 0) throw parametersError(violations, [product]);
  return { product, queryString };
}

function unknownModel(model: unknown, products: readonly DeepgramProduct[]): string {
  const known = products.map(({ title, exampleQuery }) => `${title} (${exampleQuery.split('&')[0]})`).join(', ');
  return model === undefined
    ? `model is missing: it names one of ${known}.`
    : `model=${String(model)} is none of ${known}.`;
}

function parametersError(faults: readonly string[], products: readonly DeepgramProduct[]): DeepgramParametersError {
  return new DeepgramParametersError(faults, {
    what: faults.join('\n        '),
    why: 'The model would refuse the stream, and SageMaker would only say that the handshake failed (HTTP 424).',
    next: `Parameters that work: ${products.map(({ exampleQuery }) => exampleQuery).join('   or   ')}`,
  });
}
