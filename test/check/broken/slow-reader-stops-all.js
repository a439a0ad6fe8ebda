const { echo, serve } = require('./base');
serve({
  session: (webSocket, server) => {
    echo(webSocket);
    webSocket.on('message', () => {
      if (webSocket.bufferedAmount > 256 * 1024) for (const other of server.clients) other.pause();
    });
    webSocket._socket.on('drain', () => {
      for (const other of server.clients) other.resume();
    });
    // A new one waits like the others.
    if ([...server.clients].some(other => other.isPaused)) webSocket.pause();
  },
});
