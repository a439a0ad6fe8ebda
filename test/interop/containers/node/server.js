// A container on node:http and ws, as most are written: no backpressure of its own.
const { createServer } = require('node:http');
const { WebSocketServer } = require('ws');

const http = createServer((request, response) => {
  request.resume();
  response.writeHead(request.url === '/ping' ? 200 : 404, { 'Content-Length': 0 }).end();
});
const server = new WebSocketServer({ server: http, path: '/invocations-bidirectional-stream' });
server.on('connection', webSocket => {
  webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
  webSocket.on('error', () => undefined);
});
process.on('SIGTERM', () => {
  for (const webSocket of server.clients) webSocket.close(1001);
  setTimeout(() => process.exit(0), 200);
});
http.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT ?? 8080), '0.0.0.0');
