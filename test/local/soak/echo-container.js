// Echoes every message, text as text and binary as binary, with backpressure. As small as it can be: the soak measures what is in
// front of it.
const { createServer } = require('node:http');
const { WebSocketServer } = require('ws');

const server = createServer((_, response) => response.writeHead(200).end());
new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 64 << 20 }).on('connection', (socket, request) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => {
    socket.send(data, { binary: isBinary }, () => {
      if (request.socket.isPaused() && request.socket.writableLength === 0) socket.resume();
    });
    if (request.socket.writableLength > 1 << 20) socket.pause();
  });
});
server.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
