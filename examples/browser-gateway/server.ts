/**
 * Lets a web page stream a microphone to a Deepgram model on SageMaker: an ordinary HTTP server with one page and one WebSocket. The
 * AWS credentials stay here; the browser never sees them.
 *
 *   node --require esbuild-register examples/browser-gateway/server.ts ENDPOINT [PORT]
 *
 * Region and credentials come from the environment, as for every AWS SDK. It listens on this machine only: put your own sign-in
 * in front of it before it listens anywhere else, for whoever reaches it streams at your cost.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { DeepgramListen } from '../../lib/speech'; // in your application: 'sagemaker-bidi-kit/speech'

const [endpointName, port = '8000'] = process.argv.slice(2);
if (!endpointName) {
  console.error('Usage: server.ts ENDPOINT [PORT]');
  process.exit(2);
}

const page = readFileSync(join(__dirname, 'index.html'));
const client = new SageMakerRuntimeHTTP2Client(); // shared: all streams use its credentials and connections

const server = createServer((request, response) => {
  if (request.method !== 'GET' || request.url !== '/') return response.writeHead(404).end();
  return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
});

const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });
server.on('upgrade', (request, socket, head) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const sampleRate = Number(searchParams.get('sample_rate'));
  // A page of another site must not stream through this one: WebSockets know no same-origin policy of their own.
  const isSameOrigin = request.headers.origin === `http://${request.headers.host}`;
  if (pathname !== '/stream' || !isSameOrigin || !(sampleRate >= 8_000 && sampleRate <= 96_000)) {
    return socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  }
  return sockets.handleUpgrade(request, socket, head, webSocket => void converse(webSocket, sampleRate));
});

/** Microphone in, transcript out, until one side has enough. */
async function converse(browser: WebSocket, sampleRate: number): Promise<void> {
  browser.on('error', () => browser.terminate());
  browser.pause(); // what it says meanwhile waits until there is somebody to listen
  try {
    const listen = await DeepgramListen.open({
      client,
      endpointName: endpointName!,
      parameters: {
        model: 'nova-3',
        language: 'en',
        encoding: 'linear16',
        sample_rate: sampleRate,
        interim_results: true,
        smart_format: true,
      },
    });
    for await (const message of listen.transcribe(microphone(browser))) {
      if (browser.readyState === browser.OPEN) browser.send(JSON.stringify(message));
    }
    browser.close(1000);
  } catch (error) {
    console.error((error as Error).message);
    browser.close(1011, 'The model could not be reached.');
  }
}

/** The samples that the page sends. A text message, or the end of the socket, ends them. */
async function* microphone(browser: WebSocket): AsyncGenerator<Uint8Array> {
  const arrived: Uint8Array[] = [];
  let ended = browser.readyState !== browser.OPEN;
  let wake = () => {};
  browser.on('message', (data: Buffer, isBinary) => {
    if (isBinary) arrived.push(data);
    else ended = true;
    if (arrived.length > 50) browser.pause(); // the model is slower than the microphone: let the browser wait
    wake();
  });
  browser.on('close', () => {
    ended = true;
    wake();
  });
  while (!ended || arrived.length > 0) {
    const samples = arrived.shift();
    if (samples) {
      yield samples;
      continue;
    }
    browser.resume();
    await new Promise<void>(resolve => {
      wake = resolve;
    });
  }
}

server.listen(Number(port), 'localhost', () => {
  const address = server.address();
  console.log(`http://localhost:${typeof address === 'object' ? address?.port : port}`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const browser of sockets.clients) browser.close(1001);
    server.close(() => client.destroy());
  });
}
