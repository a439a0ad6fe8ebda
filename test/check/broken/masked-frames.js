const { echo, serve } = require('./base');
serve({
  session: webSocket =>
    echo(webSocket, { reply: (data, isBinary) => webSocket.send(data, { binary: isBinary, mask: true }) }),
});
