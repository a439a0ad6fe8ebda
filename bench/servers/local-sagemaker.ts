import { once } from 'node:events';
import { resolve } from 'node:path';
import { LocalSageMaker } from '../../lib/local';

/** What the program says when it is ready. */
export interface LocalSageMakerReady {
  readonly url: string;
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string };
  readonly certificateAuthority: string | undefined;
  readonly inspectorUrl: string | undefined;
}

/** Name of the endpoint that it hosts. */
export const ENDPOINT_NAME = 'bench';

async function main(): Promise<void> {
  const local = await LocalSageMaker.start({
    port: 0,
    inspector: process.env.BENCH_INSPECTOR === 'true',
    endpoints: [
      {
        name: ENDPOINT_NAME,
        variants: [
          {
            name: 'AllTraffic',
            model: {
              name: 'echo',
              environment: {},
              directory: resolve(__dirname, '../../container/echo'),
              command: ['node', '--require', 'esbuild-register', 'src/server.ts'],
            },
          },
        ],
      },
    ],
  });
  const { url, region, credentials, certificateAuthority, inspectorUrl } = local;
  const ready: LocalSageMakerReady = { url, region, credentials, certificateAuthority, inspectorUrl };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.stdin.resume();
  await once(process.stdin, 'end');
  await local.close(0);
}

if (require.main === module) {
  main().catch(error => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  });
}
