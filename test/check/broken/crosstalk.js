const { echo, serve } = require('./base');
let latest;
serve({
  session: webSocket => {
    latest = webSocket;
    echo(webSocket, {
      reply: (data, isBinary) => (isBinary ? webSocket : latest).send(data, { binary: isBinary }, () => undefined),
    });
  },
});
