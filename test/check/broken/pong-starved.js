const { echo, serve } = require('./base');
serve({
  options: { autoPong: false },
  session: (webSocket, server) => {
    webSocket.on('ping', data => server.clients.size <= 5 && webSocket.pong(data));
    echo(webSocket);
  },
});
