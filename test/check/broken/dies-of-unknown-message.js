require('./base').serve({
  session: webSocket => {
    webSocket.on('message', data => JSON.parse(data));
    webSocket.on('error', () => undefined);
  },
});
