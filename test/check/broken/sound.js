// Nothing is broken here: everything passes, metering included.
const { echo, serve } = require('./base');
const { meteringHeaders, meter } = require('./metering');
serve({
  upgrade: (request, accept, refuse) =>
    /^\/invocations-bidirectional-stream/.test(request.url) ? accept() : refuse(404),
  headers: meteringHeaders,
  // As uvicorn does: in good order, and then by the signal itself.
  sigterm: server => {
    for (const webSocket of server.clients) webSocket.close(1012);
    setTimeout(() => process.removeAllListeners('SIGTERM').kill(process.pid, 'SIGTERM'), 50);
  },
  session: (webSocket, _server, request) => (request.url.includes('-metadata') ? meter(webSocket) : echo(webSocket)),
});
