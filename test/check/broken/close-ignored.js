const { echo, serve } = require('./base');
serve({
  session: webSocket => {
    webSocket._receiver.removeAllListeners('conclude');
    echo(webSocket);
  },
});
