const { echo, serve } = require('./base');
serve({ session: webSocket => echo(webSocket, { reply: data => webSocket.send(data, { binary: true }) }) });
