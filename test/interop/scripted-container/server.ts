/**
 * A container for the interop run that ends, breaks and refuses on request: the invocation path says what it does.
 *
 *   told              tells its own request target in a text frame
 *   fragments         sends one text message in three frames, the second empty
 *   close/CODE        closes with this code and a reason once it has received a message
 *   model-stream-error  reports a structured error once it has received a message
 *   vanish            cuts the connection without a close frame once it has received a message
 *   refuse/STATUS     refuses the handshake with this HTTP status
 */
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { BIND_TO_PORT_VARIABLE, CONTAINER_PORT, MODEL_STREAM_ERROR_FRAME, PING_PATH } from '../../../lib/contract';

const webSockets = new WebSocketServer({ noServer: true });

const server = createServer((request, response) => response.writeHead(request.url === PING_PATH ? 200 : 404).end());

server.on('upgrade', (request, stream: Duplex, head) => {
  const target = request.url ?? '';
  const [, action, argument] = target.split(/[/?]/);
  if (action === 'refuse') {
    stream.end(`HTTP/1.1 ${argument} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    return;
  }
  webSockets.handleUpgrade(request, stream, head, webSocket => act(webSocket, stream, action, argument, target));
});

function act(webSocket: WebSocket, stream: Duplex, action?: string, argument?: string, target?: string): void {
  switch (action) {
    case 'told':
      webSocket.send(target ?? '');
      break;
    case 'fragments':
      webSocket.send('one ', { fin: false });
      webSocket.send('', { fin: false });
      webSocket.send('two', { fin: true });
      break;
    case 'close':
      webSocket.once('message', () => webSocket.close(Number(argument), 'asked to'));
      break;
    case 'model-stream-error':
      webSocket.once('message', () => {
        const report = { ErrorCode: 'OUT_OF_VOICES', Message: 'The choir has left.' };
        webSocket.send(JSON.stringify({ [MODEL_STREAM_ERROR_FRAME]: report }));
      });
      break;
    case 'vanish':
      webSocket.once('message', () => stream.destroy());
      break;
    default:
      webSocket.close(1008, 'no such action');
  }
}

server.listen(Number(process.env[BIND_TO_PORT_VARIABLE] ?? CONTAINER_PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit());
