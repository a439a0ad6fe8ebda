/** Parameters of a model's query string, by name. */
export interface QueryParameters {
  readonly [name: string]: ParameterValue | undefined;
}

/** A value of a query parameter; an array repeats the parameter. */
export type ParameterValue = string | number | boolean | readonly (string | number)[];

/**
 * Parameters as the model's query string, in the order given: absent ones are left out, arrays repeat their parameter, and
 * everything but RFC 3986's unreserved characters is percent-encoded, as the platform's pattern asks.
 */
export function queryStringOf(parameters: QueryParameters): string {
  return Object.entries(parameters)
    .flatMap(([name, value]) => {
      if (value === undefined) return [];
      const values: readonly (string | number | boolean)[] = Array.isArray(value) ? value : [value];
      return values.map(one => `${encode(name)}=${encode(String(one))}`);
    })
    .join('&');
}

/** `encodeURIComponent` leaves five characters alone that RFC 3986 reserves. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
