const { echo, serve } = require('./base');
let refusals = 0;
serve({
  upgrade: (request, accept, refuse) => {
    if (!request.url.includes('bidirectional')) refuse(404);
    // As often as a check tries: the next one is not to be refused.
    else if (refusals > 0) refuse(409, refusals--);
    else accept();
  },
  session: webSocket => {
    // Before the close frame is answered: the next upgrade may come right after the answer.
    webSocket._receiver.prependListener('conclude', code => {
      if (code === 1001) refusals = 5;
    });
    echo(webSocket);
  },
});
