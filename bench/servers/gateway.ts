import { once } from 'node:events';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { BidiGateway } from '../../lib/gateway';
import { ENDPOINT_NAME, type LocalSageMakerReady } from './local-sagemaker';

/** What the program says when it is ready. */
export interface GatewayReady {
  readonly url: string;
}

/** A gateway with its own limits, in front of the local SageMaker that the environment describes. */
async function main(): Promise<void> {
  const local = JSON.parse(process.env.BENCH_LOCAL_SAGEMAKER!) as LocalSageMakerReady;
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
    requestHandler: {
      // One, as the kit's and the official client have it, unless said.
      maxConcurrentStreams: Number(process.env.BENCH_STREAMS_PER_CONNECTION ?? 1),
      nodeHttp2ConnectOptions: { ca: local.certificateAuthority },
    },
  });
  const gateway = await BidiGateway.start({ routes: [{ endpointName: ENDPOINT_NAME }], client, port: 0 });
  process.stdout.write(`${JSON.stringify({ url: gateway.url } satisfies GatewayReady)}\n`);
  process.stdin.resume();
  await once(process.stdin, 'end');
  await gateway.close();
  client.destroy();
}

main().catch(error => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
