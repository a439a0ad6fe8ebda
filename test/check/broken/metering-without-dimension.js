const { echo, serve } = require('./base');
const { meteringHeaders, meter } = require('./metering');
const record = () => ({ Metering: { ConsumedUnits: 1, ClientToken: String(Math.random()) } });
serve({
  headers: meteringHeaders,
  session: (webSocket, _server, request) =>
    request.url.includes('-metadata') ? meter(webSocket, record) : echo(webSocket),
});
