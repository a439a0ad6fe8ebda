require('./base').serve({
  session: webSocket => {
    webSocket._socket.prependListener('error', error => {
      throw error;
    });
    require('./base').echo(webSocket);
  },
});
