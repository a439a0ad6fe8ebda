const { echo, serve } = require('./base');
let sessions = 0;
serve({
  ping: (_request, response) => response.writeHead(sessions > 5 ? 503 : 200, { 'Content-Length': 0 }).end(),
  session: webSocket => {
    sessions++;
    webSocket.on('close', () => sessions--);
    echo(webSocket);
  },
});
