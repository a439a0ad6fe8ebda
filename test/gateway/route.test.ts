import { type Route, routeViolations } from '../../lib/contract';
import { findRoute, normalizeQuery, targetOf } from '../../lib/gateway/route';

const endpoint = (endpointName: string, more: Partial<Route> = {}): Route => ({ endpointName, ...more });

describe('a table of routes', () => {
  test.each<[string, unknown, RegExp]>([
    ['no list', {}, /have to be a list/],
    ['an empty list', [], /There is no route/],
    ['no object', ['speech'], /Route 1 is not an object/],
    ['no endpoint', [{}], /Route 1 names no endpoint/],
    ['an endpoint name out of pattern', [{ endpointName: '-speech' }], /Route 1 is invalid: Endpoint name/],
    ['a path out of pattern', [{ endpointName: 'speech', path: '/a b' }], /Route 1 is invalid: Model invocation path/],
    ['a number for a name', [{ endpointName: 7 }], /"endpointName" that is not a string/],
    ['a property with a slip', [{ endpointName: 'speech', pathPrefix: '/' }], /unknown property "pathPrefix"/],
    [
      'two for one path',
      [{ endpointName: 'a' }, { endpointName: 'b', path: '/' }],
      /Route 2 has the path and host of route 1/,
    ],
    [
      'an unknown dialect',
      [{ endpointName: 'a', dialect: 'aws' }],
      /unknown dialect "aws"; known are openai and deepgram/,
    ],
    ['a model without a dialect', [{ endpointName: 'a', model: 'm' }], /"model" without the dialect openai/],
    ['a model of Deepgram’s', [{ endpointName: 'a', dialect: 'deepgram', model: 'm' }], /"model" without the dialect/],
    ['a length without a dialect', [{ endpointName: 'a', maxModelLen: 9 }], /"maxModelLen" without the dialect openai/],
    ['a length that is none', [{ endpointName: 'a', dialect: 'openai', maxModelLen: 0.5 }], /not a whole number/],
    ['a length as text', [{ endpointName: 'a', dialect: 'openai', maxModelLen: '9' }], /that is not a number/],
    [
      'another path for OpenAI’s',
      [{ endpointName: 'a', dialect: 'openai', rewritePath: '/' }],
      /"rewritePath" and the dialect openai/,
    ],
  ])('with %s is refused', (_, routes, message) => {
    expect(routeViolations(routes).join(' ')).toMatch(message);
  });

  test('with dialects is taken', () => {
    const openai = endpoint('vllm', { path: '/openai', dialect: 'openai', model: 'tiny', maxModelLen: 512 });
    const deepgram = endpoint('nova', { path: '/dg', dialect: 'deepgram', rewritePath: '/' });
    expect(routeViolations([openai, deepgram])).toEqual([]);
  });

  test('tells every violation at once', () => {
    expect(
      routeViolations([{ endpointName: '-' }, { path: '/x' }, { endpointName: 'a', path: '/a', targetVariant: '!' }]),
    ).toHaveLength(3);
  });

  const routes = [
    endpoint('any'),
    endpoint('speech', { path: '/speech' }),
    endpoint('host', { path: '/speech', host: 'a.example' }),
  ];

  test.each([
    ['localhost', '/', 'any'],
    ['localhost', '/v1/listen', 'any'],
    ['localhost', '/speech', 'speech'],
    ['localhost', '/speech/v1/listen', 'speech'],
    ['localhost', '/speeches', 'any'],
    ['A.Example', '/speech/v1', 'host'],
  ])('%s%s goes to %s', (host, pathname, name) => {
    expect(findRoute(routes, host, pathname)?.endpointName).toBe(name);
  });

  test('takes nothing that no route takes', () => {
    expect(findRoute([endpoint('speech', { path: '/speech' })], 'localhost', '/v1')).toBeUndefined();
  });
});

describe('the target of a request', () => {
  test.each([
    ['/', {}, undefined],
    ['/v1/listen', {}, 'v1/listen'],
    ['/speech/v1/listen', { path: '/speech', rewritePath: '/' }, 'v1/listen'],
    ['/speech', { path: '/speech', rewritePath: '/' }, undefined],
    ['/a/b', { path: '/a', rewritePath: '/x/y' }, 'x/y/b'],
  ])('of %s with %j has the path %s', (pathname, more, path) => {
    expect(targetOf(endpoint('speech', more), pathname, '')).toMatchObject({ modelInvocationPath: path });
  });

  test.each(['//', '//v1', '/v1//listen', '/v1/listen/', '/a b', '/%2e%2e/x', `/${'x'.repeat(101)}`])(
    'with the path %j is refused',
    pathname => {
      expect(targetOf(endpoint('speech'), pathname, '')).toMatch(/^Model invocation path/);
    },
  );

  test.each([
    ['', ''],
    ['model=nova-3&language=en', 'model=nova-3&language=en'],
    ['keyterm=two+words&redact=a,b', 'keyterm=two%20words&redact=a%2Cb'],
    ["q=it's (so)*", 'q=it%27s%20%28so%29%2A'],
  ])('writes the query %j as the platform has it: %j', (query, normalized) => {
    expect(normalizeQuery(query)).toBe(normalized);
  });

  test.each(['a=', '=b', 'a', 'a.b=c'])('with the query %j, which the platform cannot carry, is refused', query => {
    expect(targetOf(endpoint('speech'), '/', query)).toMatch(/^Model query string/);
  });
});
