const { echo, serve } = require('./base');
serve({
  session: webSocket =>
    echo(webSocket, { reply: (data, isBinary) => data.length > 0 && webSocket.send(data, { binary: isBinary }) }),
});
