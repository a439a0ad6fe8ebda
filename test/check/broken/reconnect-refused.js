const { echo, serve } = require('./base');
let isLocked = false;
serve({
  upgrade: (request, accept, refuse) => {
    if (isLocked || !request.url.includes('bidirectional')) refuse(isLocked ? 409 : 404);
    else accept();
    isLocked = false;
  },
  session: webSocket => {
    webSocket.on('close', code => {
      if (code === 1001) isLocked = true;
    });
    echo(webSocket);
  },
});
