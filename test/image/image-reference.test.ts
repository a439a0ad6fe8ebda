import { ImageError, parseImageReference } from '../../lib/image';

test.each<[string, object]>([
  ['node', { registry: 'docker.io', repository: 'library/node', tag: 'latest' }],
  ['team/echo:7', { registry: 'docker.io', repository: 'team/echo', tag: '7' }],
  ['localhost:5000/a/b__c', { registry: 'localhost:5000', repository: 'a/b__c', tag: 'latest' }],
  [
    'public.ecr.aws/docker/library/node:24-slim',
    { registry: 'public.ecr.aws', repository: 'docker/library/node', tag: '24-slim' },
  ],
  [`a.b/c@sha256:${'1'.repeat(64)}`, { registry: 'a.b', repository: 'c', digest: `sha256:${'1'.repeat(64)}` }],
])('%s is taken apart as an engine does', (text, expected) => {
  expect(parseImageReference(text)).toEqual({ text, ...expected });
});

test.each(['', 'Node', 'a b', 'https://a.b/c', 'a:', '-a'])('"%s" is no name of an image', text => {
  expect(() => parseImageReference(text)).toThrow(ImageError);
});
