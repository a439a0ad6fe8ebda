const { echo, serve } = require('./base');
serve({
  session: webSocket =>
    echo(webSocket, {
      reply: (data, isBinary) =>
        isBinary
          ? webSocket.send(data)
          : setTimeout(() => webSocket.send(data, { binary: false }, () => undefined), 20),
    }),
});
