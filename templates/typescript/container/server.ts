/** A streaming container for Amazon SageMaker AI: it answers each message with the same message. Put your model into `answer`. */
import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';

/** The platform sends SIGTERM 30 seconds before SIGKILL. */
const DRAIN_MS = 25_000;

/** Messages of one caller that wait for their answers before no more are read. */
const WAITING_LIMIT = 16;

/** Loads the model. SageMaker puts the files of a model archive into /opt/ml/model. */
async function load(): Promise<void> {}

/** Yields every answer to one message: here the message itself. */
async function* answer(message: string | Buffer): AsyncGenerator<string | Buffer> {
  yield message;
}

let isLoaded = false;
let isDraining = false;

const server = createServer((request, response) => {
  // The platform sends streams only while this is 200.
  const isReady = isLoaded && !isDraining;
  request.resume();
  response.writeHead(request.url === '/ping' ? (isReady ? 200 : 503) : 404).end();
});

// Audio does not shrink, so nothing is compressed.
const sockets = new WebSocketServer({
  server,
  path: '/invocations-bidirectional-stream',
  maxPayload: 16 * 1024 * 1024,
  perMessageDeflate: false,
});

sockets.on('connection', (socket: WebSocket) => {
  // One message after the other, so that answers keep their order.
  let answered = Promise.resolve();
  let waiting = 0;
  const close = socket.close.bind(socket);
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const answerOne = async (): Promise<void> => {
      for await (const message of answer(isBinary ? data : data.toString())) {
        if (socket.readyState !== socket.OPEN) return; // the caller is gone
        await new Promise<void>(resolve => socket.send(message, () => resolve()));
      }
    };
    waiting += 1;
    if (waiting >= WAITING_LIMIT) socket.pause();
    answered = answered
      .then(answerOne)
      .catch(error => {
        console.error(error);
        close(1011, 'The model failed.');
      })
      .finally(() => {
        waiting -= 1;
        if (waiting < WAITING_LIMIT) socket.resume();
      });
  });
  // A caller ends its input with a close frame, which `ws` answers through this method: after the last answer.
  socket.close = (code, reason) => {
    answered.then(() => close(code, reason));
  };
  socket.on('error', error => console.error(error.message));
});

function stop(): void {
  if (isDraining) process.exit(1);
  isDraining = true;
  server.close(() => process.exit(0)); // when the last stream has ended
  setTimeout(() => {
    for (const socket of sockets.clients) socket.close(1001);
    setTimeout(() => process.exit(0), 1_000);
  }, DRAIN_MS).unref();
  if (sockets.clients.size === 0) process.exit(0);
}

// SageMaker starts the container with the argument "serve".
const [word, ...others] = process.argv.slice(2);
if (others.length > 0 || (word !== undefined && word !== 'serve')) {
  console.error(`Unknown arguments ${process.argv.slice(2).join(' ')}: the only one is serve.`);
  process.exit(1);
}
process.on('SIGTERM', stop).on('SIGINT', stop);
server.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT ?? 8080), process.env.BIDI_BIND_TO_HOST ?? '0.0.0.0', async () => {
  await load();
  isLoaded = true;
});
