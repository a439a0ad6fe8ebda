const { echo, serve } = require('./base');
const { meteringHeaders, meter, record } = require('./metering');
serve({
  headers: meteringHeaders,
  session: (webSocket, _server, request) =>
    request.url.includes('-metadata') ? meter(webSocket, record, 200) : echo(webSocket),
});
