/** Patterns and limits of names and of the two headers that shape the container's URL. Source: API model, 2025-10-01. */

/** Longest endpoint or variant name, in characters. */
export const NAME_LIMIT = 63;

/** Endpoint and variant names: letters, digits and inner hyphens. */
export const NAME_PATTERN = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

/** Longest `X-Amzn-SageMaker-Model-Invocation-Path`, in characters. */
export const INVOCATION_PATH_LIMIT = 100;

/** `X-Amzn-SageMaker-Model-Invocation-Path`: segments without a leading slash. */
export const INVOCATION_PATH_PATTERN = /^[A-Za-z0-9\-._]+(?:\/[A-Za-z0-9\-._]+)*$/;

/** Longest `X-Amzn-SageMaker-Model-Query-String`, in characters. */
export const QUERY_STRING_LIMIT = 2_048;

/**
 * `X-Amzn-SageMaker-Model-Query-String`: `name=value` pairs joined by `&`, without a leading question mark. A name begins with a
 * letter or digit and goes on with letters, digits, `_` and `-`. A value has at least one character; all but RFC 3986's
 * unreserved ones are percent-encoded.
 */
export const QUERY_STRING_PATTERN =
  /^[a-zA-Z0-9][A-Za-z0-9_-]*=(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+(?:&[a-zA-Z0-9][A-Za-z0-9_-]*=(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+)*$/;

/**
 * ARN of a model package, versioned or not. Group 1: partition, 2: region, 3: account, 4: name and version. The API also takes a bare
 * name, which belongs to the account itself; a subscription on AWS Marketplace has an ARN.
 *
 * Source: API model `sagemaker`, `VersionedArnOrName`.
 */
export const MODEL_PACKAGE_ARN_PATTERN =
  /^arn:(aws[a-z-]*):sagemaker:([a-z0-9-]+):(\d{12}):model-package\/([a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\/\d{1,9})?)$/;

/** What is wrong with an endpoint name, as a sentence, or `undefined`. */
export function endpointNameViolation(name: string): string | undefined {
  return nameFault('Endpoint name', name);
}

/** What is wrong with a production variant's name, as a sentence, or `undefined`. */
export function variantNameViolation(name: string): string | undefined {
  return nameFault('Variant name', name);
}

/** What is wrong with a model invocation path, as a sentence, or `undefined`. */
export function invocationPathViolation(path: string): string | undefined {
  if (path.length > INVOCATION_PATH_LIMIT) {
    return `Model invocation path has ${path.length} characters; at most ${INVOCATION_PATH_LIMIT} are allowed.`;
  }
  if (!INVOCATION_PATH_PATTERN.test(path)) {
    return `Model invocation path "${path}" must be segments of letters, digits, "-", "." and "_", joined by "/", without a leading slash (such as v1/listen).`;
  }
  return undefined;
}

/** What is wrong with a model query string, as a sentence, or `undefined`. */
export function queryStringViolation(query: string): string | undefined {
  if (query.length > QUERY_STRING_LIMIT) {
    return `Model query string has ${query.length} characters; at most ${QUERY_STRING_LIMIT} are allowed.`;
  }
  if (!QUERY_STRING_PATTERN.test(query)) {
    const pair = query.split('&').find(candidate => !QUERY_STRING_PATTERN.test(candidate)) ?? query;
    return (
      `Model query string "${query}" is not allowed because of "${pair}": it must be name=value pairs joined by "&", without a ` +
      'leading "?"; names of letters, digits, "_" and "-", the first a letter or digit; values not empty and percent-encoded.'
    );
  }
  return undefined;
}

function nameFault(what: string, name: string): string | undefined {
  if (name.length === 0 || name.length > NAME_LIMIT) {
    return `${what} "${name}" has ${name.length} characters; 1 to ${NAME_LIMIT} are allowed.`;
  }
  if (!NAME_PATTERN.test(name)) {
    return `${what} "${name}" may hold letters, digits and hyphens only, and must begin and end with a letter or digit.`;
  }
  return undefined;
}
