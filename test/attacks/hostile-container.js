// A container that does what memory is grown with: the path of the WebSocket says what.
const { createHash } = require('node:crypto');
const { createServer } = require('node:http');

const PING = Buffer.concat(
  Array.from({ length: 512 }, () => Buffer.concat([Buffer.from([0x89, 125]), Buffer.alloc(125)])),
);
const EMPTY_CONTINUATION = Buffer.concat(Array.from({ length: 16_384 }, () => Buffer.from([0x00, 0x00])));

const server = createServer((request, response) => {
  if (request.url === '/ping') return response.end();
  // An answer without an end.
  return pour(response, Buffer.alloc(1 << 20));
});

server.on('upgrade', (request, socket) => {
  socket.on('error', () => {});
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  if (request.url === '/pings') return pour(socket, PING); // and reads no pong
  if (request.url === '/empty') {
    socket.write(Buffer.from([0x02, 0x00]));
    pour(socket, EMPTY_CONTINUATION);
  }
  if (request.url === '/die') return process.exit(1);
  return socket.resume();
});

function pour(writable, piece) {
  const write = () => {
    while (!writable.destroyed && writable.write(piece));
  };
  writable.on('drain', write);
  write();
}

server.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1');
