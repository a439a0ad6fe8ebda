/** What is attacked, in a process of its own so that its memory is its own: a local SageMaker, or a client. */
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { LocalSageMaker } from '../../lib/local';

let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 5);

async function startLocal(): Promise<void> {
  const model = {
    name: 'hostile',
    directory: __dirname,
    command: [process.execPath, 'hostile-container.js'],
    environment: {},
  };
  const local = await LocalSageMaker.start({
    endpoints: [{ name: 'echo', variants: [{ name: 'AllTraffic', model }] }],
    port: 0,
    tls: false,
  });
  process.once('disconnect', () => void local.close().then(() => process.exit()));
  process.send!({ url: local.url, region: local.region, credentials: local.credentials });
}

async function receiveFrom(endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' };
  const client = new SageMakerRuntimeHTTP2Client({ endpoint, region: 'us-east-1', credentials });
  process.once('disconnect', () => process.exit());
  process.send!({});
  process.once('message', async () => {
    const outcome = await BidiSession.open({ endpointName: 'echo', client, retry: false })
      .then(session => session.receive())
      .catch((error: Error) => error.message);
    process.send!({ outcome: String(outcome).split('\n')[0] });
  });
}

process.on('message', message => {
  if (message === 'settle') {
    globalThis.gc?.();
    peak = process.memoryUsage.rss();
    process.send!({ resident: peak });
  } else if (message === 'peak') process.send!({ resident: peak });
});

const [role, url] = process.argv.slice(2);
void (role === 'client' ? receiveFrom(url!) : startLocal());
