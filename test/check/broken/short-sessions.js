const { echo, serve } = require('./base');
serve({
  session: webSocket => {
    const timer = setTimeout(() => webSocket.close(1000), 600);
    webSocket.on('close', () => clearTimeout(timer));
    echo(webSocket);
  },
});
