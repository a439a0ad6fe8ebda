require('./base').serve({
  session: webSocket => {
    webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
    webSocket.on('error', () => undefined);
  },
});
