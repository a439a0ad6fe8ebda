const { echo, serve } = require('./base');
serve({
  session: webSocket =>
    echo(webSocket, {
      reply: (data, isBinary) => webSocket.send(isBinary ? data : data.toString('latin1'), { binary: isBinary }),
    }),
});
