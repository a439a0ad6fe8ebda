import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

// The least that one can write on `ws`: what the echo container is compared with.
const http = createServer((_request, response) => response.end());
new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', webSocket => {
  webSocket.on('message', (data, binary) => webSocket.send(data, { binary }));
});
http.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1', () => {
  console.log(JSON.stringify({ event: 'listening', port: (http.address() as AddressInfo).port }));
});
