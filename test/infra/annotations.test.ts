import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Repository, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { BidiEndpoint, BidiImage, BidiModel } from '../../lib/infra';
import { newStack, PACKAGE_ARN } from './synthesis';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const packaged = () => BidiModel.fromModelPackage(PACKAGE_ARN);

describe('a tag that can move', () => {
  const MOVES = Match.stringLikeRegexp('template stays the same and an update does not deploy it');

  test.each([
    [
      'a tag of an imported repository',
      (stack: ReturnType<typeof newStack>) => Repository.fromRepositoryName(stack, 'R', 'speech'),
      'v1',
    ],
    [
      'a tag of a repository whose tags move',
      (stack: ReturnType<typeof newStack>) => new Repository(stack, 'R'),
      'latest',
    ],
  ])('%s is pointed out', (_, repository, tag) => {
    const stack = newStack('us-east-1');
    new BidiEndpoint(stack, 'Speech', { model: BidiModel.fromImage(BidiImage.fromRepository(repository(stack), tag)) });
    Annotations.fromStack(stack).hasWarning('/Stack/Speech', MOVES);
  });

  test.each([
    ['a digest', (stack: ReturnType<typeof newStack>) => Repository.fromRepositoryName(stack, 'R', 'speech'), DIGEST],
    [
      'a tag of a repository with immutable tags',
      (stack: ReturnType<typeof newStack>) =>
        new Repository(stack, 'R', { imageTagMutability: TagMutability.IMMUTABLE }),
      'v1',
    ],
  ])('%s is not', (_, repository, tag) => {
    const stack = newStack('us-east-1');
    new BidiEndpoint(stack, 'Speech', { model: BidiModel.fromImage(BidiImage.fromRepository(repository(stack), tag)) });
    Annotations.fromStack(stack).hasNoWarning('*', MOVES);
  });
});

describe('the region', () => {
  test('of no partition is refused', () => {
    const stack = newStack('mars-north-1');
    expect(
      () =>
        new BidiEndpoint(stack, 'Speech', {
          model: BidiModel.fromImage(BidiImage.fromRepository(Repository.fromRepositoryName(stack, 'R', 's'), DIGEST)),
        }),
    ).toThrow('The stack\'s region "mars-north-1" belongs to no partition with bidirectional streaming (aws, aws-cn,');
  });

  test('that the CDK does not know is pointed out', () => {
    const stack = newStack('us-est-1');
    new BidiEndpoint(stack, 'Speech', {
      model: BidiModel.fromModelPackage(PACKAGE_ARN.replace('us-east-1', 'us-est-1')),
    });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Speech',
      Match.stringLikeRegexp('"us-est-1" is not one that this version'),
    );
  });

  test('that it knows is not', () => {
    const stack = newStack('us-east-1');
    new BidiEndpoint(stack, 'Speech', { model: packaged() });
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('region'));
  });
});

test('an instance count that scaling overrides is pointed out', () => {
  const stack = newStack('us-east-1');
  const endpoint = new BidiEndpoint(stack, 'Speech', { model: packaged(), instanceCount: 2 });
  endpoint.autoScaleConcurrency({ maxCapacity: 4, targetConcurrency: 20 });
  Annotations.fromStack(stack).hasInfo(
    '*',
    Match.stringLikeRegexp('instanceCount 2 counts for the first deployment only'),
  );
});

test.each(['ml.g6.2xlrge', 'ml.g6.xxlarge', 'ml.g6.2-xlarge', 'ml.g6.'])(
  '%s is refused, not warned of',
  instanceType => {
    expect(() => new BidiEndpoint(newStack('us-east-1'), 'Speech', { model: packaged(), instanceType })).toThrow(
      `"${instanceType}" is not a hosting instance type, such as ml.g6.2xlarge.`,
    );
  },
);

test('the template names the folder of a container relative to the assembly, and nothing of this machine', () => {
  const stack = newStack('us-east-1');
  new BidiEndpoint(stack, 'Echo', {
    model: BidiModel.fromImage(BidiImage.fromDirectory('container/echo', { localCommand: ['node', 'server.js'] })),
  });
  const [model] = Object.values(Template.fromStack(stack).findResources('AWS::SageMaker::Model'));
  const { directory } = model!.Metadata['sagemaker-bidi-kit:container'];
  expect(directory).toMatch(/^\.\.\//);
  expect(directory).toMatch(/container\/echo$/);
});
