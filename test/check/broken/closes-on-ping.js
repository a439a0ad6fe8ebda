const { echo, serve } = require('./base');
serve({
  options: { autoPong: false },
  session: webSocket => {
    echo(webSocket);
    webSocket.on('ping', () => webSocket.close(1002, 'no pings please'));
  },
});
