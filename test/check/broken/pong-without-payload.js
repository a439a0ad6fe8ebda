const { echo, serve } = require('./base');
serve({
  options: { autoPong: false },
  session: webSocket => {
    webSocket.on('ping', () => webSocket.pong());
    echo(webSocket);
  },
});
