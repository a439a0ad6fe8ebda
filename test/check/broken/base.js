const { createServer } = require('node:http');
const { WebSocketServer } = require('ws');

const HIGH_WATER_BYTES = 256 * 1024;

/** Sends every message back as it came, and waits for a slow reader. */
function echo(webSocket, { reply = (data, isBinary) => webSocket.send(data, { binary: isBinary }) } = {}) {
  webSocket.on('message', (data, isBinary) => {
    reply(data, isBinary);
    if (webSocket.bufferedAmount > HIGH_WATER_BYTES) webSocket.pause();
  });
  webSocket._socket.on('drain', () => webSocket.resume());
  webSocket.on('error', () => undefined);
}

/** A container that keeps the contract, unless it is told not to at one of these places. */
function serve({
  ping = (_request, response) => response.writeHead(200, { 'Content-Length': 0 }).end(),
  /** Decides about an upgrade: calls `accept`, or `refuse` with a status, or neither. */
  upgrade = (request, accept, refuse) =>
    request.url.startsWith('/invocations-bidirectional-stream') ? accept() : refuse(404),
  options = {},
  headers = () => [],
  session = webSocket => echo(webSocket),
  /** Takes the upgraded sockets instead of `ws`. */
  attach = undefined,
  port = Number(process.env.SAGEMAKER_BIND_TO_PORT),
  host = process.env.BIDI_BIND_TO_HOST,
  sigterm = server => {
    for (const webSocket of server.clients) webSocket.close(1001);
    setTimeout(() => process.exit(0), 50);
  },
} = {}) {
  const http = createServer((request, response) => {
    request.resume();
    if (request.url === '/ping') ping(request, response);
    else response.writeHead(404).end();
  });
  const server = new WebSocketServer({ noServer: true, ...options });
  server.on('headers', (lines, request) => lines.push(...headers(request)));
  if (attach) attach(http);
  else {
    http.on('upgrade', (request, socket, head) => {
      const accept = () =>
        server.handleUpgrade(request, socket, head, webSocket => {
          server.emit('connection', webSocket, request);
          session(webSocket, server, request);
        });
      const refuse = status =>
        socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      socket.on('error', () => undefined);
      upgrade(request, accept, refuse, server);
    });
  }
  if (sigterm) process.on('SIGTERM', () => sigterm(server));
  http.listen(port, host);
}

module.exports = { echo, serve };
