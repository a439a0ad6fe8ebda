const { echo, serve } = require('./base');
serve({
  session: webSocket => {
    webSocket.on('error', error => {
      if (error.code === 'WS_ERR_INVALID_UTF8') throw error;
    });
    echo(webSocket);
  },
});
