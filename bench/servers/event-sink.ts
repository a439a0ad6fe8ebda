import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { EVENT_STREAM_CONTENT_TYPE } from '../../lib/contract';

/** What the program says when it is ready. */
export interface EventSinkReady {
  readonly url: string;
}

/** Takes every stream at once and throws its events away: what is left to measure is the client. */
function main(): void {
  const server = createServer();
  server.on('stream', stream => {
    stream.respond({ ':status': 200, 'content-type': EVENT_STREAM_CONTENT_TYPE });
    stream.resume();
    stream.on('end', () => stream.end());
    stream.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => {
    const ready: EventSinkReady = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
  });
  process.stdin.resume().on('end', () => process.exit());
}

if (require.main === module) main();
