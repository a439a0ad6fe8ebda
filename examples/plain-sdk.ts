/**
 * The same endpoint from the plain AWS SDK, without a session: one command whose body is a stream of events.
 *
 *   node --require esbuild-register examples/plain-sdk.ts ENDPOINT [WORDS...]
 *
 * The names are those of the official package `@aws-sdk/client-sagemaker-runtime-http2`: with it, only the import changes.
 */
import {
  InvokeEndpointWithBidirectionalStreamCommand,
  type RequestStreamEvent,
  SageMakerRuntimeHTTP2Client,
} from '../lib/client';

async function* events(words: string[]): AsyncGenerator<RequestStreamEvent> {
  for (const word of words) yield { PayloadPart: { Bytes: Buffer.from(word), DataType: 'UTF8' } };
}

async function main(endpointName: string, words: string[]): Promise<void> {
  const client = new SageMakerRuntimeHTTP2Client();
  try {
    const { Body } = await client.send(
      new InvokeEndpointWithBidirectionalStreamCommand({ EndpointName: endpointName, Body: events(words) }),
    );
    for await (const event of Body ?? []) {
      if (event.PayloadPart?.Bytes) console.log(Buffer.from(event.PayloadPart.Bytes).toString());
      if (event.ModelStreamError) throw event.ModelStreamError;
      if (event.InternalStreamFailure) throw event.InternalStreamFailure;
    }
  } finally {
    client.destroy();
  }
}

const [endpointName, ...words] = process.argv.slice(2);
if (!endpointName) {
  console.error('Usage: plain-sdk.ts ENDPOINT [WORDS...]');
  process.exit(2);
}
main(endpointName, words.length > 0 ? words : ['I need help with', 'my account balance']).catch(error => {
  console.error(error.message);
  process.exit(1);
});
