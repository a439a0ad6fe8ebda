import type { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { EndpointUnderTest } from '../endpoint-under-test';
import { outcomeOf } from '../outcome';
import type { Probe } from '../probe';

const API_MODEL = 'API model sagemaker-runtime, 2017-05-13';
const BODY = 'a plain invocation';

/** The operations beside the stream, on the same endpoint. */
export const INVOCATION_PROBES: readonly Probe[] = [
  {
    name: 'invoke-endpoint',
    area: 'invocations',
    rule: 'InvokeEndpoint posts the body to /invocations of the container and gives back the answer and its type.',
    source: API_MODEL,
    expected: 'the same body, text/plain, the variant',
    play: endpoint =>
      answerOf(endpoint, async client => {
        const { InvokeEndpointCommand } = await import('@aws-sdk/client-sagemaker-runtime');
        const { endpointName: EndpointName } = endpoint.options;
        const answer = await client.send(
          new InvokeEndpointCommand({ EndpointName, Body: BODY, ContentType: 'text/plain' }),
        );
        return [
          Buffer.from(answer.Body ?? []).toString() === BODY ? 'the same body' : 'another body',
          answer.ContentType,
          answer.InvokedProductionVariant ? 'the variant' : 'no variant',
        ].join(', ');
      }),
  },
  {
    name: 'invoke-endpoint-unknown',
    area: 'invocations',
    rule: 'InvokeEndpoint refuses an endpoint that does not exist with a ValidationError.',
    source: API_MODEL,
    expected: 'HTTP 400 ValidationError',
    play: endpoint =>
      answerOf(endpoint, async client => {
        const { InvokeEndpointCommand } = await import('@aws-sdk/client-sagemaker-runtime');
        await client.send(new InvokeEndpointCommand({ EndpointName: 'fidelity-no-such-name', Body: BODY }));
        return 'answered';
      }),
  },
  {
    name: 'invoke-with-response-stream',
    area: 'invocations',
    rule: 'InvokeEndpointWithResponseStream gives back the same answer as a stream of parts.',
    source: API_MODEL,
    expected: 'the same body',
    play: endpoint =>
      answerOf(endpoint, async client => {
        const { InvokeEndpointWithResponseStreamCommand } = await import('@aws-sdk/client-sagemaker-runtime');
        const { endpointName: EndpointName } = endpoint.options;
        const answer = await client.send(new InvokeEndpointWithResponseStreamCommand({ EndpointName, Body: BODY }));
        const parts: Uint8Array[] = [];
        for await (const { PayloadPart } of answer.Body ?? []) parts.push(PayloadPart?.Bytes ?? new Uint8Array(0));
        return Buffer.concat(parts).toString() === BODY ? 'the same body' : 'another body';
      }),
  },
];

async function answerOf(
  endpoint: EndpointUnderTest,
  ask: (client: SageMakerRuntimeClient) => Promise<string>,
): Promise<string> {
  try {
    return await ask(await endpoint.plainClient());
  } catch (error) {
    return outcomeOf(error);
  }
}
