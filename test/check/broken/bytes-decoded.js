const { echo, serve } = require('./base');
serve({
  session: webSocket =>
    echo(webSocket, { reply: (data, isBinary) => webSocket.send(Buffer.from(data.toString()), { binary: isBinary }) }),
});
