import { DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { paginateListServiceQuotas } from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { ask, ControlPlane, sayNoAnswer } from '../../../lib/operate/aws';
import { FakeAws, NO_ANSWER, ServiceError } from '../../fake-aws';

function describeEndpoint(plane: ControlPlane, timeoutMs = 5_000) {
  return ask(
    'sagemaker:DescribeEndpoint',
    abortSignal => plane.sageMaker.send(new DescribeEndpointCommand({ EndpointName: 'echo' }), { abortSignal }),
    timeoutMs,
  );
}

test.each([
  [new ServiceError('AccessDeniedException', 'User is not authorized'), 'denied'],
  [new ServiceError('ValidationException', 'Could not find endpoint "echo".'), 'absent'],
  [new ServiceError('ResourceNotFoundException', 'gone'), 'absent'],
  [new ServiceError('ExpiredTokenException', 'The security token is expired'), 'unauthenticated'],
  [new ServiceError('UnrecognizedClientException', 'The security token is invalid'), 'unauthenticated'],
  [new ServiceError('ValidationException', 'The name is too long'), 'refused'],
])('%o is %s', async (fault, kind) => {
  await using aws = await FakeAws.start({ DescribeEndpoint: () => fault });
  using plane = new ControlPlane(aws.options);
  const answer = await describeEndpoint(plane);
  expect(answer.kind).toBe(kind);
  expect(answer).toHaveProperty('message', expect.stringContaining(fault.message));
});

test('a denied look names the action', async () => {
  await using aws = await FakeAws.start({});
  using plane = new ControlPlane(aws.options);
  const answer = await describeEndpoint(plane);
  expect(answer).toMatchObject({ kind: 'denied', action: 'sagemaker:DescribeEndpoint' });
  expect(sayNoAnswer(answer as never)).toBe('Not allowed to look: sagemaker:DescribeEndpoint is denied.');
});

test('a service that never answers is given up at the bound', async () => {
  await using aws = await FakeAws.start({ DescribeEndpoint: () => NO_ANSWER });
  using plane = new ControlPlane(aws.options);
  const begin = Date.now();
  expect(await describeEndpoint(plane, 200)).toEqual({ kind: 'unreachable', message: 'no answer within 0.2 s' });
  expect(Date.now() - begin).toBeLessThan(5_000);
});

test('a port where nobody listens is unreachable', async () => {
  const aws = await FakeAws.start({});
  const { options } = aws;
  await aws[Symbol.asyncDispose]();
  using plane = new ControlPlane(options);
  expect(await describeEndpoint(plane)).toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('credentials that hang are given up at the bound too', async () => {
  await using aws = await FakeAws.start({});
  using plane = new ControlPlane({ ...aws.options, credentials: () => new Promise(() => {}) });
  expect(await describeEndpoint(plane, 100)).toMatchObject({ kind: 'unreachable' });
});

test('throttling is retried', async () => {
  await using aws = await FakeAws.start({
    DescribeEndpoint: (_, call) =>
      call < 3
        ? new ServiceError('ThrottlingException', 'Rate exceeded')
        : { EndpointName: 'echo', EndpointStatus: 'InService' },
  });
  using plane = new ControlPlane(aws.options);
  expect(await describeEndpoint(plane)).toMatchObject({ kind: 'answered', value: { EndpointStatus: 'InService' } });
  expect(aws.calls).toHaveLength(3);
});

test('throttling without end is refused, not thrown', async () => {
  await using aws = await FakeAws.start({
    DescribeEndpoint: () => new ServiceError('ThrottlingException', 'Rate exceeded'),
  });
  using plane = new ControlPlane(aws.options);
  expect(await describeEndpoint(plane)).toEqual({ kind: 'refused', message: 'ThrottlingException: Rate exceeded' });
});

test('the query protocol is told apart the same way', async () => {
  await using aws = await FakeAws.start({});
  using plane = new ControlPlane(aws.options);
  expect(
    await ask('sts:GetCallerIdentity', abortSignal =>
      plane.sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
    ),
  ).toMatchObject({ kind: 'denied', action: 'sts:GetCallerIdentity' });
});

test('a bound holds for all pages together', async () => {
  await using aws = await FakeAws.start({
    ListServiceQuotas: (_, call) => (call < 3 ? { Quotas: [], NextToken: String(call) } : NO_ANSWER),
  });
  using plane = new ControlPlane(aws.options);
  const answer = await ask(
    'servicequotas:ListServiceQuotas',
    async abortSignal => {
      const client = plane.serviceQuotas;
      for await (const _ of paginateListServiceQuotas({ client }, { ServiceCode: 'sagemaker' }, { abortSignal }));
    },
    500,
  );
  expect(answer.kind).toBe('unreachable');
  expect(aws.calls).toHaveLength(3);
});

test('a fault of our own is thrown', async () => {
  await expect(ask('x:Y', () => Promise.reject(new TypeError('undefined is not a function')))).rejects.toThrow(
    TypeError,
  );
});

test('a client is made once, and a region is found or not', async () => {
  using plane = new ControlPlane({ region: 'eu-west-1' });
  expect(plane.sageMaker).toBeInstanceOf(SageMakerClient);
  expect(plane.sageMaker).toBe(plane.sageMaker);
  expect(await plane.region()).toBe('eu-west-1');
});
